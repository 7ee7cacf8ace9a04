"""whoami: which credentials a run would use, and whose they are."""

import argparse
from pathlib import Path

from agentramp.config import Config
from agentramp.credentials.holder import identify
from agentramp.report.moments import stamp
from agentramp.report.result import Facts
from agentramp.wiring import arguments
from agentramp.wiring.context import Context
from agentramp.wiring.project import every
from agentramp.wiring.signing_in import tokens
from agentramp.wiring.target import located

EXAMPLE = "agentramp whoami --region cn-hangzhou"
REGION = "cn-hangzhou"
"""Whose token service is asked where no region is known; it knows every account."""
_REGIONS = ("AGENTRUN_REGION", "FC_REGION", "ALIBABA_CLOUD_STS_REGION")
_SHOWN = 8
"""How many characters of an access key's id are told."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_project(parser)
    parser.add_argument(
        "--region",
        metavar="REGION",
        type=arguments.region,
        help="where to ask (default: what s.yaml or the environment says)",
    )
    arguments.add_platform(parser)


def run(args: argparse.Namespace, context: Context) -> Facts:
    whole = _file(args, context)
    region = args.region or _region(whole, context)
    address, holder = located(args, context, region, whole.access if whole else None)
    service = tokens(context, address.services)
    key, identity = identify(service, holder.current, holder.renew)
    ends = holder.expires_at()
    left = None if ends is None else int((ends - context.clock()) // 60)
    return Facts(
        verb="whoami",
        message=f"account {identity.account}, by {holder.source}",
        changed=False,
        facts=(
            ("source", holder.source),
            ("account", identity.account),
            ("arn", identity.arn),
            ("access_key_id", f"{key.access_key_id[:_SHOWN]}…"),
            ("temporary", key.security_token is not None),
            ("expires", None if ends is None else stamp(ends)),
            ("minutes_left", left),
        ),
    )


def _file(args: argparse.Namespace, context: Context) -> Config | None:
    """s.yaml, if there is one: it may name the credentials and a region."""
    path = context.cwd / Path(args.path)
    named = args.path != "." or args.template or args.env
    there = any((path / name).exists() for name in ("s.yaml", "s.yml"))
    return every(args, context) if named or there else None


def _region(whole: Config | None, context: Context) -> str:
    if whole and whole.runtimes:
        return whole.runtimes[0].region
    return next((context.environ[name] for name in _REGIONS if context.environ.get(name)), REGION)

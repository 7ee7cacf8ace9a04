"""From arguments to a runtime on a platform, and the journal of what was done to it."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from agentramp.diagnostics import ConfigError
from agentramp.errors import UsageError
from agentramp.executor import Execute, Executor, look_only
from agentramp.journal.file import FileJournal
from agentramp.journal.port import Journal
from agentramp.local import daemon
from agentramp.platform.agentrun.client import is_loopback
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.port import Platform
from agentramp.platform.registry import Address, connect
from agentramp.verbs.context import Context
from agentramp.verbs.project import configured


@dataclass(frozen=True)
class Target:
    """One runtime on one platform, and the journal of what was done to it there."""

    runtime: str
    platform: Platform
    journal: Journal
    account: str | None = None
    """The account's id where it is known: a role's short name is completed with it."""


def named(args: argparse.Namespace, context: Context) -> Target:
    """The runtime by name alone: what a rollback needs, and no more."""
    if args.runtime and args.region is None and args.platform != "local":
        raise UsageError("--runtime needs --region", advice="add --region, such as cn-hangzhou")
    if args.region and not args.runtime:
        raise UsageError("--region goes with --runtime; s.yaml says its own", advice="leave it out")
    if args.runtime and args.resource:
        raise UsageError("--runtime names the runtime; --resource one of s.yaml", advice="use one")
    if args.runtime:
        return target(args, context, args.runtime, args.region or "local")
    try:
        _, runtime = configured(args, context)
    except ConfigError as error:
        error.advice += "; or skip the file: --runtime NAME --region REGION"
        raise
    return target(args, context, runtime.spec.name, runtime.region)


def target(args: argparse.Namespace, context: Context, runtime: str, region: str) -> Target:
    if args.platform == "local":
        server = started(context)
        key = Credentials(server.access_key_id, server.access_key_secret)
        address = Address(server.control_url, key)
        account: str | None = server.account_id
        folder = Path("local")
    else:
        address, account = _cloud(context.environ, region)
        folder = Path("agentrun") / region
    platform = connect(args.platform, address, context)
    return Target(runtime, platform, FileJournal(context.home / "journal" / folder), account)


def executor(args: argparse.Namespace, context: Context, where: Target) -> Execute:
    if args.dry_run:
        return look_only
    return Executor(where.platform, where.journal, context.clock, context.console)


def started(context: Context) -> daemon.Server:
    """The embedded platform, started if need be; raises UsageError without the `local` extra."""
    missing = [name for name in ("aiohttp", "psutil") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the embedded platform needs {' and '.join(missing)}, which this Python lacks",
            advice="install the extra: pip install 'agentramp[local]'",
        )
    if daemon.status(context.home) is None:
        context.console.say("starting the embedded platform (stop it with: agentramp local stop)")
    return daemon.start(context.home)


def _cloud(environ: Mapping[str, str], region: str) -> tuple[Address, str | None]:
    url = environ.get("AGENTRUN_CONTROL_ENDPOINT") or f"agentrun.{region}.aliyuncs.com"
    url = url if "://" in url else f"https://{url}"
    if url.startswith("http://") and not is_loopback(url):
        raise UsageError(
            f"AGENTRUN_CONTROL_ENDPOINT is {url}: what is sent holds secrets of your agent",
            advice="use https; http is for this machine only",
        )
    accounts = (environ[name] for name in _ACCOUNTS if environ.get(name))
    return Address(url.rstrip("/"), credentials(environ)), next(accounts, None)


def credentials(environ: Mapping[str, str]) -> Credentials:
    """The first complete access key of the environment; raises UsageError where there is none."""
    for key_id, secret, token in _KEYS:
        if environ.get(key_id) and environ.get(secret):
            return Credentials(environ[key_id], environ[secret], environ.get(token) or None)
    raise UsageError(
        "no credentials: " + " or ".join(key_id for key_id, _, _ in _KEYS) + " is not set",
        advice="set the access key's id and secret in the environment, or try --platform local",
    )


_KEYS = (
    ("AGENTRUN_ACCESS_KEY_ID", "AGENTRUN_ACCESS_KEY_SECRET", "AGENTRUN_SECURITY_TOKEN"),
    (
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "ALIBABA_CLOUD_SECURITY_TOKEN",
    ),
    ("AccessKeyID", "AccessKeySecret", "SecurityToken"),
)
_ACCOUNTS = ("AGENTRUN_ACCOUNT_ID", "FC_ACCOUNT_ID", "AccountID")

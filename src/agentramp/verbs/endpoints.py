"""endpoints: look at a runtime's endpoints, point one at a version, or remove it."""

import argparse
import json

from agentramp.errors import UsageError
from agentramp.model import Split
from agentramp.planning.direct import plan_direct
from agentramp.report import status, status_json
from agentramp.report.result import Answer, Result
from agentramp.verbs import remove
from agentramp.wiring import arguments, traffic
from agentramp.wiring.context import Context
from agentramp.wiring.standing import overview
from agentramp.wiring.target import Target, executor, named

EXAMPLE = """\
agentramp endpoints list --platform local
  agentramp endpoints get production --path examples/quickstart
  agentramp endpoints publish production --target-version 1
  agentramp endpoints publish production --target-version 1 \\
    --canary-version 2 --weight 20
  agentramp endpoints remove trial --yes
"""
LONGEST = 256
"""Characters of a description."""
_OF_PUBLISH = ("target_version", "canary_version", "weight", "description")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=("list", "get", "publish", "remove"),
        help="publish: point one at a version, or split it between two; others are left alone",
    )
    parser.add_argument(
        "name", nargs="?", type=arguments.endpoint_name, help="the endpoint (all but list)"
    )
    arguments.add_folder(parser)
    arguments.add_platform(parser)
    arguments.add_runtime(parser)
    arguments.add_journal(parser)
    arguments.add_dry_run(parser)
    parser.add_argument(
        "--target-version",
        metavar="N",
        type=arguments.version,
        help="publish: the stable version; it takes what a canary leaves",
    )
    parser.add_argument(
        "--canary-version",
        metavar="M",
        type=arguments.version,
        help="publish: the version beside it, which gets --weight",
    )
    parser.add_argument(
        "--weight",
        metavar="P",
        type=arguments.share,
        help="publish: the canary's percent of the sessions, 1 to 99",
    )
    parser.add_argument(
        "--description", metavar="TEXT", help="publish: words about the endpoint, at most 256"
    )
    remove.add_removal(parser)


def run(args: argparse.Namespace, context: Context) -> Answer | Result:
    _check(args)
    args.endpoint = args.name
    where = named(args, context)
    match args.action:
        case "publish":
            return published(args, context, where)
        case "remove":
            return remove.endpoint(args, context, where)
        case "get":
            return _one(args, where)
        case _:
            return _all(where)


def _check(args: argparse.Namespace) -> None:
    """Each action takes its own options; one that would be left out silently is refused."""
    if args.action == "list" and args.name:
        raise UsageError(
            f"list takes no name, and it was given {args.name}",
            advice=f"agentramp endpoints get {args.name} shows that one; --path names a folder",
        )
    if args.action != "list" and not args.name:
        raise UsageError(
            f"endpoints {args.action} needs the endpoint's name",
            advice=f"such as: agentramp endpoints {args.action} {arguments.ENDPOINT}",
        )
    given = [name for name in _OF_PUBLISH if getattr(args, name) is not None]
    if args.action != "publish" and given:
        option = given[0].replace("_", "-")
        raise UsageError(f"--{option} goes with endpoints publish", advice="leave it out")
    if args.action == "publish":
        _check_split(args)


def _check_split(args: argparse.Namespace) -> None:
    if args.target_version is None:
        raise UsageError(
            "endpoints publish needs --target-version: without one nothing is published, and never"
            " the head by itself, which changes with every deploy",
            advice="agentramp versions list tells what there is",
        )
    if args.weight is not None and args.canary_version is None:
        stable = args.target_version
        raise UsageError(
            "--weight is the share of a canary, and no --canary-version is named: an endpoint"
            " splits its sessions between two versions of its own, never with another endpoint",
            advice=f"to give version {stable} that share beside the version that serves now: "
            f"--target-version NOW --canary-version {stable} --weight {args.weight}",
        )
    if args.canary_version is not None and args.weight is None:
        raise UsageError(
            f"--canary-version {args.canary_version} needs its share",
            advice="add --weight, a whole percent from 1 to 99",
        )
    if args.canary_version == args.target_version:
        raise UsageError(
            f"version {args.target_version} cannot be a canary beside itself",
            advice="name the version that serves now with --target-version",
        )
    if args.description and len(args.description) > LONGEST:
        raise UsageError(
            f"--description has {len(args.description)} characters; {LONGEST} is the most",
            advice="shorten it",
        )


def published(args: argparse.Namespace, context: Context, where: Target) -> Result:
    canaries = ((args.canary_version, args.weight),) if args.canary_version else ()
    seen = traffic.look_at(where)
    plan = plan_direct(seen, Split(args.target_version, canaries), args.description)
    context.console.plan(plan)
    outcome = executor(args, context, where)(plan)
    return traffic.result(args, plan, seen, outcome, None)


def _one(args: argparse.Namespace, where: Target) -> Answer:
    found = overview(where, args.name)
    one = found.served[0]
    return Answer(
        verb="endpoints get",
        message=status.told(one),
        lines=tuple(status.details(one)),
        fields=status_json.one_of(one),
    )


def _all(where: Target) -> Answer:
    found = overview(where)
    there = [one for one in found.served if one.endpoint]
    count = f"{len(there)} endpoint" + ("" if len(there) == 1 else "s")
    return Answer(
        verb="endpoints list",
        message=f"runtime {where.runtime} has {count if there else 'no endpoints'}",
        lines=tuple(line for one in found.served for line in status.endpoint(one)),
        fields=(
            ("runtime", json.dumps(where.runtime)),
            ("runtime_id", json.dumps(found.runtime.id)),
            *status_json.listed(found.served),
        ),
    )

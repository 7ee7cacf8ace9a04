"""versions: what was published of a runtime, or publish its head."""

import argparse
import json
from dataclasses import replace

from agentramp.errors import UsageError
from agentramp.model import Observed
from agentramp.report import status_json
from agentramp.report.result import Answer, Result
from agentramp.report.versions import table
from agentramp.verbs import publish_version
from agentramp.wiring import arguments
from agentramp.wiring.blocklet import arguments as blocklet
from agentramp.wiring.context import Context
from agentramp.wiring.standing import existing
from agentramp.wiring.target import named

EXAMPLE = """\
agentramp versions list --platform local
  agentramp versions publish --platform local --description "it streams"
"""
_OF_PUBLISH = ("description", "artifact_digest", "dry_run", "output_dir")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        nargs="?",
        choices=("list", "publish"),
        default="list",
        help="list, the default: number, time, package, commit and what serves it, newest first;"
        " publish: the same as the verb publish-version",
    )
    arguments.add_folder(parser)
    arguments.add_platform(parser)
    arguments.add_runtime(parser)
    arguments.add_dry_run(parser)
    arguments.add_output_dir(parser)
    publish_version.add_own(parser)
    blocklet.add_journal(blocklet.add_components(parser))


def run(args: argparse.Namespace, context: Context) -> Answer | Result:
    if args.action == "publish":
        return _published(args, context)
    given = [name for name in _OF_PUBLISH if getattr(args, name)]
    if given:
        option = given[0].replace("_", "-")
        raise UsageError(f"--{option} goes with versions publish", advice="leave it out")
    where = named(args, context)
    observed = where.platform.observe(where.runtime)
    runtime = existing(where, observed)
    return Answer(
        verb="versions list",
        message=_message(where.runtime, observed),
        lines=tuple(table(observed.versions, observed.endpoints)),
        fields=(
            ("runtime", json.dumps(where.runtime)),
            ("runtime_id", json.dumps(runtime.id)),
            *status_json.published(observed.versions, observed.endpoints),
        ),
        next=None if observed.versions or args.runtime else _first(args),
    )


def _published(args: argparse.Namespace, context: Context) -> Result:
    if args.runtime:
        raise UsageError(
            "--runtime goes with versions list: what is published is told by the project's build",
            advice="name the project with --path",
        )
    return replace(publish_version.run(args, context), verb="versions publish")


def _message(name: str, observed: Observed) -> str:
    count = len(observed.versions)
    how_many = f"{count} version" + ("" if count == 1 else "s")
    return f"{name} has {how_many}" if count else f"{name} has no versions yet"


def _first(args: argparse.Namespace) -> str:
    return arguments.again(args, "publish-version")

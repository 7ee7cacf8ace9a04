"""build: the bundle of the folder, the same bytes every time."""

import argparse
import tempfile
from pathlib import Path

from agentramp.bundle.stamp import stamped
from agentramp.bundle.version import FIRST
from agentramp.component import Bundle
from agentramp.report.result import Result
from agentramp.wiring.blocklet import bundles, place, telling
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.bundles import Going
from agentramp.wiring.blocklet.identity import identified
from agentramp.wiring.blocklet.project import Project, project
from agentramp.wiring.context import Context


def run(args: argparse.Namespace, context: Context) -> Result:
    made_for = project(args, context)
    identity = identified(args, context, made_for)
    into = bundles.output_dir(args, context, made_for)
    before = {path: path.read_bytes() for path in into.glob(f"{identity.did}-*.tgz")}
    bundle = _built(args, context, made_for)
    is_new = before.get(bundle.path) != bundle.path.read_bytes()
    version = () if not args.version else (f"--version={args.version}",)
    return Result(
        verb="build",
        message=f"bundle of {identity.name} {bundle.version} is "
        + ("built" if is_new else "as it was: nothing to build"),
        changed=is_new,
        runtime=identity.name,
        runtime_id=identity.did,
        version=bundle.version,
        artifact=telling.artifact(bundle),
        next=again(args, "deploy", *version),
    )

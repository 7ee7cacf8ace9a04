"""build: the bundle of the folder, the same bytes every time."""

import argparse
import tempfile
from pathlib import Path

from agentramp.bundle.stamp import stamped
from agentramp.bundle.version import FIRST
from agentramp.component import Bundle, Identity
from agentramp.errors import AgentrampError
from agentramp.package.measure import measure
from agentramp.report.result import Result
from agentramp.wiring.blocklet import bundles, place, telling
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.bundles import Going
from agentramp.wiring.blocklet.identity import identified
from agentramp.wiring.blocklet.place import Place
from agentramp.wiring.blocklet.project import Project, project
from agentramp.wiring.context import Context


def run(args: argparse.Namespace, context: Context) -> Result:
    made_for = project(args, context)
    identity = identified(args, context, made_for)
    into = bundles.output_dir(args, context, made_for)
    before = {path: measure(path).sha256 for path in into.glob(f"{identity.did}-*.tgz")}
    bundle = _built(args, context, made_for, identity)
    is_new = before.get(bundle.path) != bundle.sha256
    words = () if not args.version else (f"--version={args.version}",)
    return Result(
        verb="build",
        message=f"bundle of {identity.name} {bundle.version} is "
        + ("built" if is_new else "as it was: nothing to build"),
        changed=is_new,
        runtime=identity.name,
        runtime_id=identity.did,
        version=bundle.version,
        artifact=telling.artifact(bundle),
        next=again(args, "deploy", *words),
    )


def _built(
    args: argparse.Namespace, context: Context, made_for: Project, identity: Identity
) -> Bundle:
    """At the version that is said; else at the one that a deploy would give it."""
    version = bundles.said_version(args, context)
    where = None if version else _where(args, context, made_for, identity)
    if where:
        going = Going(identity, where.mount_point, identity)
        return bundles.going_up(args, context, made_for, where.seen(), going)
    into = bundles.output_dir(args, context, made_for)
    with tempfile.TemporaryDirectory(prefix="agentramp-") as folder:
        content = bundles.made(context, made_for, identity, Path(folder))
        return stamped(content, identity, version or str(FIRST), into)


def _where(
    args: argparse.Namespace, context: Context, made_for: Project, identity: Identity
) -> Place | None:
    """What runs tells the next version; a build that has no key does without it."""
    why = "no server is named"
    if made_for.server:
        try:
            return place.placed(args, context, made_for, identity)
        except AgentrampError as error:
            why = error.message
    context.console.say(
        f"it is built as {FIRST}, as what runs is not known ({why}); or give --version X.Y.Z"
    )
    return None

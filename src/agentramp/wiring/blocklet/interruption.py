"""A verb at work, and what it says where it is interrupted: what runs now, and how to go on."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from agentramp.component import Application, Identity
from agentramp.errors import Interrupted
from agentramp.platform.components import Components
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.identity import canary_of
from agentramp.wiring.blocklet.place import Place, at, connected
from agentramp.wiring.blocklet.project import Project
from agentramp.wiring.context import Context
from agentramp.wiring.last_look import in_time


@contextmanager
def told(
    args: argparse.Namespace, context: Context, project: Project, identity: Identity
) -> Iterator[Place]:
    """The place to work at. A dry run has nothing to say: it changes nothing."""
    components = connected(args, context, project)
    try:
        yield at(args, context, project, identity, components)
    except KeyboardInterrupt as cut:
        if getattr(args, "dry_run", False):
            raise
        raise _as_it_stands(args, components, identity) from cut


def _as_it_stands(
    args: argparse.Namespace, components: Components, identity: Identity
) -> Interrupted:
    seen, why = in_time(components.observe)
    advice = f"run it again to go on; how it stands: {again(args, 'status')}"
    if seen is None:
        return Interrupted(f"interrupted, and what runs could not be read: {why}", advice=advice)
    return Interrupted(f"interrupted: {_runs(seen, identity)}", advice=advice)


def _runs(application: Application, identity: Identity) -> str:
    told = []
    for one in (identity, canary_of(identity)):
        found = application.component(one.did)
        if found:
            state = found.status or found.health.value
            told.append(f"{one.name} {found.version} is {state} at {found.mount_point}")
    return "; ".join(told) or f"{identity.name} is not there"

"""What an interrupted run says last: what runs now, and that it can be run again."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from agentramp.component import Application, Identity
from agentramp.errors import Interrupted
from agentramp.platform.components import Components
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.identity import canary_of

PATIENCE = 3.0
"""Seconds, as of ``wiring.interruption``."""


@contextmanager
def told(args: argparse.Namespace, components: Components, identity: Identity) -> Iterator[None]:
    """A dry run has nothing to say: it changes nothing."""
    try:
        yield
    except KeyboardInterrupt as cut:
        if getattr(args, "dry_run", False):
            raise
        raise _as_it_stands(args, components, identity) from cut


def _as_it_stands(
    args: argparse.Namespace, components: Components, identity: Identity
) -> Interrupted:
    seen: list[Application] = []
    faults: list[str] = []

    def read() -> None:
        try:
            seen.append(components.observe())
        except Exception as error:  # noqa: BLE001 - the interruption is told anyway
            faults.append(str(error) or type(error).__name__)

    reader = Thread(target=read, daemon=True)
    reader.start()
    reader.join(PATIENCE)
    advice = f"run it again to go on; how it stands: {again(args, 'status')}"
    if not seen:
        why = faults[0] if faults else f"no answer in {PATIENCE:g} s"
        return Interrupted(f"interrupted, and what runs could not be read: {why}", advice=advice)
    return Interrupted(f"interrupted: {_runs(seen[0], identity)}", advice=advice)


def _runs(application: Application, identity: Identity) -> str:
    told = []
    for one in (identity, canary_of(identity)):
        found = application.component(one.did)
        if found:
            state = found.status or found.health.value
            told.append(f"{one.name} {found.version} is {state} at {found.mount_point}")
    return "; ".join(told) or f"{identity.name} is not there"

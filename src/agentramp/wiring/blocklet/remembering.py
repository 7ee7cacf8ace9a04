"""history: what was done to a component and its canary, by whom and why."""

import argparse

from agentramp.errors import UnsupportedError
from agentramp.journal.lines import rendered
from agentramp.mounts import mounts
from agentramp.report.records import told
from agentramp.report.result import History
from agentramp.wiring.blocklet import place
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.identity import needed
from agentramp.wiring.blocklet.project import project
from agentramp.wiring.context import Context


def run(args: argparse.Namespace, context: Context) -> History:
    """Reads the journal, and the server only where nobody has said which application it is of."""
    if args.html:
        raise UnsupportedError(
            "--html draws the ramps of an endpoint, and a component has none",
            advice="leave it out; --output json has all records",
        )
    made_for = project(args, context)
    identity = needed(context, made_for)
    subject, journal = place.remembered(args, context, made_for, identity)
    records = journal.read(subject)
    first = -args.last if args.last else 0
    settled = mounts(records, identity.did).settled
    count = f"{len(records)} record" + ("" if len(records) == 1 else "s")
    shown = f", the last {args.last} of them" if args.last and args.last < len(records) else ""
    runs = f"; {settled.version} was installed last" if settled else ""
    return History(
        verb="history",
        message=f"{subject}: {count}{shown}{runs}"
        if records
        else f"the journal of {subject} has no records yet",
        subject=str(subject),
        records=told(records, args.last),
        lines=tuple(rendered(record) for record in records[first:]),
        next=None if records else again(args, "deploy"),
    )

"""versions list: what the journal knows was installed, with its digest and its time."""

import argparse
import json
from dataclasses import dataclass

from agentramp.component import Installation
from agentramp.errors import UnsupportedError, UsageError
from agentramp.planning import SeenApplication
from agentramp.record import Installed
from agentramp.report.moments import moment
from agentramp.report.plain import harmless
from agentramp.report.result import Answer
from agentramp.wiring.blocklet import bundles, place
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.identity import needed
from agentramp.wiring.blocklet.place import Place
from agentramp.wiring.blocklet.project import project
from agentramp.wiring.context import Context

_SHORT = 12


@dataclass(frozen=True)
class _Row:
    at: float
    by: str
    what: Installation
    here: bool
    """Whether it runs now."""
    kept: bool
    """Whether its bundle is at hand."""


def run(args: argparse.Namespace, context: Context) -> Answer:
    if args.action == "publish":
        raise UnsupportedError(
            "a Blocklet Server publishes no versions apart from what runs",
            advice="agentramp build makes a bundle of one version; agentramp deploy installs it",
        )
    given = next((one for one in ("description", "artifact_digest") if getattr(args, one)), None)
    if given:
        option = given.replace("_", "-")
        raise UsageError(f"--{option} goes with versions publish", advice="leave it out")
    made_for = project(args, context)
    where = place.placed(args, context, made_for, needed(context, made_for))
    rows = _rows(args, context, where)
    name, count = where.identity.name, len(rows)
    message = f"{name} had {count} installation" + ("" if count == 1 else "s")
    return Answer(
        verb="versions list",
        message=message if rows else f"the journal of {name} knows of no installation yet",
        lines=tuple(map(_line, rows)),
        fields=(
            ("runtime", json.dumps(name)),
            ("runtime_id", json.dumps(where.identity.did)),
            ("versions", json.dumps([_told(row) for row in rows])),
        ),
        next=None if rows else again(args, "deploy"),
    )


def _rows(args: argparse.Namespace, context: Context, where: Place) -> list[_Row]:
    """Newest first; of several installations of the same bundle the last."""
    seen = where.seen()
    found: dict[tuple[str, str], _Row] = {}
    for record in seen.records:
        event = record.event
        if isinstance(event, Installed) and event.after.did == where.identity.did:
            what = event.after
            kept = bool(bundles.at_hand(args, context, where.project, what))
            key = what.version, what.sha256
            found.pop(key, None)
            found[key] = _Row(record.at, record.by, what, _runs(seen, what), kept)
    return list(reversed(found.values()))


def _runs(seen: SeenApplication, what: Installation) -> bool:
    now = seen.application.component(what.did)
    return now is not None and seen.known(what.did).settled == what and now.version == what.version


def _line(row: _Row) -> str:
    marks = [word for word, is_so in (("runs", row.here), ("at hand", row.kept)) if is_so]
    digest = row.what.sha256[:_SHORT] or "not known"
    version = f"{harmless(row.what.version):<12}"
    return f"  {version} {moment(row.at)}  sha256 {digest}  {', '.join(marks)}".rstrip()


def _told(row: _Row) -> dict[str, object]:
    return {
        "version": row.what.version,
        "installed_at": row.at,
        "by": row.by,
        "mount_point": row.what.mount_point,
        "artifact_digest": f"sha256:{row.what.sha256}" if row.what.sha256 else None,
        "runs": row.here,
        "at_hand": row.kept,
    }

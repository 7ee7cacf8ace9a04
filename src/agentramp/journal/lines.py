"""A record as one JSON object on one line, and back.

``schema`` is the edition of the whole line. Lines without it are of the first edition, which knew
moves only and nobody's name. An edition or a phase that this agentramp does not know was written
by a newer one: it is told, and nothing is guessed.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from typing_extensions import assert_never

from agentramp.component import Installation
from agentramp.journal.nouns import (
    installation_from,
    installation_json,
    policy_from,
    policy_json,
    split_from,
    split_json,
    window_from,
    window_json,
)
from agentramp.journal.port import JournalError
from agentramp.journal.strict import dumped, fields, items, loaded, number, text, truth, whole
from agentramp.judge.verdict import Decision
from agentramp.model import Split
from agentramp.record import (
    Adopted,
    Approved,
    Begun,
    Event,
    Installed,
    Installing,
    Judged,
    Moved,
    Moving,
    Paused,
    Queued,
    Record,
    Refused,
    Removed,
    Removing,
    Resumed,
    Undone,
    Uninstalled,
)

SCHEMA = 1
ENVELOPE = ("schema", "phase", "verb", "at", "by")
_FIRST_EDITION = ("phase", "verb", "at", "before", "after")


class Phase(Enum):
    """What tells the kinds of records apart in JSON."""

    INTENT = "intent"
    DONE = "done"
    UNDONE = "undone"
    REMOVING = "removing"
    REMOVED = "removed"
    BEGUN = "begun"
    JUDGED = "judged"
    PAUSED = "paused"
    RESUMED = "resumed"
    APPROVED = "approved"
    ADOPTED = "adopted"
    QUEUED = "queued"
    REFUSED = "refused"
    INSTALLING = "installing"
    INSTALLED = "installed"
    UNINSTALLED = "uninstalled"


KINDS: dict[Phase, type[Event]] = {
    Phase.INTENT: Moving,
    Phase.DONE: Moved,
    Phase.UNDONE: Undone,
    Phase.REMOVING: Removing,
    Phase.REMOVED: Removed,
    Phase.BEGUN: Begun,
    Phase.JUDGED: Judged,
    Phase.PAUSED: Paused,
    Phase.RESUMED: Resumed,
    Phase.APPROVED: Approved,
    Phase.ADOPTED: Adopted,
    Phase.QUEUED: Queued,
    Phase.REFUSED: Refused,
    Phase.INSTALLING: Installing,
    Phase.INSTALLED: Installed,
    Phase.UNINSTALLED: Uninstalled,
}
_MOVES = {Phase.INTENT, Phase.DONE, Phase.UNDONE}
_PHASES = {kind: phase for phase, kind in KINDS.items()}


def rendered(record: Record) -> str:
    """One line of JSON without its newline; raises ValueError on a number that is not finite."""
    return dumped(to_json(record))


def to_json(record: Record) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "phase": _PHASES[type(record.event)].value,
        "verb": record.verb,
        "at": record.at,
        "by": record.by,
        **_event_json(record.event),
    }


def parsed(line: str, where: str) -> Record:
    """The record on ``line``; raises JournalError, which names ``where``."""
    with told(where):
        return from_json(loaded(line))


def from_json(value: object) -> Record:
    """Raises ValueError where this is no record, JournalError where a newer one wrote it."""
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of fault
    if "schema" not in value:
        return _of_the_first_edition(value)
    if (schema := whole(value["schema"])) > SCHEMA:
        raise _newer(f"its schema is {schema}")
    if schema != SCHEMA:
        raise ValueError(f"there is no schema {schema}")
    phase = _phase(text(value.get("phase")))
    names = (field.name for field in dataclasses.fields(KINDS[phase]))
    found = fields(value, *ENVELOPE, *names)
    return Record(text(found["verb"]), number(found["at"]), _event(phase, found), text(found["by"]))


def _of_the_first_edition(value: dict[str, object]) -> Record:
    found = fields(value, *_FIRST_EDITION)
    phase = Phase(text(found["phase"]))
    if phase not in _MOVES:
        raise ValueError(f"the first edition had no {phase.value}")
    return Record(text(found["verb"]), number(found["at"]), _event(phase, {**found, "reason": ""}))


def _phase(name: str) -> Phase:
    try:
        return Phase(name)
    except ValueError:
        raise _newer(f"its phase is {name[:40]!r}") from None


def _event_json(event: Event) -> dict[str, object]:  # noqa: C901, PLR0912 - one case for each kind
    match event:
        case Moving(before, after, reason):
            return {**_move_json(before, after), "reason": reason}
        case Moved(before, after) | Undone(before, after):
            return _move_json(before, after)
        case Removing(before) | Removed(before):
            return {"before": split_json(before)}
        case Begun(ramp, stable, canary, policy):
            return {
                "ramp": ramp,
                "stable": stable,
                "canary": canary,
                "policy": policy_json(policy),
            }
        case Judged():
            return _judged_json(event)
        case Paused(reason):
            return {"reason": reason}
        case Resumed():
            return {}
        case Approved(weight):
            return {"weight": weight}
        case Adopted(split):
            return {"split": split_json(split)}
        case Queued(version):
            return {"version": version}
        case Refused(version, reason):
            return {"version": version, "reason": reason}
        case Installing() | Installed() | Uninstalled():
            return _installed_json(event)
        case _:
            assert_never(event)


def _move_json(before: Split | None, after: Split) -> dict[str, object]:
    return {"before": before and split_json(before), "after": split_json(after)}


def _judged_json(judged: Judged) -> dict[str, object]:
    return {
        "ramp": judged.ramp,
        "decision": judged.decision.value,
        "reason": judged.reason,
        "e": judged.e,
        "threshold": judged.threshold,
        "watermark": judged.watermark,
        "windows": [window_json(window) for window in judged.windows],
        "blind": judged.blind,
    }


def _event(phase: Phase, found: dict[str, object]) -> Event:  # noqa: C901, PLR0911, PLR0912 - likewise
    match phase:
        case Phase.INTENT:
            return Moving(_before(found), split_from(found["after"]), text(found["reason"]))
        case Phase.DONE:
            return Moved(_before(found), split_from(found["after"]))
        case Phase.UNDONE:
            return Undone(split_from(found["before"]), split_from(found["after"]))
        case Phase.REMOVING:
            return Removing(split_from(found["before"]))
        case Phase.REMOVED:
            return Removed(split_from(found["before"]))
        case Phase.BEGUN:
            return Begun(
                ramp=text(found["ramp"]),
                stable=whole(found["stable"]),
                canary=whole(found["canary"]),
                policy=policy_from(found["policy"]),
            )
        case Phase.JUDGED:
            return _judged(found)
        case Phase.PAUSED:
            return Paused(text(found["reason"]))
        case Phase.RESUMED:
            return Resumed()
        case Phase.APPROVED:
            return Approved(whole(found["weight"]))
        case Phase.ADOPTED:
            return Adopted(split_from(found["split"]))
        case Phase.QUEUED:
            return Queued(whole(found["version"]))
        case Phase.REFUSED:
            return Refused(whole(found["version"]), text(found["reason"]))
        case Phase.INSTALLING:
            former = _former(found)
            return Installing(former, installation_from(found["after"]), text(found["reason"]))
        case Phase.INSTALLED:
            return Installed(installation_from(found["after"]))
        case Phase.UNINSTALLED:
            return Uninstalled(installation_from(found["before"]))
        case _:
            assert_never(phase)


def _installed_json(event: Installing | Installed | Uninstalled) -> dict[str, object]:
    match event:
        case Installing(before, after, reason):
            former = before and installation_json(before)
            return {"before": former, "after": installation_json(after), "reason": reason}
        case Installed(after):
            return {"after": installation_json(after)}
        case Uninstalled(before):
            return {"before": installation_json(before)}
        case _:
            assert_never(event)


def _former(found: dict[str, object]) -> Installation | None:
    return None if found["before"] is None else installation_from(found["before"])


def _before(found: dict[str, object]) -> Split | None:
    return None if found["before"] is None else split_from(found["before"])


def _judged(found: dict[str, object]) -> Judged:
    return Judged(
        ramp=text(found["ramp"]),
        decision=Decision(text(found["decision"])),
        reason=text(found["reason"]),
        e=number(found["e"]),
        threshold=number(found["threshold"]),
        watermark=number(found["watermark"]),
        windows=tuple(window_from(item) for item in items(found["windows"])),
        blind=truth(found["blind"]),
    )


def _newer(why: str) -> JournalError:
    return JournalError(
        f"a newer agentramp wrote this record: {why}",
        advice="update agentramp; this one changes nothing here",
    )


@contextmanager
def told(where: str) -> Iterator[None]:
    """Says of every fault in a record ``where`` it stands."""
    try:
        yield
    except JournalError as error:
        raise JournalError(f"{where}: {error.message}", advice=error.advice) from error
    except (ValueError, RecursionError) as error:
        raise JournalError(
            f"{where}: not a journal record: {error}",
            advice="somebody changed the journal by hand; mend that record, or move the journal"
            " away: a rollback needs --version then",
        ) from error

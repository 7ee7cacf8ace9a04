"""What must hold of a journal whatever was killed or doubled while it was written."""

from collections.abc import Sequence
from itertools import pairwise

from agentramp.model import Split
from agentramp.ramp import standing
from agentramp.record import Adopted, Judged, Moved, Moving, Record, Undone
from tests.release.plant import REGION, Plant, git

SLACK = 1e-6
"""Seconds: what adding windows up may lose."""


def check(plant: Plant, endpoint: str) -> None:
    """The journal of ``endpoint`` is whole, closed, and what the platform serves."""
    records = plant.journal.read(plant.subject(endpoint))
    now = standing(records)
    assert now.open is None
    assert plant.found(endpoint).split == now.settled
    each_move_ends_once(records)
    windows_are_told_once(records)
    if plant.kind == "git":
        in_one_line(plant, endpoint, len(records))


def each_move_ends_once(records: Sequence[Record]) -> None:
    """An end has the intent just before it, so no intent has two and no end stands alone."""
    intent: Moving | None = None
    for record in records:
        match record.event:
            case Moving():
                intent = record.event
            case Moved(before, after):
                assert intent
                assert (intent.before, intent.after) == (before, after)
                intent = None
            case Undone(_, after):
                assert intent
                assert after == intent.before
                intent = None
            case Adopted():
                intent = None
            case _:
                assert intent is None


def windows_are_told_once(records: Sequence[Record]) -> None:
    judged = [record.event for record in records if isinstance(record.event, Judged)]
    for name in {event.ramp for event in judged}:
        told = [event for event in judged if event.ramp == name]
        windows = [window for event in told for window in event.windows]
        assert all(before.end <= after.start + SLACK for before, after in pairwise(windows))
        assert all(one.watermark <= other.watermark for one, other in pairwise(told))
        for event in told:
            assert all(window.end <= event.watermark + SLACK for window in event.windows)


def in_one_line(plant: Plant, endpoint: str, count: int) -> None:
    """``git log`` of the ref is a chain: each commit follows on the one before it."""
    ref = f"refs/agentramp/{REGION}/{plant.runtime}/{endpoint}"
    lines = git(plant.bare, "rev-list", "--parents", ref).splitlines()
    chain = [line.split() for line in lines]
    assert len(chain) == count
    assert [commit[1:] for commit in chain] == [*([after[0]] for after in chain[1:]), []]


def splits(records: Sequence[Record]) -> list[Split]:
    """What the endpoint served, one after the other."""
    return [record.event.after for record in records if isinstance(record.event, Moved)]

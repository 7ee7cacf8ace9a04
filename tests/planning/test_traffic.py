from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentramp.errors import AgentrampError, SupersededError, UsageError
from agentramp.model import (
    LATEST,
    Code,
    Endpoint,
    Observed,
    Runtime,
    RuntimeSpec,
    Split,
    Status,
    Version,
)
from agentramp.plan import CreateEndpoint, MoveTraffic, Plan
from agentramp.planning import Seen, plan_rollback, plan_shift, version_before
from agentramp.ramp import Intent, Standing

RUNTIME = Runtime("rt", RuntimeSpec("agent", Code("python3.12")))
VERSIONS = tuple(Version(number) for number in (3, 2, 1))


def serving(
    split: Split | None,
    status: Status = Status.READY,
    *,
    unfinished: bool = False,
    served: tuple[int, ...] = (),
) -> Seen:
    endpoints = (Endpoint("ep", "production", split, status),) if split else ()
    intent = Intent("shift-traffic", 0, "", split, split, "") if unfinished and split else None
    standing = Standing(open=intent, served=served)
    return Seen("agent", Observed(RUNTIME, VERSIONS, endpoints), "production", standing)


def shift(split: Split | None, version: int, weight: int) -> Plan:
    return plan_shift(serving(split), version, weight)


@pytest.mark.parametrize(
    ("before", "version", "weight", "after"),
    [
        (Split(1), 2, 10, Split(1, ((2, 10),))),
        (Split(1, ((2, 10),)), 2, 30, Split(1, ((2, 30),))),
        (Split(1, ((2, 50),)), 2, 100, Split(2)),
        (Split(1, ((2, 50),)), 2, 0, Split(1)),
        (Split(1, ((2, 50),)), 1, 100, Split(1)),
        (Split(1), 3, 100, Split(3)),
        (Split(LATEST), 1, 10, Split(LATEST, ((1, 10),))),
        (Split(LATEST), 1, 100, Split(1)),
    ],
)
def test_moves(before: Split, version: int, weight: int, after: Split) -> None:
    plan = shift(before, version, weight)
    assert plan.steps == (MoveTraffic("rt", "ep", "production", before, after),)
    assert plan.way_back == (MoveTraffic("rt", "ep", "production", after, before),)


@pytest.mark.parametrize(
    ("split", "version", "weight"),
    [(Split(1), 1, 100), (Split(1, ((2, 10),)), 2, 10), (Split(1), 2, 0)],
)
def test_what_is_so_already(split: Split, version: int, weight: int) -> None:
    plan = shift(split, version, weight)
    assert plan.steps == ()
    assert plan.notes == (f"production already serves {split}",)


def test_the_first_version_takes_everything() -> None:
    plan = shift(None, 1, 100)
    assert plan.steps == (CreateEndpoint("rt", "production", Split(1)),)
    assert "no stable version yet" in plan.notes[0]


@pytest.mark.parametrize(
    ("split", "version", "weight", "kind", "words"),
    [
        (None, 1, 10, UsageError, "no stable version could take the other 90 %"),
        (Split(1), 1, 20, UsageError, "version 1 is the stable version"),
        (Split(1), 9, 10, UsageError, r"version 9 of agent is not published \(published: 1, 2, 3"),
        (Split(1, ((2, 10),)), 3, 10, SupersededError, "version 2 on trial"),
        (Split(1, ((2, 10),)), 3, 100, SupersededError, "version 2 on trial"),
    ],
)
def test_what_makes_no_sense(
    split: Split | None, version: int, weight: int, kind: type[AgentrampError], words: str
) -> None:
    with pytest.raises(kind, match=words) as told:
        shift(split, version, weight)
    assert told.value.advice


def test_no_runtime() -> None:
    with pytest.raises(UsageError, match="runtime agent does not exist"):
        plan_shift(Seen("agent", Observed(), "production"), 1, 100)


@given(st.sampled_from([1, 2, 3]), st.integers(0, 100), st.integers(1, 99))
def test_every_planned_split_sums_to_100_and_can_be_undone(
    version: int, weight: int, standing: int
) -> None:
    before = Split(1, ((2, standing),))
    try:
        plan = shift(before, version, weight)
    except AgentrampError:
        return
    for step in (*plan.steps, *plan.way_back):
        assert isinstance(step, MoveTraffic)
        assert sum(share for _, share in step.after.weights) == 100
    assert [(s.before, s.after) for s in plan.steps if isinstance(s, MoveTraffic)] == [
        (s.after, s.before) for s in plan.way_back if isinstance(s, MoveTraffic)
    ]


def rollback(split: Split, served: tuple[int, ...], version: int | None = None) -> Plan:
    seen = serving(split, served=served)
    return plan_rollback(seen, version or version_before(seen))


@pytest.mark.parametrize(
    "seen",
    [
        serving(Split(1), Status.UPDATE_FAILED),
        serving(Split(1), Status.UPDATING),
        serving(Split(1), unfinished=True),
    ],
)
def test_what_only_seems_to_be_so_is_done_once_more(seen: Seen) -> None:
    """A run died before it read back or wrote its end, or the endpoint is not ready."""
    once_more = (MoveTraffic("rt", "ep", "production", Split(1), Split(1)),)
    assert plan_shift(seen, 1, 100).steps == once_more
    (step,) = plan_rollback(seen, 1).steps
    assert isinstance(step, MoveTraffic)
    assert replace(step, reason="") == once_more[0]


@pytest.mark.parametrize(("version", "weight"), [(2, 20), (2, 0), (3, 10), (1, 50)])
def test_two_trials_made_elsewhere_are_not_guessed_at(version: int, weight: int) -> None:
    two = Split(1, ((2, 10), (3, 20)))
    with pytest.raises(SupersededError, match="2 versions on trial"):
        shift(two, version, weight)
    assert shift(two, 3, 100).steps == (MoveTraffic("rt", "ep", "production", two, Split(3)),)


@pytest.mark.parametrize(
    ("split", "served", "version", "target"),
    [
        (Split(2), (1, 2), None, 1),
        (Split(3), (1, 2, 3), None, 2),
        (Split(2), (1, 2), 3, 3),
        # A canary on trial: what served before is the stable version itself.
        (Split(1, ((2, 30),)), (1,), None, 1),
        (Split(1, ((2, 30),)), (), None, 1),
        # Moved by hand to a version the journal never saw.
        (Split(3), (1, 2), None, 2),
        (Split(LATEST), (1,), None, 1),
        # A version that is gone from the platform is passed over.
        (Split(2), (1, 9, 2), None, 1),
    ],
)
def test_goes_back(split: Split, served: tuple[int, ...], version: int | None, target: int) -> None:
    plan = rollback(split, served, version)
    assert [step.after for step in plan.steps if isinstance(step, MoveTraffic)] == [Split(target)]
    assert plan.verb == "rollback"


@pytest.mark.parametrize(
    ("split", "served"),
    [
        (Split(1), (1,)),
        (Split(1), ()),
        # A person went back from 2 to 1 by hand: forward again would be wrong.
        (Split(1), (1, 2)),
    ],
)
def test_nowhere_to_go_back_to(split: Split, served: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="knows no version that served") as told:
        rollback(split, served)
    assert "--version N (published: 1, 2, 3)" in told.value.advice


def test_no_endpoint() -> None:
    with pytest.raises(UsageError, match="endpoint agent/production does not exist"):
        version_before(serving(None))
    with pytest.raises(UsageError, match="endpoint agent/production does not exist"):
        plan_rollback(serving(None), 1)
    with pytest.raises(UsageError, match="runtime agent does not exist"):
        version_before(Seen("agent", Observed(), "production"))

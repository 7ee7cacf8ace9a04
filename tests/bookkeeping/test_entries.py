"""What GitHub's page of an environment is to say after each way a verb can end."""

from dataclasses import replace

import pytest

from agentramp.bookkeeping.port import State
from agentramp.errors import (
    AgentrampError,
    RefusedError,
    SupersededError,
    WayBackFailedError,
)
from agentramp.model import LATEST, Split
from agentramp.policy import DEFAULT_POLICY
from agentramp.ramp import Ramp, Reached, Standing
from agentramp.report.result import Climb, Result
from agentramp.wiring.deployments import at_stake, entries, failed, unqueued

ON_TRIAL, ONE, TWO = Split(1, ((2, 10),)), Split(1), Split(2)
RAMP = Ramp("r", 1, 2, DEFAULT_POLICY, 0, 10, 0, 0)
RAMPING = Standing(settled=ON_TRIAL, ramp=RAMP)
SETTLED = Standing(settled=ONE)


def told(result: Result) -> list[tuple[int, State, str]]:
    return [(one.version, one.stand.state, one.stand.description) for one in entries(result)]


def result(verb: str, before: Split | None, after: Split | None, **more: object) -> Result:
    whole = Result(verb, "the reason", changed=before != after, before=before, after=after)
    return replace(whole, url="https://shop.example.com", **more)  # type: ignore[arg-type]  # names


def test_a_first_release_serves_all() -> None:
    said = told(result("release", None, ONE, version=1, verdict="none"))
    assert said == [(1, State.SUCCESS, "100 % of the sessions")]


def test_a_ramp_that_begins_and_goes_on() -> None:
    began = told(result("release", ONE, ON_TRIAL, version=2, verdict="advance"))
    assert began == [(2, State.IN_PROGRESS, "10 % of the sessions")]
    holds = told(result("promote", ON_TRIAL, ON_TRIAL, version=2, verdict="hold"))
    assert holds == [(2, State.IN_PROGRESS, "10 % of the sessions; hold: the reason")]


def test_a_ramp_that_ends_well() -> None:
    said = told(result("promote", ON_TRIAL, TWO, version=2, verdict="advance"))
    assert said == [(2, State.SUCCESS, "100 % of the sessions")]


@pytest.mark.parametrize("verb", ["promote", "release"])
def test_evidence_or_a_gate_that_sends_back(verb: str) -> None:
    back = result(verb, ON_TRIAL, ONE, version=2, verdict="rollback", exit_code=4)
    assert told(back) == [
        (2, State.FAILURE, "rolled back: the reason"),
        (1, State.SUCCESS, "100 % of the sessions again: version 2 was rolled back"),
    ]


def test_a_gate_that_refuses_the_first_version_of_all() -> None:
    refused = result("release", None, None, version=1, verdict="rollback", exit_code=4)
    assert told(refused) == [(1, State.FAILURE, "refused: the reason")]


def test_a_gate_that_refuses_leaves_the_stable_version_alone() -> None:
    refused = result("release", ONE, ONE, version=2, verdict="rollback", exit_code=4)
    assert told(refused) == [(2, State.FAILURE, "refused: the reason")]


def test_a_rollback_that_found_the_traffic_moved_back_already() -> None:
    climb = Climb(1, 2, (10, 100), (Reached(0, 10), Reached(1, 0)))
    back = result("promote", ONE, ONE, version=2, verdict="rollback", climb=climb)
    assert told(back)[0] == (2, State.FAILURE, "rolled back: the reason")


@pytest.mark.parametrize(("there", "weight"), [(TWO, 100), (ONE, 0), (Split(1, ((2, 40),)), 40)])
def test_a_canary_that_somebody_moved_is_held_and_nothing_else(there: Split, weight: int) -> None:
    climb = Climb(1, 2, (10, 100), (Reached(0, 10),))
    drifted = result("promote", there, there, version=2, verdict="hold", climb=climb)
    assert told(drifted) == [
        (2, State.IN_PROGRESS, f"{weight} % of the sessions; hold: the reason")
    ]


def test_a_version_that_waits_for_its_first_step_leaves_the_stable_version_alone() -> None:
    said = told(result("release", ONE, ONE, version=2, verdict="hold"))
    assert said == [(2, State.QUEUED, "waits: the reason")]


def test_a_canary_that_takes_the_place_of_another() -> None:
    other = Split(1, ((3, 50),))
    assert told(result("shift-traffic", ON_TRIAL, other, version=3)) == [
        (2, State.INACTIVE, "0 % of the sessions"),
        (3, State.IN_PROGRESS, "50 % of the sessions"),
    ]
    latest = result("shift-traffic", Split(LATEST, ((2, 10),)), Split(LATEST), version=2)
    assert told(latest) == [(2, State.INACTIVE, "0 % of the sessions")]


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("rollback", [(2, State.FAILURE, "refused: the reason")]),
        ("hold", [(2, State.QUEUED, "waits: the reason")]),
    ],
)
def test_a_tick_that_rules_on_what_waits_says_nothing_of_what_serves(
    verdict: str, said: list[tuple[int, State, str]]
) -> None:
    """Such a tick has no ramp, and so its result names the stable version."""
    ticked = result("promote", ONE, ONE, version=1, verdict=verdict)
    found = [(one.version, one.stand.state, one.stand.description) for one in entries(ticked, 2)]
    assert found == said


def test_a_drift_without_a_ramp_retires_nothing() -> None:
    by_hand = Split(1, ((3, 40),))
    drifted = result("promote", by_hand, by_hand, version=1, verdict="hold")
    assert told(drifted) == [(3, State.IN_PROGRESS, "40 % of the sessions")]
    assert told(replace(drifted, before=ONE, after=ONE)) == []


def test_a_version_that_was_set_aside_waits_no_longer() -> None:
    began = replace(RAMPING, queued=3)
    (one,) = unqueued(began, SETTLED)
    assert (one.version, one.stand.state) == (3, State.INACTIVE)
    begun = Ramp("r", 1, 3, DEFAULT_POLICY, 0, 0, 0, 0)
    for now in (began, replace(RAMPING, ramp=begun), Standing(settled=Split(3))):
        assert unqueued(began, now) == ()
    assert unqueued(RAMPING, SETTLED) == ()


@pytest.mark.parametrize(("verb", "word"), [("abort", "aborted"), ("rollback", "rolled back")])
def test_a_person_who_ends_a_ramp(verb: str, word: str) -> None:
    assert told(result(verb, ON_TRIAL, ONE, version=1)) == [
        (2, State.FAILURE, f"{word}: the reason"),
        (1, State.SUCCESS, f"100 % of the sessions again: version 2 was {word}"),
    ]


def test_a_rollback_after_the_promotion() -> None:
    assert told(result("rollback", TWO, ONE, version=1)) == [
        (2, State.FAILURE, "rolled back: the reason"),
        (1, State.SUCCESS, "100 % of the sessions again: version 2 was rolled back"),
    ]


def test_a_version_that_waits_is_queued() -> None:
    said = told(result("release", ON_TRIAL, ON_TRIAL, version=3, verdict="hold"))
    assert said == [
        (3, State.QUEUED, "waits: the reason"),
        (2, State.IN_PROGRESS, "10 % of the sessions"),
    ]


def test_a_share_set_by_hand() -> None:
    assert told(result("shift-traffic", ONE, ON_TRIAL, version=2)) == [
        (2, State.IN_PROGRESS, "10 % of the sessions")
    ]
    assert told(result("shift-traffic", ON_TRIAL, ONE, version=2)) == [
        (2, State.INACTIVE, "0 % of the sessions"),
        (1, State.SUCCESS, "100 % of the sessions"),
    ]


def test_an_idle_tick_has_no_news_of_what_serves() -> None:
    (one,) = entries(result("promote", ONE, ONE, version=1, verdict="none"))
    assert (one.version, one.stand.state, one.stand.news) == (1, State.SUCCESS, False)


@pytest.mark.parametrize(
    "silent",
    [
        result("release", ONE, ON_TRIAL, version=2, dry_run=True),
        result("promote", ON_TRIAL, ON_TRIAL, version=2, verdict="superseded"),
        result("promote", Split(LATEST), Split(LATEST), verdict="none"),
    ],
)
def test_of_what_nothing_is_said(silent: Result) -> None:
    assert entries(silent) == ()


@pytest.mark.parametrize(
    ("verb", "error", "version", "now", "said"),
    [
        ("promote", WayBackFailedError("lost"), 2, RAMPING, State.ERROR),
        ("release", WayBackFailedError("lost"), 2, SETTLED, State.ERROR),
        ("promote", RefusedError("down"), 2, RAMPING, State.IN_PROGRESS),
        ("release", RefusedError("down"), 2, RAMPING, State.IN_PROGRESS),
        ("release", RefusedError("down"), 2, SETTLED, State.FAILURE),
        ("shift-traffic", SupersededError("lost"), 2, SETTLED, State.FAILURE),
        ("release", SupersededError("lost"), 2, RAMPING, None),
        ("release", SupersededError("lost"), 3, replace(RAMPING, queued=3), None),
        ("release", RefusedError("down"), 1, SETTLED, None),
        ("release", RefusedError("no build"), None, RAMPING, None),
        ("rollback", RefusedError("down"), 1, SETTLED, None),
    ],
)
def test_failures(
    verb: str, error: AgentrampError, version: int | None, now: Standing, said: State | None
) -> None:
    found = failed(verb, error, version, now, now.settled)
    assert [one.stand.state for one in found] == ([said] if said else [])
    assert all(error.message in one.stand.description for one in found)


@pytest.mark.parametrize("verb", ["release", "shift-traffic"])
@pytest.mark.parametrize("error", [RefusedError("no"), SupersededError("lost")])
def test_what_serves_has_not_failed_though_no_journal_knows_of_it(
    verb: str, error: AgentrampError
) -> None:
    for serving in (Split(3), Split(1, ((3, 10),))):
        assert failed(verb, error, 3, Standing(), serving) == ()
    others: tuple[Split | None, ...] = (None, Split(2), Split(LATEST))
    for other in others:
        (one,) = failed(verb, error, 3, Standing(), other)
        assert one.stand.state is State.FAILURE


def test_the_version_at_stake_is_the_canary_or_what_serves() -> None:
    assert at_stake(RAMPING) == 2
    assert at_stake(replace(RAMPING, ramp=None)) == 2
    assert at_stake(SETTLED) == 1
    assert at_stake(Standing()) is None

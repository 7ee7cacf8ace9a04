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
from agentramp.ramp import Ramp, Standing
from agentramp.report.result import Result
from agentramp.wiring.deployments import at_stake, entries, failed

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
    assert told(refused) == [(1, State.FAILURE, "rolled back: the reason")]


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
    found = failed(verb, error, version, now)
    assert [one.stand.state for one in found] == ([said] if said else [])
    assert all(error.message in one.stand.description for one in found)


def test_the_version_at_stake_is_the_canary_or_what_serves() -> None:
    assert at_stake(RAMPING) == 2
    assert at_stake(replace(RAMPING, ramp=None)) == 2
    assert at_stake(SETTLED) == 1
    assert at_stake(Standing()) is None

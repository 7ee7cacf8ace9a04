import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import requests

from agentramp.evidence.gateway import GatewayEvidence
from agentramp.evidence.port import EvidenceError, Missing, Question, Span
from agentramp.judge.window import Tally, Unit, Window
from agentramp.local.daemon import Server
from agentramp.platform.agentrun.again import ATTEMPTS
from agentramp.platform.agentrun.client import Client
from agentramp.platform.agentrun.signing import Credentials
from tests.evidence.embedded import client, closed, question, sessions_seen, talk
from tests.evidence.servers import Received, Said, serving
from tests.local.client import Control, Endpoint
from tests.local.conftest import control, server

__all__ = ["control", "server"]

ASKED = Question("demo", "production", 1, 2, (Span(10, 20, 25, 30),))


@pytest.fixture
def evidence(server: Server) -> GatewayEvidence:
    return GatewayEvidence(client(server))


@pytest.fixture(scope="module")
def endpoint(server: Server) -> Endpoint:
    """Version 1 fails for 3 % of the sessions, version 2 for 30 %."""
    return Control(server).serve("3", "30", agent="failing.py")


def windows(evidence: GatewayEvidence, asked: Question) -> list[Window]:
    found = [answer for answer in evidence.read(asked) if isinstance(answer, Window)]
    assert len(found) == len(asked.spans)
    return found


def test_it_counts_what_the_clients_saw(evidence: GatewayEvidence, endpoint: Endpoint) -> None:
    talks = [talk(endpoint, 150, 11, 0), talk(endpoint, 150, 12, 20), talk(endpoint, 150, 13, 60)]
    spans = [span for span, _ in talks]
    for (span, answers), window in zip(
        talks, windows(evidence, question(endpoint, *spans)), strict=True
    ):
        seen = sessions_seen(answers)
        assert (window.start, window.end, window.weight) == (span.start, span.end, span.weight)
        assert window.stable.errors == seen[1]
        assert window.canary.errors == seen[2]
        for arm in (window.stable, window.canary):
            assert arm.latency
            assert arm.latency.sessions == arm.sessions
            assert (arm.latency.total > 0) == (arm.latency.squares > 0) == (arm.sessions > 0)
    assert sessions_seen(talks[2][1])[2].bad > 0, "the traffic was to hold failures"
    assert evidence.unit is Unit.SESSIONS


def test_many_spans_are_asked_for_in_several_calls(
    evidence: GatewayEvidence, endpoint: Endpoint
) -> None:
    whole, answers = talk(endpoint, 100, 21, 50)
    width = (whole.end - whole.start) / 150
    edges = [whole.start + number * width for number in range(150)] + [whole.end]
    spans = [Span(a, b, whole.end, 50) for a, b in pairwise(edges)]
    found = windows(evidence, question(endpoint, *spans))
    assert [window.start for window in found] == edges[:-1]
    seen = sessions_seen(answers)
    assert sum(window.canary.sessions for window in found) == seen[2].sessions
    assert sum(window.stable.errors.bad for window in found) == seen[1].bad
    assert sum(window.canary.sessions > 0 for window in found) > 10


def test_a_window_without_traffic_is_one_of_zeros(
    evidence: GatewayEvidence, endpoint: Endpoint
) -> None:
    quiet = closed(time.time(), time.time() + 0.01)
    time.sleep(0.02)
    (window,) = windows(evidence, question(endpoint, quiet))
    assert (window.canary.sessions, window.stable.sessions) == (0, 0)


def written(
    evidence: GatewayEvidence, endpoint: Endpoint, span: Callable[[], Span], tally: Tally
) -> Window:
    """The stable arm once it has ``tally`` and the time of each: both are written down after the
    answer."""
    deadline = time.time() + 20
    while True:
        (window,) = windows(evidence, question(endpoint, span()))
        timed = window.stable.latency.sessions if window.stable.latency else 0
        if window.stable.errors == tally and timed == tally.sessions:
            return window
        assert time.time() < deadline, window
        time.sleep(0.05)


def test_every_request_is_a_session_where_there_are_none(
    evidence: GatewayEvidence, control: Control
) -> None:
    alone = control.serve("one", "two", disableSessionAffinity=True)
    start = time.time()
    for status in (200, 500, 200, 404):
        assert alone.ask(f"/status/{status}").status == status
    window = written(evidence, alone, lambda: closed(start, time.time()), Tally(4, 1))
    assert window.stable.latency
    assert window.stable.latency.sessions == 4


def test_a_session_that_had_to_move_does_not_blame_the_version_it_left(
    evidence: GatewayEvidence, control: Control
) -> None:
    moving = control.serve("one", "two")
    moving.shift("2")
    headers = {"x-agentrun-session-id": "a"}
    start = time.time()
    assert moving.ask("/slow?pause=0.2", headers=headers).version == "2"
    time.sleep(0.3)  # what was answered is written down a moment later
    end = time.time()
    moving.shift("1")
    assert moving.ask("/status/500", headers=headers).version == "1"
    later = time.time()
    spans = closed(start, end), Span(start, end, later, 10), closed(end, later)
    before, after, moved = windows(evidence, question(moving, *spans))
    assert before.canary.errors == after.canary.errors == Tally(1, 0)
    assert moved.stable.errors == Tally(0, 0)
    moving.shift("2")
    assert moving.ask("/status/500", headers=headers).version == "2"
    deadline = time.time() + 20
    while True:
        (back,) = windows(evidence, question(moving, Span(start, end, time.time(), 10)))
        if back.canary.errors == Tally(1, 1):  # it is written down after it was answered
            break
        assert time.time() < deadline, back
        time.sleep(0.05)
    assert back.canary.latency
    assert 0.2 < back.canary.latency.total < 2


def test_what_is_not_settled_may_be_asked_again(
    evidence: GatewayEvidence, endpoint: Endpoint
) -> None:
    now = time.time()
    span = Span(now - 1, now, now + 60, 10)
    (answer,) = evidence.read(question(endpoint, span))
    assert isinstance(answer, Missing)
    assert (answer.span, answer.final) == (span, False)


def test_what_was_before_the_endpoint_is_not_known(
    evidence: GatewayEvidence, control: Control
) -> None:
    before = time.time()
    fresh = control.serve("0")
    control.call("DELETE", fresh.path).data  # noqa: B018 asserts success
    between = time.time()
    again = control.make_endpoint(fresh.runtime, targetVersion="1")
    asked = question(again, closed(before, between), closed(before, time.time()), canary=1)
    for answer in evidence.read(asked):
        assert isinstance(answer, Missing)
        assert answer.final


@pytest.mark.parametrize(
    "change",
    [{"runtime": "another"}, {"endpoint": "another"}, {"canary": 9}],
    ids=["runtime", "endpoint", "version"],
)
def test_what_does_not_exist(
    evidence: GatewayEvidence, endpoint: Endpoint, change: dict[str, Any]
) -> None:
    asked = replace(question(endpoint, closed(1, 2)), **change)
    with pytest.raises(EvidenceError, match=r"another|9") as caught:
        evidence.read(asked)
    assert "agentramp.yaml" in caught.value.advice


def test_a_wrong_key_is_refused(server: Server, endpoint: Endpoint) -> None:
    wrong = replace(client(server), credentials=lambda: Credentials(server.access_key_id, "wrong"))
    with pytest.raises(EvidenceError, match="SignatureDoesNotMatch") as caught:
        GatewayEvidence(wrong).read(question(endpoint, closed(1, 2)))
    assert caught.value.advice


# --- a platform in trouble ---------------------------------------------------------------------


@contextmanager
def fake(answer: Callable[[], tuple[int, bytes]]) -> Iterator[tuple[str, list[Received]]]:
    """An address that answers so to everything, and what it was asked for."""
    with serving(lambda _: Said(*answer())) as site:
        yield site.url, site.received


def evidence_at(url: str, waits: list[float], session: requests.Session | None = None) -> Any:
    return GatewayEvidence(
        Client(
            url=url,
            credentials=lambda: Credentials("id", "secret"),
            now=time.time,
            sleep=waits.append,
            nonce=lambda: "nonce",
            jitter=lambda: 1.0,
            session=session or requests.Session(),
        )
    )


def test_a_platform_that_is_down_is_given_up_in_bounded_time() -> None:
    with fake(lambda: (200, b"")) as (url, _):
        pass
    waits: list[float] = []
    with pytest.raises(EvidenceError, match="no answer from http://127") as caught:
        evidence_at(url, waits).read(ASKED)
    assert caught.value.advice
    assert (len(waits), sum(waits) <= 60) == (ATTEMPTS - 1, True)


def test_a_platform_that_fails_is_asked_again() -> None:
    arm = {"sessions": 3, "bad": 1, "latency": {"bounds": [1.0], "counts": [2, 0], "total": 0.5}}
    whole = {"data": {"spans": [{"stable": arm, "canary": arm}]}}
    answers = iter([(500, b"{}"), (503, b"<html>"), (200, json.dumps(whole).encode())])
    with fake(lambda: next(answers)) as (url, asked):
        (window,) = evidence_at(url, []).read(ASKED)
    assert (window.weight, window.canary.errors.bad, len(asked)) == (30, 1, 3)
    assert window.stable.latency.counts == (2, 0)


def test_a_platform_that_only_fails() -> None:
    with (
        fake(lambda: (500, b'{"code":"X","message":"broken"}')) as (url, asked),
        pytest.raises(EvidenceError, match="broken"),
    ):
        evidence_at(url, []).read(ASKED)
    assert len(asked) == ATTEMPTS


class Impatient(requests.Session):
    def send(self, request: requests.PreparedRequest, **kept: Any) -> requests.Response:
        return super().send(request, **{**kept, "timeout": 0.05})


def test_a_platform_that_is_too_slow() -> None:
    def late() -> tuple[int, bytes]:
        time.sleep(0.2)
        return 200, b"{}"

    with (
        fake(late) as (url, _),
        Impatient() as session,
        pytest.raises(EvidenceError, match="ReadTimeout"),
    ):
        evidence_at(url, [], session).read(ASKED)


def both(**arm: float) -> dict[str, object]:
    return {"stable": arm, "canary": arm}


@pytest.mark.parametrize(
    "data",
    [
        "nothing",
        {},
        {"spans": []},
        {"spans": [{}, {}]},
        {"spans": [None]},
        {"spans": [{"missing": "it is gone"}]},
        {"spans": [{"stable": {"sessions": 1, "bad": 0}}]},
        {"spans": [both(sessions=1, bad=2)]},
        {"spans": [both(sessions=float("nan"), bad=0)]},
    ],
)
def test_an_answer_that_makes_no_sense(data: object) -> None:
    whole = json.dumps({"data": data}).encode()
    with fake(lambda: (200, whole)) as (url, _), pytest.raises(EvidenceError) as caught:
        evidence_at(url, []).read(ASKED)
    assert caught.value.advice

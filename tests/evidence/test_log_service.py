import json
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from agentramp.errors import UsageError
from agentramp.evidence.log_service import LogServiceEvidence, function_of
from agentramp.evidence.port import EvidenceError, Missing, Question, Span
from agentramp.judge.window import Tally, Unit, Window
from agentramp.local.daemon import Server
from agentramp.logs.service import ATTEMPTS, UNFINISHED, LogService
from agentramp.platform.agentrun.signing import Credentials
from tests.evidence.embedded import credentials, question, requests_seen, talk
from tests.evidence.servers import Received, Said, serving
from tests.local.client import Control, Endpoint
from tests.local.conftest import server

__all__ = ["server"]

NOW = 2000.0
ASKED = Question(
    "demo", "production", 1, 2, (Span(1000, 1060, 1070, 30), Span(1060, 1120, 1130, 30))
)


@pytest.fixture(scope="module")
def endpoint(server: Server) -> Endpoint:
    return Control(server).serve("3", "30", agent="failing.py")


def evidence_of(server: Server, endpoint: Endpoint, **more: Any) -> LogServiceEvidence:
    runtime_id = endpoint.runtime.rpartition("/")[2]
    service = LogService(server.control_url, lambda: credentials(server), time.time, time.sleep)
    given = {"delay": 0.0, **more}
    return LogServiceEvidence(service, "requests", function_of(runtime_id), **given)


def test_it_counts_what_the_clients_saw(server: Server, endpoint: Endpoint) -> None:
    talks = [talk(endpoint, 100, 31, 0), talk(endpoint, 100, 32, 30), talk(endpoint, 100, 33, 60)]
    asked = question(endpoint, *[span for span, _ in talks])
    evidence = evidence_of(server, endpoint)
    assert evidence.unit is Unit.REQUESTS
    for (span, answers), window in zip(talks, evidence.read(asked), strict=True):
        assert isinstance(window, Window)
        assert (window.start, window.end, window.weight) == (span.start, span.end, span.weight)
        seen = requests_seen(answers)
        assert window.stable.errors == seen[1]
        assert window.canary.errors == seen[2]
        assert window.canary.latency is None
    assert requests_seen(talks[2][1])[2].bad > 0, "the traffic was to hold failures"
    assert evidence_of(server, endpoint, qualifier="production").read(asked) == evidence.read(asked)
    elsewhere = evidence_of(server, endpoint, qualifier="staging").read(asked)
    assert [window.stable.sessions for window in elsewhere if isinstance(window, Window)] == [0] * 3


def test_what_may_still_be_on_its_way_can_be_asked_again(
    server: Server, endpoint: Endpoint
) -> None:
    now = time.time()
    spans = Span(now - 300, now - 290, now - 290, 10), Span(now - 40, now - 30, now - 30, 10)
    first, last = evidence_of(server, endpoint, delay=60.0).read(question(endpoint, *spans))
    assert isinstance(first, Window)
    assert isinstance(last, Missing)
    assert (last.span, last.final) == (spans[1], False)


def test_a_wrong_key(server: Server, endpoint: Endpoint) -> None:
    right = evidence_of(server, endpoint)
    key = Credentials(server.access_key_id, "wrong")
    wrong = replace(right, service=replace(right.service, credentials=lambda: key))
    with pytest.raises(EvidenceError, match="SignatureNotMatch") as caught:
        wrong.read(ASKED)
    assert "secret" in caught.value.advice


@pytest.mark.parametrize("url", ["http://p.cn-hangzhou.log.aliyuncs.com", "ftp://x", ""])
def test_nothing_goes_out_unencrypted(url: str) -> None:
    with pytest.raises(UsageError, match="log service"):
        LogService(url, lambda: Credentials("id", "secret"), time.time, time.sleep)


# --- a service in trouble ----------------------------------------------------------------------

Reply = tuple[int, bytes]


def rows(*found: tuple[int, int, int, int]) -> bytes:
    """Window, version, requests and bad ones, as the service writes them."""
    names = ("span", "version", "requests", "bad")
    data = [dict(zip(names, map(str, row), strict=True)) for row in found]
    return json.dumps({"meta": {"progress": "Complete", "count": len(data)}, "data": data}).encode()


@contextmanager
def fake(*replies: Reply | Callable[[], Reply]) -> Iterator[tuple[str, list[Received]]]:
    """An address that answers so, the last over and over, and what it was asked."""
    left = iter(replies)
    last: list[Reply | Callable[[], Reply]] = []

    def respond(_: Received) -> Said:
        last[:] = [next(left, *last)]
        (reply,) = last
        return Said(*(reply() if callable(reply) else reply))

    with serving(respond) as site:
        yield site.url, site.received


def evidence_at(url: str, waits: list[float], timeout: float = 5) -> LogServiceEvidence:
    key = Credentials("id", "secret", "token")
    service = LogService(url, lambda: key, lambda: NOW, waits.append, timeout)
    return LogServiceEvidence(service, "requests", "agentrun-rt")


@pytest.mark.parametrize("pack", [bytes, zlib.compress], ids=["plain", "deflate"])
def test_rows_become_windows(pack: Callable[[bytes], bytes]) -> None:
    content = rows((0, 1, 700, 3), (0, 2, 300, 9), (1, 2, 5, 0))
    with fake((200, pack(content))) as (url, asked):
        first, second = evidence_at(url, []).read(ASKED)
    assert isinstance(first, Window)
    assert isinstance(second, Window)
    assert (first.stable.errors, first.canary.errors) == (Tally(700, 3), Tally(300, 9))
    assert (second.stable.errors, second.canary.errors) == (Tally(0, 0), Tally(5, 0))
    (one,) = asked
    body = json.loads(one.body)
    assert (one.path, body["from"], body["to"]) == ("/logstores/requests/logs", 1000, 1131)
    assert one.headers["x-acs-security-token"] == "token"


def test_an_unfinished_query_is_asked_again() -> None:
    unfinished = json.dumps({"meta": {"progress": "Incomplete"}, "data": []}).encode()
    waits: list[float] = []
    with fake((200, unfinished), (200, unfinished), (200, rows((0, 1, 7, 0)))) as (url, asked):
        first, _ = evidence_at(url, waits).read(ASKED)
    assert isinstance(first, Window)
    assert (first.stable.sessions, len(asked), len(waits)) == (7, 3, 2)
    with fake((200, unfinished)) as (url, asked):
        with pytest.raises(EvidenceError, match="did not finish") as caught:
            evidence_at(url, waits).read(ASKED)
        assert len(asked) == UNFINISHED
    assert caught.value.advice


def test_a_service_that_fails_is_asked_again_for_a_while() -> None:
    with fake((500, b"<html>"), (429, b"{}"), (200, rows())) as (url, _):
        assert all(isinstance(found, Window) for found in evidence_at(url, []).read(ASKED))
    waits: list[float] = []
    with fake((503, b"busy")) as (url, asked):
        with pytest.raises(EvidenceError, match="status 503"):
            evidence_at(url, waits).read(ASKED)
        assert len(asked) == ATTEMPTS
    assert sum(waits) < 20


def test_a_service_that_is_down() -> None:
    with fake((200, b"")) as (url, _):
        pass
    waits: list[float] = []
    with pytest.raises(EvidenceError, match="cannot be reached") as caught:
        evidence_at(url, waits).read(ASKED)
    assert (len(waits), bool(caught.value.advice)) == (ATTEMPTS - 1, True)


def test_a_service_that_is_too_slow() -> None:
    def late() -> Reply:
        time.sleep(0.2)
        return 200, rows()

    with fake(late) as (url, _), pytest.raises(EvidenceError, match=r"within 0\.05 s"):
        evidence_at(url, [], timeout=0.05).read(ASKED)


@pytest.mark.parametrize(
    ("code", "message", "advice"),
    [
        ("ParameterInvalid", "Column 'versionId' cannot be resolved", "index"),
        ("LogStoreNotExist", "logstore requests does not exist", "s.yaml"),
        ("Unauthorized", "denied by sts or ram", "log:GetLogStoreLogs"),
        ("RequestTimeExpired", "too old", "clock"),
    ],
)
def test_the_services_own_words_and_what_to_do(code: str, message: str, advice: str) -> None:
    content = json.dumps({"errorCode": code, "errorMessage": message}).encode()
    with fake((400, content)) as (url, asked), pytest.raises(EvidenceError) as caught:
        evidence_at(url, []).read(ASKED)
    assert message in str(caught.value)
    assert code in str(caught.value)
    assert advice in caught.value.advice
    assert len(asked) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"meta": {"progress": "Complete"}}',
        rows((0, 1, 5, 6)),
        rows((0, 1, 5, 1)).replace(b'"5"', b'"null"'),
        rows((0, 1, 5, 1)).replace(b'"bad"', b'"worse"'),
        zlib.compress(rows())[:-5],
        zlib.compress(b"{" + b" " * 5_000_000),
    ],
)
def test_an_answer_that_makes_no_sense(content: bytes) -> None:
    with fake((200, content)) as (url, _), pytest.raises(EvidenceError, match="sense") as caught:
        evidence_at(url, []).read(ASKED)
    assert caught.value.advice

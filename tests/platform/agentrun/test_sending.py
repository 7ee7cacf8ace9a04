"""Answers that never end, from a server that knows no manners: each exchange ends all the same."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import TypeAlias

import pytest
import requests

from agentramp.platform.agentrun.again import ATTEMPTS, LOST, Patience
from agentramp.platform.agentrun.client import OutcomeUnknownError
from agentramp.platform.agentrun.sending import LIMITS, Limits, sent
from agentramp.platform.agentrun.services import Services
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.agentrun.temporary_bucket import TemporaryBucket
from agentramp.platform.calls import Call, untold
from agentramp.platform.port import UnreachableError
from agentramp.progress import Silent
from tests.platform.agentrun.lender import ACCOUNT, Lender, lender
from tests.platform.agentrun.test_client import GET, POST, PUT, Time, client
from tests.platform.agentrun.test_temporary_bucket import package
from tests.served import served

SOON = Limits(answer=0.1)
SHORT = Limits(answer=60, most=1000)
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
MOVED = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:9/\r\nConnection: close\r\n\r\n"
WHOLE = HEAD + b'Content-Length: 20\r\n\r\n{"data": {"id":"1"}}'

Speech: TypeAlias = tuple[bytes, bytes, float]
"""How an answer begins, what it goes on with for ever, and the pause before each of that."""

DRIPS: dict[str, Speech] = {
    "status line": (b"HTTP/1.1 200 ", b"x", 0.01),
    "header": (HEAD + b"X: ", b"x", 0.01),
    "body": (HEAD + b"Content-Length: 100000\r\n\r\n", b" ", 0.01),
    "chunk": (CHUNKED + b"4000\r\n", b" ", 0.01),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01),
}
FLOODS: dict[str, Speech] = {
    "length": (HEAD + b"Content-Length: 9999999999\r\n\r\n", b" " * 4096, 0),
    "no length": (HEAD + b"Connection: close\r\n\r\n", b" " * 4096, 0),
    "chunks": (CHUNKED, b"400\r\n" + b" " * 1024 + b"\r\n", 0),
    "redirect": (MOVED, b" " * 4096, 0),
}


@contextmanager
def saying(*speeches: Speech) -> Iterator[tuple[str, list[bytes]]]:
    """The address, and the first line of each request; the last speech is held again and again."""
    over, asked = threading.Event(), list[bytes]()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                asked.append(self.rfile.readline())
                while self.rfile.readline().strip():
                    pass
                begins, then, pause = speeches[min(len(asked), len(speeches)) - 1]
                self.wfile.write(begins)
                while then and not over.wait(pause):
                    self.wfile.write(then)

    class Server(ThreadingTCPServer):
        daemon_threads = True

    with served(Server(("127.0.0.1", 0), Handler)) as url:
        try:
            yield url, asked
        finally:
            over.set()


@pytest.mark.parametrize("drips", DRIPS.values(), ids=DRIPS)
def test_an_answer_in_drops_is_an_unknown_outcome(drips: Speech) -> None:
    calls: list[Call] = []
    with saying(drips) as (url, _), pytest.raises(OutcomeUnknownError, match="no answer"):
        client(url, Time(), SOON, calls.append).call(POST)
    assert [call.status for call in calls] == [0]


def test_what_may_be_asked_again_is_asked_again_though_it_drips() -> None:
    with saying(DRIPS["body"]) as (url, _), pytest.raises(UnreachableError) as told:
        client(url, Time(), SOON).call(PUT)
    assert not isinstance(told.value, OutcomeUnknownError)
    assert told.value.advice


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_an_answer_without_an_end_is_an_unknown_outcome(flood: Speech) -> None:
    told = r"MakeThing: no whole answer from .* it sent more than 1000 bytes"
    with saying(flood) as (url, asked), pytest.raises(OutcomeUnknownError, match=told):
        client(url, Time(), SHORT).call(POST)
    assert len(asked) == 1


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_after_an_answer_without_an_end_is_asked_again(flood: Speech) -> None:
    with saying(flood, (WHOLE, b"", 0)) as (url, asked):
        assert client(url, Time(), SHORT).call(GET) == {"id": "1"}
    assert len(asked) == 2


def test_attempts_at_answers_without_an_end_are_bounded() -> None:
    with (
        saying(FLOODS["no length"]) as (url, asked),
        pytest.raises(UnreachableError, match="it sent more than 1000 bytes"),
    ):
        client(url, Time(), SHORT).call(GET)
    assert len(asked) == ATTEMPTS


def test_a_chunk_whose_length_has_no_end() -> None:
    endless = (CHUNKED, b"0" * 4096, 0.0)
    with saying(endless) as (url, _), pytest.raises(OutcomeUnknownError, match="ChunkedEncoding"):
        client(url, Time(), Limits(answer=60)).call(POST)


def bucket(control: str, upload: str | None, limits: Limits) -> TemporaryBucket:
    time = Time()
    return TemporaryBucket(
        services=Services("cn-hangzhou", control, lambda: ACCOUNT, upload_override=upload),
        credentials=lambda: Credentials("id", "secret"),
        now=time.now,
        patience=Patience(time.sleep, lambda: 0.5),
        limits=limits,
    )


def test_a_loan_that_comes_in_drops(tmp_path: Path) -> None:
    with (
        saying(DRIPS["body"]) as (url, _),
        pytest.raises(UnreachableError, match="GetTempBucketToken: no answer"),
    ):
        bucket(url, None, SOON).put(package(tmp_path, 256), Silent())


def test_a_bucket_that_talks_without_an_end(tmp_path: Path) -> None:
    with (
        lender(Lender()) as url,
        saying(FLOODS["length"]) as (upload, asked),
        pytest.raises(UnreachableError, match="PutObject: no whole answer from 127"),
    ):
        bucket(url, upload, SHORT).put(package(tmp_path, 256), Silent())
    assert len(asked) == ATTEMPTS


def test_a_request_that_nobody_takes_ends_though_a_large_one_has_much_time() -> None:
    large = bytes(64 << 20)
    assert SOON.sending(len(large)) > 3600
    with socket.create_server(("127.0.0.1", 0)) as silent, requests.Session() as session:
        SOON.kept_by(session)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        request = requests.Request("PUT", url, data=large).prepare()
        with pytest.raises(LOST):
            sent(session, "PutObject", request, untold, limits=SOON)


def test_a_request_has_more_time_the_larger_it_is() -> None:
    assert LIMITS.sending(0) == LIMITS.answer
    assert LIMITS.sending(100 << 20) > 3600

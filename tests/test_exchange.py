"""One exchange against servers that answer in their own time."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from agentramp.exchange import ExchangeError, Letter, post

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@contextmanager
def answering(head: bytes, *drops: bytes, pause: float = 0.0) -> Iterator[str]:
    """One connection: the head, then each drop after a pause, until whoever asked has gone."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            with suppress(OSError):
                line, _ = server.accept()
                with line:
                    line.recv(65536)
                    line.sendall(HEAD + head + b"\r\n")
                    for drop in drops:
                        time.sleep(pause)
                        line.sendall(drop)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


@pytest.mark.parametrize("head", [b"Content-Length: 3000\r\n", b"Connection: close\r\n"])
def test_an_answer_in_drops_ends_at_the_time_that_was_given(head: bytes) -> None:
    with answering(head, *[b"x"] * 3000, pause=0.01) as url:
        began = time.monotonic()
        with pytest.raises(ExchangeError, match=r"did not answer within 0\.5 s"):
            post(Letter(url, b"{}"), timeout=0.5)
        assert time.monotonic() - began < 20  # all the drops take thirty seconds


def test_a_packed_answer_comes_out_whole() -> None:
    body = b"".join(b"%d\n" % number for number in range(20_000))
    packed = gzip.compress(body)
    head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(packed)
    with answering(head, packed[:1], packed[1:9], packed[9:4000], packed[4000:]) as url:
        assert post(Letter(url, b"{}"), timeout=30).content == body


def test_an_answer_that_breaks_off_is_none() -> None:
    with (
        answering(b"Content-Length: 10\r\n", b"half") as url,
        pytest.raises(ExchangeError, match="broke off"),
    ):
        post(Letter(url, b"{}"), timeout=30)


def test_nothing_said_in_the_body_is_a_reply() -> None:
    with answering(b"Content-Length: 0\r\n") as url:
        assert post(Letter(url, b"{}"), timeout=30).content == b""

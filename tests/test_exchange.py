"""One exchange against servers that answer in their own time."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass

import pytest
import requests
from requests.adapters import HTTPAdapter

from agentramp.exchange import ExchangeError, Letter, UnreachableError, get_date, post
from agentramp.timely import CONNECT_SECONDS, timely

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def _hear(line: socket.socket) -> None:
    """All of the letter: a line that is closed with some of it unread takes the answer with it."""
    heard = line.recv(65536)
    ends = b"{}" if heard.startswith(b"POST") else b"\r\n\r\n"
    while not heard.endswith(ends) and (part := line.recv(65536)):
        heard += part


@contextmanager
def answering(
    head: bytes, *drops: bytes, pause: float = 0.0, begins: bytes = HEAD
) -> Iterator[str]:
    """One connection: the head, then each drop after a pause, until whoever asked has gone."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            with suppress(OSError):
                line, _ = server.accept()
                with line:
                    _hear(line)
                    line.sendall(begins + head + (b"\r\n" if begins else b""))
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


DROPS: dict[str, tuple[bytes, bytes, bytes]] = {
    "in one chunk": (HEAD, b"Transfer-Encoding: chunked\r\n", b"4000\r\n" + b"x" * 3000),
    "in a chunk's size": (HEAD, b"Transfer-Encoding: chunked\r\n", b"0" * 3000),
    "in the status line": (b"", b"", b"HTTP/1.1 200 " + b"x" * 3000),
    "in a header": (b"", b"", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 3000),
}


@pytest.mark.parametrize("drops", DROPS.values(), ids=DROPS)
def test_drops_end_in_time_wherever_they_come(drops: tuple[bytes, bytes, bytes]) -> None:
    begins, head, body = drops
    slowly = [bytes([letter]) for letter in body]
    for ask in (
        lambda url: post(Letter(url, b"{}"), timeout=0.3),
        lambda url: get_date(url, timeout=0.3),
    ):
        with answering(head, *slowly, pause=0.01, begins=begins) as url:
            began = time.monotonic()
            with pytest.raises(ExchangeError, match=r"did not answer within 0\.3 s"):
                ask(url)
            assert time.monotonic() - began < 20  # all the drops take thirty seconds


def test_a_line_that_is_kept_has_its_whole_time_for_each_letter() -> None:
    """What one exchange left of its time is not what the next one has."""
    answer = HEAD + b"Content-Length: 2\r\n\r\nok"
    with closing(socket.create_server(("127.0.0.1", 0))) as server, requests.Session() as kept:
        asked: list[bytes] = []

        def serve() -> None:
            line, _ = server.accept()
            with line:
                for _ in range(2):
                    letter = b""
                    while not letter.endswith(b"{}"):  # its head and its body may come apart
                        letter += line.recv(65536)
                    asked.append(letter)
                    line.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        for timeout in (30, 60):
            assert post(Letter(url, b"{}"), timeout=timeout, line=kept).content == b"ok"
            [pool] = kept.get_adapter(url).poolmanager.pools._container.values()  # type: ignore[attr-defined]  # noqa: SLF001 - no other way to the socket
            left = pool.pool.queue[-1].sock.gettimeout()
            assert timeout - 20 < left < timeout
        thread.join(30)
        assert len(asked) == 2


@dataclass
class Endless:
    """A body that never ends; ``look`` is called for each part that is taken of it."""

    look: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return 1 << 40

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield self.read()

    def read(self, size: int = 1024, /) -> bytes:
        self.look()
        return bytes(size)


@contextmanager
def reading(most: int) -> Iterator[str]:
    """One connection, of which no more than ``most`` bytes are read and nothing is answered."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError), server.accept()[0] as line:
                left = most
                while left > 0 and (part := line.recv(min(left, 65536))):
                    left -= len(part)
                over.wait(60)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        over.set()


@pytest.mark.parametrize("content", [bytes(64 << 20), Endless()], ids=["bytes", "parts"])
@pytest.mark.parametrize("read", [0, 1 << 50])
def test_sending_ends_at_the_time_that_was_given(content: bytes | Endless, read: int) -> None:
    """Whether the other side reads nothing, or all that comes and never answers."""
    with reading(read) as url:
        began = time.monotonic()
        with pytest.raises(ExchangeError, match=r"did not answer within 0\.3 s") as caught:
            post(Letter(url, content), timeout=0.3)
        assert not isinstance(caught.value, UnreachableError)
        assert time.monotonic() - began < 20


class EnoughError(Exception):
    pass


def test_sending_has_all_the_time_and_not_that_of_connecting() -> None:
    """Else who sends much by a slow line could never send it."""
    left: list[float] = []
    with reading(1 << 50) as url, timely(requests.Session()) as session:
        adapter = session.get_adapter(url)
        assert isinstance(adapter, HTTPAdapter)
        pool = adapter.poolmanager.connection_from_url(url)
        line = pool.ConnectionCls(pool.host, pool.port, timeout=300)

        def look() -> None:
            left.append(line.sock.gettimeout())
            if len(left) > 1:
                raise EnoughError

        with pytest.raises(EnoughError):
            line.request("POST", "/", body=Endless(look), headers={"Content-Length": "9999"})
        line.close()
    assert CONNECT_SECONDS < left[1] <= 300


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


MOVED = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\n"


def test_what_stands_beside_a_redirect_is_read_like_any_answer() -> None:
    with answering(b"Content-Length: 4\r\n", b"gone", begins=MOVED) as url:
        reply = post(Letter(url, b"{}"), timeout=30)
    assert (reply.status, reply.content) == (302, b"gone")
    with (
        answering(b"Connection: close\r\n", *[b"x" * 100] * 100, begins=MOVED) as url,
        pytest.raises(ExchangeError, match="answered more than 1000 bytes"),
    ):
        post(Letter(url, b"{}"), timeout=30, most=1000)

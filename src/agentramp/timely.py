"""Connections whose answers come in time or not at all, however slowly their bytes are sent."""

import http.client
import io
import socket
import time
from functools import cache
from typing import Any, Final

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

CONNECT_SECONDS: Final = 10.0
_BLOCK: Final = 16 * 1024


class _Drops(io.RawIOBase):
    """What comes on a socket, each time waited for no longer than what is left of the time.

    A socket's own time-out begins anew with each byte, so an answer in drops would last for ever.
    """

    def __init__(
        self, line: socket.socket, raw: io.RawIOBase, seconds: float, stall: float
    ) -> None:
        super().__init__()
        self._line, self._raw, self._stall = line, raw, stall
        self._ends = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:  # noqa: ANN401 - a Buffer, by a later name
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._line.settimeout(min(left, self._stall))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Block(io.BufferedReader):
    """A line of it has a length too, such as the one that tells how long a chunk is."""

    def readline(self, size: int | None = -1, /) -> bytes:
        if size is not None and size >= 0:
            return super().readline(size)
        line = super().readline(_BLOCK + 1)
        if len(line) > _BLOCK:
            raise http.client.LineTooLong("line")
        return line


class _Answer(http.client.HTTPResponse):
    """Its head and its body come within the time that the socket has when the reading begins."""

    stall = float("inf")

    def __init__(self, sock: socket.socket, *args: Any, **named: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(sock, *args, **named)
        seconds = sock.gettimeout()
        if seconds is not None:
            self.fp = _Block(_Drops(sock, self.fp.detach(), seconds, self.stall))


class _Line(HTTPConnection):
    """All of an exchange has ``timeout``; connecting has less, so that who is away is soon told.

    A body goes in blocks, each within what is left: encrypted, each part of it would have all.
    """

    stall = float("inf")
    _ends = float("inf")

    def connect(self) -> None:
        whole = self.timeout
        if whole is None:
            super().connect()
            return
        began = time.monotonic()
        self.timeout = min(whole, CONNECT_SECONDS)
        self._ends = began + self.timeout
        try:
            super().connect()
        finally:
            self._ends = began + whole
            self.timeout = max(self._ends - time.monotonic(), 0.001)

    def request(self, *args: Any, **named: Any) -> None:  # noqa: ANN401 - passed on
        if self.timeout is not None:
            self._ends = time.monotonic() + self.timeout
        super().request(*args, **named)

    def send(self, data: Any) -> None:  # noqa: ANN401 - as its parent's
        if self.sock is None or not isinstance(data, bytes) or self._ends == float("inf"):
            super().send(data)  # the first is the head, which connects
            return
        view = memoryview(data)
        for at in range(0, len(view), _BLOCK):
            left = self._ends - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.sock.settimeout(min(left, self.stall))
            super().send(view[at : at + _BLOCK])


@cache
def _pools(longest: float) -> dict[str, type[HTTPConnectionPool]]:
    """Of connections on which nothing may come or go for ``longest`` seconds."""

    class Answer(_Answer):
        stall = longest

    class Line(_Line):
        response_class, stall = Answer, longest

    class SecureLine(_Line, HTTPSConnection):
        response_class, stall = Answer, longest

    class Lines(HTTPConnectionPool):
        ConnectionCls = Line

    class SecureLines(HTTPSConnectionPool):
        ConnectionCls = SecureLine

    return {"http": Lines, "https": SecureLines}


class _Last(requests.Response):
    """Leads nowhere: a session reads all of what does, however long, though it is not to follow."""

    @property
    def is_redirect(self) -> bool:
        return False


class _Timely(HTTPAdapter):
    """The way of each exchange, by a proxy or not."""

    def __init__(self, stall: float) -> None:
        self._stall = stall
        super().__init__()

    def init_poolmanager(self, *args: Any, **named: Any) -> None:  # noqa: ANN401 - passed on
        super().init_poolmanager(*args, **named)
        self.poolmanager.pool_classes_by_scheme = _pools(self._stall)

    def build_response(self, req: Any, resp: Any) -> requests.Response:  # noqa: ANN401 - as its parent's
        answer = super().build_response(req, resp)
        answer.__class__ = _Last
        return answer

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:  # noqa: ANN401 - as its parent's
        manager = super().proxy_manager_for(proxy, **named)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = _pools(self._stall)
        return manager


def timely(session: requests.Session, stall: float = float("inf")) -> requests.Session:
    """``session``, whose time-outs hold for whole answers, and which is led nowhere else by one.

    ``stall`` is the longest silence.
    """
    for scheme in ("http://", "https://"):
        if not isinstance(session.get_adapter(scheme), _Timely):
            session.mount(scheme, _Timely(stall))
    return session


def within(timeout: float) -> Any:  # noqa: ANN401 - requests takes it, and its types know no such
    """All of an exchange: connecting, which has CONNECT_SECONDS of it, sending and reading."""
    return urllib3.Timeout(total=timeout, connect=timeout, read=timeout)


def sending_within(seconds: float, *, answer: float) -> Any:  # noqa: ANN401 - as ``within``
    """``seconds`` to connect and to send, and then ``answer`` more for all of the answer."""
    return urllib3.Timeout(connect=seconds, read=answer)

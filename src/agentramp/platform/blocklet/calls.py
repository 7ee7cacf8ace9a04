"""Signed GraphQL calls to a Blocklet Server, each bounded as a whole.

What reads is asked again when it failed on the way. What changes is sent once: where its answer
was lost LostAnswerError says so, and the caller reads what came of it.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from agentramp.exchange import ExchangeError, Letter, Reply, Sendable, host, post
from agentramp.platform.agentrun.again import SERVER_FAULT, THROTTLED, AgainError, Patience
from agentramp.platform.blocklet.refusals import refusal
from agentramp.platform.blocklet.signing import AccessKey
from agentramp.platform.calls import Call, Tell, untold
from agentramp.platform.clock import ServerClock
from agentramp.platform.port import PlatformError, UnreachableError

READ_SECONDS: Final = 60.0
CHANGE_SECONDS: Final = 300.0
_OK: Final = 200


class LostAnswerError(UnreachableError):
    """Something was asked to change and no answer came: it may have been done."""


@dataclass
class Line:
    """HTTP to one server: tells of each exchange and learns the server's clock from its answers.

    ``now`` tells seconds since 1970-01-01 UTC, ``monotonic`` those of a clock that nobody sets.
    """

    now: Callable[[], float]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    monotonic: Callable[[], float] = time.monotonic
    tell: Tell = untold
    _clock: ServerClock = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._clock = ServerClock(self.now, self.monotonic)

    def send(self, name: str, letter: Letter, timeout: float) -> Reply:
        """The answer, whatever it says; raises ExchangeError."""
        begun, status = self.monotonic(), 0
        try:
            reply = post(letter, timeout=timeout)
            status = reply.status
        finally:
            self.tell(Call(name, status, 1000 * (self.monotonic() - begun)))
        self._clock.hear(reply.headers.get("date", ""))
        return reply

    def read(self, name: str, letter: Callable[[], Letter]) -> Reply:
        """As ``send``, asked again while the way or the server fails; raises UnreachableError.

        ``letter`` is written anew for each attempt, for what is signed grows old.
        """

        def once() -> Reply:
            written = letter()
            try:
                reply = self.send(name, written, READ_SECONDS)
            except ExchangeError as error:
                raise AgainError(unreachable(error), 0) from error
            if reply.status == THROTTLED or reply.status >= SERVER_FAULT:
                raise AgainError(
                    UnreachableError(
                        f"{name}: {host(written.url)} answers HTTP {reply.status}",
                        advice="the server, or what stands before it, is not at work: try later",
                    ),
                    0,
                )
            return reply

        return Patience(self.sleep, self.jitter)(once)

    def server_time(self) -> float:
        """The server's clock; this machine's before the first answer."""
        return self._clock()


@dataclass(frozen=True)
class Calls:
    """Calls about application ``app`` to the GraphQL endpoint at ``url``, signed with ``key``."""

    url: str
    app: str
    key: AccessKey
    line: Line

    def read(self, name: str, query: str, **variables: object) -> Mapping[str, Any]:
        """What the operation ``name`` answers; raises PlatformError or one of its children."""
        content = _written(query, variables)
        return _payload(name, self.line.read(name, lambda: self._letter(content)))

    def change(self, name: str, query: str, **variables: object) -> Mapping[str, Any]:
        """As ``read``, sent once; raises LostAnswerError where nobody knows what came of it."""
        return self._changed(name, self._letter(_written(query, variables)), CHANGE_SECONDS)

    def upload(
        self, name: str, content: Sendable, content_type: str, timeout: float
    ) -> Mapping[str, Any]:
        """As ``change``, of a body that is read while it is sent."""
        return self._changed(name, self._letter(content, content_type), timeout)

    def _changed(self, name: str, letter: Letter, timeout: float) -> Mapping[str, Any]:
        try:
            reply = self.line.send(name, letter, timeout)
        except ExchangeError as error:
            raise LostAnswerError(f"{name}: {error.message}", advice=error.advice) from error
        if reply.status >= SERVER_FAULT:
            raise LostAnswerError(f"{name}: {host(self.url)} answers HTTP {reply.status}")
        return _payload(name, reply)

    def _letter(self, content: bytes | Sendable, content_type: str = "application/json") -> Letter:
        headers = self.key.headers(self.app, self.line.server_time())
        return Letter(self.url, content, content_type, headers=headers)


def unreachable(error: ExchangeError) -> UnreachableError:
    return UnreachableError(
        error.message, advice=error.advice or "check the network and the address of the server"
    )


def _written(query: str, variables: Mapping[str, object]) -> bytes:
    return json.dumps({"query": query, "variables": variables}, separators=(",", ":")).encode()


def _payload(name: str, reply: Reply) -> Mapping[str, Any]:
    """What stands under ``data`` and the name of the operation."""
    body = _json(reply)
    if reply.status != _OK or body.get("errors") or body.get("error"):
        raise refusal(name, reply.status, body)
    data = body.get("data")
    payload = data.get(name) if isinstance(data, dict) else None
    if not isinstance(payload, dict):
        raise PlatformError(
            f"{name}: the answer is no JSON of a Blocklet Server",
            advice="something between may have answered: check the address and the proxy",
        )
    return payload


def _json(reply: Reply) -> Mapping[str, Any]:
    try:
        body = json.loads(reply.content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}

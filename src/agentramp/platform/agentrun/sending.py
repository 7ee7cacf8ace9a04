"""A signed request on its way: to the address it was signed for and nowhere else."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import requests

from agentramp.exchange import MOST_BYTES, Bounds, Reply, TooLargeError, is_loopback, whole
from agentramp.platform.agentrun.again import READ_TIMEOUT
from agentramp.platform.calls import Call, Tell
from agentramp.timely import sending_within, timely


@dataclass(frozen=True)
class Limits:
    """``answer`` is in seconds: from the request's last byte to the answer's, and for any silence.

    A request has as much, and more with its size: ``slowest`` is in bytes a second. ``most`` is
    what an answer may hold, in bytes.
    """

    answer: float = READ_TIMEOUT
    most: int = MOST_BYTES
    slowest: int = 16 * 1024

    def sending(self, size: int) -> float:
        """Seconds to connect and to send ``size`` bytes."""
        return self.answer + size / self.slowest

    def kept_by(self, session: requests.Session) -> None:
        """Told once and before it is used: more than one thread may use it then."""
        timely(session, self.answer)


LIMITS: Final = Limits()


def sent(
    session: requests.Session,
    action: str,
    request: requests.PreparedRequest,
    tell: Tell,
    monotonic: Callable[[], float] = time.monotonic,
    limits: Limits = LIMITS,
) -> Reply:
    """The whole answer, whatever it says; raises requests.RequestException. ``tell`` hears of it.

    ``session`` knows the ``limits``. ``request`` is not prepared by it, which would put a .netrc
    password in place of the signature. It is not led on to another address: its body may hold
    secrets.
    """
    url = str(request.url)
    # A proxy of the environment is for the way out, never for this machine.
    session.trust_env = not is_loopback(url)
    begun, status = monotonic(), 0
    size = int(request.headers.get("Content-Length", 0))
    try:
        with session.send(
            request,
            timeout=sending_within(limits.sending(size), answer=limits.answer),
            allow_redirects=False,
            **session.merge_environment_settings(url, {}, True, None, None),  # noqa: FBT003 - requests names it stream
        ) as answer:
            reply = whole(answer, Bounds(begun, limits.most, monotonic=monotonic))
        status = reply.status
    finally:
        tell(Call(action, status, 1000 * (monotonic() - begun)))
    return reply


def unanswered(place: str, error: Exception) -> str:
    """What a person is told where no whole answer came from ``place``."""
    if isinstance(error, TooLargeError):
        return f"no whole answer from {place}: it sent more than {error.most} bytes"
    return f"no answer from {place} ({type(error).__name__})"

"""Asks again what may be asked again: bounded, and ever slower."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import requests
import tenacity

from agentramp.errors import RefusedError
from agentramp.exchange import TooLargeError
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.port import PlatformError

ATTEMPTS = 6
READ_TIMEOUT = 120.0
THROTTLED = 429
SERVER_FAULT = 500
LOST = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    TooLargeError,
)
"""How a request ends that may or may not have arrived."""
ENDED = "InvalidSecurityToken.Expired"
"""How the platform says that credentials have ended."""

T = TypeVar("T")


def halfway() -> float:
    """In place of jitter where nobody else asks at the same time."""
    return 0.5


class AgainError(Exception):
    """An answer worth asking again for; carries what to raise when the attempts are spent."""

    def __init__(self, error: RefusedError, wait: float = 0.0) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


@dataclass(frozen=True)
class Patience:
    """``sleep`` takes seconds; ``jitter`` gives a number in [0, 1)."""

    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    attempts: int = ATTEMPTS

    def __call__(self, ask: Callable[[], T]) -> T:
        """What ``ask`` gives; each AgainError of it is another attempt."""
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.attempts),
            wait=self._wait,
            retry=tenacity.retry_if_exception_type(AgainError),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return retrying(ask)
        except AgainError as spent:
            raise spent.error from spent

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Full jitter up to 0.5 s doubling to 16 s, and never less than the platform asked for."""
        asked = 0.0
        if state.outcome and isinstance(error := state.outcome.exception(), AgainError):
            asked = error.wait
        return asked + self.jitter() * min(16.0, math.ldexp(0.5, state.attempt_number))


@dataclass(frozen=True)
class Renewing:
    """Asks with the credentials of the moment, and once more with others if those had ended.

    ``renew`` is told of the ones that were refused; without it nobody has others.
    """

    credentials: Callable[[], Credentials]
    renew: Callable[[Credentials], None] | None
    patience: Patience

    def __call__(self, ask: Callable[[Credentials], T]) -> T:
        used: list[Credentials] = []

        def once() -> T:
            used.append(self.credentials())
            return ask(used[-1])

        try:
            return self.patience(once)
        except PlatformError as error:
            if self.renew is None or ENDED not in error.code:
                raise
        # What was refused for its credentials did not act: nothing is done twice.
        self.renew(used[-1])
        return self.patience(once)

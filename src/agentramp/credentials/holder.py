"""Keeps what a source lends, renews it before it ends, and knows whose account it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from agentramp.credentials.port import EARLY, CredentialsError, Holder, Identity, Lent, Source
from agentramp.credentials.sts import StsError, TokenService
from agentramp.platform.agentrun.again import ENDED
from agentramp.platform.agentrun.signing import Credentials

PAUSE: Final = 30.0
"""Seconds between two tries to renew what is still good."""


@dataclass
class _Kept:
    """``now`` is seconds since 1970-01-01 UTC. Threads that ask at once cause one renewal."""

    source: Source
    now: Callable[[], float]
    _lent: Lent | None = field(default=None, init=False, repr=False)
    _due: float = field(default=0.0, init=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def current(self) -> Credentials:
        with self._lock:
            return self._fresh().credentials

    def expires_at(self) -> float | None:
        with self._lock:
            return self._fresh().expires_at

    def renew(self, refused: Credentials) -> None:
        with self._lock:
            if self._lent and self._lent.credentials == refused:
                self._lent = None

    def _fresh(self) -> Lent:
        held = self._lent
        now = self.now()
        if held and (held.expires_at is None or now < self._due):
            return held
        try:
            lent = self.source.lend()
        except CredentialsError:
            if held is None or held.expires_at is None or held.expires_at <= now:
                raise
            # Still good for a while: whoever hands them out may be back by then.
            self._due = min(now + PAUSE, held.expires_at)
            return held
        self._lent = lent
        if lent.expires_at is not None:
            left = lent.expires_at - now
            # What is lent for a few minutes only is renewed at half its life, not at every call.
            self._due = lent.expires_at - min(EARLY, max(left, 0.0) / 2)
        return lent


@dataclass
class _Account:
    known: str | None
    service: TokenService
    current: Callable[[], Credentials]
    renew: Callable[[Credentials], None]
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def __call__(self) -> str:
        with self._lock:
            if self.known is None:
                self.known = identify(self.service, self.current, self.renew)[1].account
            return self.known


def identify(
    service: TokenService,
    current: Callable[[], Credentials],
    renew: Callable[[Credentials], None],
) -> tuple[Credentials, Identity]:
    """Whose the credentials are, and which they were; raises StsError.

    Those that have ended are renewed once.
    """
    key = current()
    try:
        return key, service.caller(key)
    except StsError as error:
        if ENDED not in error.code:
            raise
    renew(key)
    key = current()
    return key, service.caller(key)


def hold(
    source: Source, account: str | None, service: TokenService, now: Callable[[], float]
) -> Holder:
    """``account`` is asked of the platform where it is None, and only when somebody needs it."""
    kept = _Kept(source, now)
    owner = _Account(account, service, kept.current, kept.renew)
    return Holder(source.name, kept.current, owner, kept.expires_at, kept.renew)

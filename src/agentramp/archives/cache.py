"""Archives by their URL: fetched once, looked at again, and never half there."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from agentramp.archives.address import Source
from agentramp.archives.errors import FetchError
from agentramp.archives.limits import Limits
from agentramp.archives.objects import Lease, Object
from agentramp.archives.store import Known, Store
from agentramp.archives.tokens import Token
from agentramp.archives.transfer import Arrived, Request, Validators, transferred
from agentramp.archives.unpack import unpack
from agentramp.exchange import ExchangeError, UnreachableError
from agentramp.progress import Progress, Silent

_SILENT: Final = Silent()


@dataclass(frozen=True)
class Copy:
    """What an archive holds, in ``folder``, which others use too: nothing may be written there.

    ``url`` may be shown. ``downloaded`` is whether anything but headers came over the network. As
    long as ``lease`` is referred to, no other run's fetching takes the folder away.
    """

    folder: Path
    url: str
    sha256: str
    downloaded: bool
    lease: Lease = field(repr=False, compare=False)


@dataclass(frozen=True)
class Listed:
    """One URL's copy; times are seconds since 1970-01-01 UTC. ``size`` is what it takes, in bytes.

    ``whole`` is False where the copy is gone or was changed: the next fetch makes it anew.
    """

    key: str
    url: str
    sha256: str
    size: int
    files: int
    fetched: float
    used: float
    whole: bool


@dataclass(frozen=True)
class Cleared:
    """``unnamed`` is how many copies went that no URL led to any more."""

    entries: tuple[Listed, ...]
    unnamed: int = 0


@dataclass(frozen=True)
class Terms:
    """``offline`` asks nobody; ``refresh`` fetches even what seems unchanged."""

    token: Token | None = None
    limits: Limits = field(default_factory=Limits)
    progress: Progress = field(default_factory=Silent)
    offline: bool = False
    refresh: bool = False


class Cache:
    """Several runs may use one ``root`` at once; of those that want one URL, one fetches it."""

    def __init__(
        self,
        root: Path,
        *,
        clock: Callable[[], float] = time.time,
        nonce: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._store, self._clock = Store(root, clock, nonce), clock

    @property
    def root(self) -> Path:
        return self._store.root

    def fetch(self, source: Source, terms: Terms = Terms()) -> Copy:
        """The archive's content. Raises FetchError, ArchiveError, ExchangeError, UsageError."""
        store = self._store
        with store.told():
            store.make()
            with (
                store.held(source.key, _waiting(source, terms.progress)),
                store.staging() as staged,
            ):
                fetching = _Fetching(store, source, terms, staged, self._clock())
                while True:
                    copy = fetching.copy(store.look_up(source.key))
                    if copy is not None:
                        return copy

    def entries(self) -> tuple[Listed, ...]:
        with self._store.told():
            known = self._store.known() if self._store.is_there() else ()
            return tuple(map(self._listed, known))

    def clear(self, url: str | None = None, progress: Progress = _SILENT) -> Cleared:
        """Forget one URL, or all and what is left of earlier ones; a run in a copy loses it.

        Waits for runs that are fetching what is to go.
        """
        source, store = Source(url) if url is not None else None, self._store
        with store.told():
            if not store.is_there():
                return Cleared(())
            with store.staging() as staged:
                if source is not None:
                    waiting = _waiting(source, progress)
                    return Cleared(self._forgotten(source.key, staged, waiting))
                keys = [known.key for known in store.known()]
                gone = [one for key in keys for one in self._forgotten(key, staged)]
                return Cleared(tuple(gone), store.forget_rest(staged))

    def _forgotten(
        self, key: str, staged: Path, waiting: Callable[[], None] = lambda: None
    ) -> tuple[Listed, ...]:
        with self._store.held(key, waiting):
            known = self._store.look_up(key)
            if known is None:
                return ()
            listed = self._listed(known)
            self._store.forget(known, staged)
            return (listed,)

    def _listed(self, known: Known) -> Listed:
        found = self._store.objects.whole(known.sha256)
        seal = found.whole() if found else None
        return Listed(
            known.key,
            known.url,
            known.sha256,
            seal.size if seal else 0,
            seal.files if seal else 0,
            known.fetched,
            known.used,
            seal is not None,
        )


_UNREACHED = (
    "check the address, the network and a proxy's variables; what was fetched once runs offline"
)
_OFFLINE: Final = "--offline runs the copy that was fetched before"


def _waiting(source: Source, progress: Progress) -> Callable[[], None]:
    return lambda: progress.say(f"another run is fetching {source.shown}: waiting for it")


@dataclass(frozen=True)
class _Here:
    known: Known
    kept: Object


@dataclass(frozen=True)
class _Fetching:
    """One URL, whose lock is held; ``staged`` is a folder to work in."""

    store: Store
    source: Source
    terms: Terms
    staged: Path
    now: float

    def copy(self, known: Known | None) -> Copy | None:
        """None where another run cleared it while it was looked at."""
        if self.source.sha256 and not self.terms.refresh:
            # The digest says all: whoever sent it, it is what was asked for.
            kept = self.store.objects.whole(self.source.sha256, thorough=True)
            if kept is not None:
                return self._used(kept, known)
        here = self._here(known)
        return self._offline(here) if self.terms.offline else self._asked(here)

    def _here(self, known: Known | None) -> _Here | None:
        wanted = self.source.sha256
        if known is None or wanted not in {None, known.sha256}:
            return None
        kept = self.store.objects.whole(known.sha256, thorough=wanted is not None)
        return _Here(known, kept) if kept else None

    def _asked(self, here: _Here | None) -> Copy | None:
        terms = self.terms
        validators = here.known.validators if here and not terms.refresh else Validators()
        request = Request(self.source.url, terms.token, validators, terms.limits, terms.progress)
        try:
            arrived = transferred(request, self.staged / "archive")
        except UnreachableError as error:
            if here is None or terms.refresh:
                error.advice = error.advice or _UNREACHED
                raise
            terms.progress.say(
                f"warning: {error.message}; running the copy of {self.source.shown} that was"
                f" fetched before (sha256 {here.known.sha256[:12]})"
            )
            return self._used(here.kept, here.known)
        except (ExchangeError, FetchError) as error:
            ways = (error.advice or "run it again", *([_OFFLINE] if here else []))
            error.advice = "; ".join(ways)
            raise
        if arrived is not None:
            return self._unpacked(arrived)
        if here is None:
            raise FetchError(f"{self.source.shown} says it is unchanged, but no copy of it is here")
        return self._used(here.kept, here.known)

    def _offline(self, here: _Here | None) -> Copy | None:
        if here is None:
            raise FetchError(
                f"no copy of {self.source.shown} is in the cache"
                + (" with that sha256" if self.source.sha256 else ""),
                advice="run it once without --offline",
            )
        return self._used(here.kept, here.known)

    def _unpacked(self, arrived: Arrived) -> Copy:
        source, wanted = self.source, self.source.sha256
        if wanted and arrived.sha256 != wanted:
            raise FetchError(
                f"{source.shown} has the sha256 {arrived.sha256}, and {wanted} was asked for",
                advice="nothing was unpacked; look at what changed there before you take the"
                " new digest over",
            )
        unpack(self.staged / "archive", self.staged / "tree", self.terms.limits)
        known = Known(
            source.key, source.shown, arrived.sha256, arrived.validators, self.now, self.now
        )
        kept, lease = self.store.keep(known, self.staged / "tree", self.staged)
        return Copy(kept.tree, source.shown, kept.sha256, downloaded=True, lease=lease)

    def _used(self, kept: Object, known: Known | None) -> Copy | None:
        """A copy that is here. Only what the URL itself gave is written down as that."""
        same = known if known and known.sha256 == kept.sha256 else None
        noted = replace(same, used=self.now) if same else None
        lease = self.store.use(kept, self.now, noted, self.staged)
        if lease is None:
            return None
        return Copy(kept.tree, self.source.shown, kept.sha256, downloaded=False, lease=lease)

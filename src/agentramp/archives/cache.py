"""Archives by their URL: fetched once, looked at again, and never half there."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from agentramp.archives.address import Source
from agentramp.archives.errors import FetchError
from agentramp.archives.limits import Limits
from agentramp.archives.store import Known, Store
from agentramp.archives.tokens import Token
from agentramp.archives.transfer import Arrived, Request, Validators, transferred
from agentramp.archives.unpack import unpack
from agentramp.exchange import UnreachableError
from agentramp.progress import Progress, Silent


@dataclass(frozen=True)
class Copy:
    """What an archive holds, in ``folder``, which others use too: nothing may be written there.

    ``url`` may be shown. ``downloaded`` is whether anything but headers came over the network.
    """

    folder: Path
    url: str
    sha256: str
    downloaded: bool


@dataclass(frozen=True)
class Kept:
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

    entries: tuple[Kept, ...]
    unnamed: int = 0


@dataclass(frozen=True)
class Wish:
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

    def fetch(self, source: Source, wish: Wish = Wish()) -> Copy:
        """The archive's content. Raises FetchError, ArchiveError, ExchangeError, UsageError."""

        def waiting() -> None:
            wish.progress.say(f"another run is fetching {source.shown}: waiting for it")

        store = self._store
        with store.open(), store.held(source.key, waiting), store.staging() as staged:
            known = store.look_up(source.key)
            return _Fetching(store, source, wish, staged, self._clock()).copy(known)

    def entries(self) -> tuple[Kept, ...]:
        with self._store.open():
            return tuple(self._kept(known) for known in self._store.known())

    def clear(self, url: str | None = None) -> Cleared:
        """Forget one URL, or all and what is left of earlier ones; a run in a copy loses it.

        Waits for runs that are fetching what is to go.
        """
        key = Source(url).key if url is not None else None
        gone, unnamed = [], 0
        with self._store.open(), self._store.staging() as staged:
            for known in self._store.known():
                if key in {None, known.key}:
                    gone.append(self._kept(known))
                    with self._store.held(known.key):
                        self._store.forget(known, staged)
            if key is None:
                unnamed = self._store.forget_rest(staged)
        return Cleared(tuple(gone), unnamed)

    def _kept(self, known: Known) -> Kept:
        seal = self._store.whole(known.sha256)
        return Kept(
            known.key,
            known.url,
            known.sha256,
            seal.size if seal else 0,
            seal.files if seal else 0,
            known.fetched,
            known.used,
            seal is not None,
        )


@dataclass(frozen=True)
class _Fetching:
    """One URL, whose lock is held; ``staged`` is a folder to work in."""

    store: Store
    source: Source
    wish: Wish
    staged: Path
    now: float

    def copy(self, known: Known | None) -> Copy:
        wanted = self.source.sha256
        if wanted and not self.wish.refresh and self.store.whole(wanted):
            # The digest says all: whoever sent it, it is what was asked for.
            return self._used(known, wanted)
        here = known if known and self.store.whole(known.sha256) else None
        here = here if here and wanted in {None, here.sha256} else None
        if self.wish.offline:
            return self._offline(here)
        validators = here.validators if here and not self.wish.refresh else Validators()
        try:
            arrived = transferred(self._request(validators), self.staged / "archive")
        except UnreachableError as error:
            if here is None or self.wish.refresh:
                raise
            self.wish.progress.say(
                f"warning: {error.message}; running the copy of {self.source.shown} that was"
                f" fetched before (sha256 {here.sha256[:12]})"
            )
            return self._used(here, here.sha256)
        if arrived is None and here:
            return self._used(here, here.sha256)
        if arrived is None:
            raise FetchError(f"{self.source.shown} says it is unchanged, but no copy of it is here")
        return self._kept(arrived)

    def _request(self, validators: Validators) -> Request:
        wish = self.wish
        return Request(self.source.url, wish.token, validators, wish.limits, wish.progress)

    def _offline(self, here: Known | None) -> Copy:
        if here is None:
            raise FetchError(
                f"no copy of {self.source.shown} is in the cache"
                + (" with that sha256" if self.source.sha256 else ""),
                advice="run it once without --offline",
            )
        return self._used(here, here.sha256)

    def _kept(self, arrived: Arrived) -> Copy:
        wanted = self.source.sha256
        if wanted and arrived.sha256 != wanted:
            raise FetchError(
                f"{self.source.shown} has the sha256 {arrived.sha256}, and {wanted} was asked for",
                advice="nothing was unpacked; look at what changed there before you take the"
                " new digest over",
            )
        if self.wish.refresh or not self.store.whole(arrived.sha256):
            unpack(self.staged / "archive", self.staged / "tree", self.wish.limits)
            self.store.keep(
                self.staged, self.staged / "tree", arrived.sha256, anew=self.wish.refresh
            )
        self._note(arrived.sha256, arrived.validators, self.now)
        return self._told(arrived.sha256, downloaded=True)

    def _used(self, known: Known | None, sha256: str) -> Copy:
        same = known if known and known.sha256 == sha256 else None
        if same:
            self.store.note(replace(same, used=self.now), self.staged)
        else:
            self._note(sha256, Validators(), self.now)
        return self._told(sha256, downloaded=False)

    def _told(self, sha256: str, *, downloaded: bool) -> Copy:
        return Copy(self.store.folder(sha256), self.source.shown, sha256, downloaded)

    def _note(self, sha256: str, validators: Validators, fetched: float) -> None:
        source = self.source
        self.store.note(
            Known(source.key, source.shown, sha256, validators, fetched, self.now), self.staged
        )

"""Pictures brought to a site: each once, a few at a time, and where a line broke from there on."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Final, Protocol

from agentramp.errors import AgentrampError
from agentramp.progress import Progress, Silent
from agentramp.site.media.port import Media, MediaError, UploadGoneError
from agentramp.site.pages.document import Picture

AT_ONCE: Final = 3
PART_BYTES: Final = 4 * 1024 * 1024
_TRIES: Final = 5
"""How often in a row nothing may come of it."""
_LONGEST_WAIT: Final = 30.0
_TITLE: Final = "pictures"


class Memory(Protocol):
    """What is known of pictures from runs before, for one site; a wrong word costs an upload."""

    def picture(self, sha256: str) -> str:
        """Where it lies, or empty."""
        ...

    def upload(self, sha256: str) -> str:
        """Where the sending of it was begun, or empty."""
        ...

    def begun(self, sha256: str, location: str) -> None: ...
    def brought(self, sha256: str, url: str) -> None: ...


@dataclass(frozen=True)
class Brought:
    """The address of each picture by its digest, and how many of them had to be sent."""

    urls: dict[str, str]
    sent: int


@dataclass(frozen=True)
class _There:
    """A picture on the site; ``sent`` where this run sent any of it."""

    url: str
    sent: bool = False


@dataclass(frozen=True)
class Uploads:
    """``sleep`` takes seconds, ``jitter`` gives a number from 0 to 1."""

    media: Media
    memory: Memory
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    progress: Progress = field(default_factory=Silent)
    part_bytes: int = PART_BYTES

    def bring(self, pictures: Iterable[Picture]) -> Brought:
        """Raises MediaError that names the pictures that could not be brought."""
        every = list({picture.sha256: picture for picture in pictures}.values())
        meter = _Meter(self.progress, sum(picture.size for picture in every))
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="picture") as pool:
            try:
                work = {pool.submit(self._one, picture, meter): picture for picture in every}
                wait(work, return_when=FIRST_EXCEPTION)
            finally:
                meter.stopped.set()
                pool.shutdown(wait=True, cancel_futures=True)
        _raise_failed(work)
        found = {one.sha256: done.result() for done, one in work.items()}
        urls = {sha256: there.url for sha256, there in found.items()}
        return Brought(urls, sum(there.sent for there in found.values()))

    def _one(self, picture: Picture, meter: "_Meter") -> _There:
        known = self.memory.picture(picture.sha256)
        if known and not self.media.is_gone(known):
            meter.advance(picture.size)
            return _There(known)
        there = _Sending(self, picture, meter, self.memory.upload(picture.sha256)).whole()
        self.memory.brought(picture.sha256, there.url)
        return there


def _raise_failed(work: dict[Future[_There], Picture]) -> None:
    failed = [(done, one) for done, one in work.items() if done.cancelled() or done.exception()]
    error = next((done.exception() for done, _ in failed if not done.cancelled()), None)
    if isinstance(error, AgentrampError) and len(failed) > 1:
        error.message += f"; with it {len(failed) - 1} more of {len(work)} pictures are missing"
    if error is not None:
        raise error


@dataclass
class _Meter:
    """How much of all pictures is there; ``stopped`` once one of them failed."""

    progress: Progress
    total: int
    stopped: threading.Event = field(default_factory=threading.Event)
    _done: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def advance(self, size: int) -> None:
        with self._lock:
            self._done += size
            self.progress.advance(_TITLE, min(self._done, self.total), self.total)


@dataclass
class _Sending:
    """One picture on its way. ``offset`` is None where the site has to be asked for it.

    ``best`` is the most of it that was ever there: what does not come beyond it is no progress.
    """

    uploads: Uploads
    picture: Picture
    meter: _Meter
    location: str
    offset: int | None = None
    best: int = 0
    tries: int = 0
    sent: bool = False

    def whole(self) -> _There:
        """Until the site has it all; raises MediaError where nothing comes of it any more."""
        url = None
        while url is None:
            url = self._attempt()
        self._reached(self.picture.size)
        return _There(url, self.sent)

    def _attempt(self) -> str | None:
        """None where it is to be tried again; the wait before that is over by then."""
        try:
            return self._at_once()
        except UploadGoneError as error:
            self._patience(error)
            self.location = ""
        except MediaError as error:
            if not error.again:
                raise
            self._patience(error)
            self.offset = None
        return None

    def _at_once(self) -> str:
        """Without a fault in between; what was begun is gone on with."""
        offset = self._offset()
        if not self.location:
            begun = self.uploads.media.begin(self.picture)
            if begun.url:
                return begun.url
            self.location, offset = begun.location, begun.offset
            self.uploads.memory.begun(self.picture.sha256, begun.location)
        return self._send(offset)

    def _offset(self) -> int:
        """What is whole and has no address for us is announced again: then the site says it."""
        if not self.location:
            return 0
        if self.offset is None:
            self.offset = self.uploads.media.offset(self.location)
            self._reached(self.offset)
        if self.offset >= self.picture.size:
            self.location = ""
        return self.offset

    def _send(self, offset: int) -> str:
        while offset < self.picture.size:
            if self.meter.stopped.is_set():
                raise MediaError(f"{self.picture.name} was not sent: another picture failed")
            part = self._part(offset)
            self.sent = True
            sent = self.uploads.media.send(self.location, self.picture, offset, part)
            if not offset < sent.offset <= offset + len(part):
                raise MediaError(
                    f"the site says that it has {sent.offset} B of {self.picture.name}, after it "
                    f"was sent {offset} to {offset + len(part)}",
                    advice="usual cause: what answers there is no Media Kit",
                    again=True,
                )
            offset = self.offset = sent.offset
            self._reached(offset)
            if sent.url:
                return sent.url
        raise MediaError(
            f"the site has all of {self.picture.name}, and does not say where it shows it",
            advice="usual cause: what answers there is no Media Kit",
        )

    def _part(self, offset: int) -> bytes:
        try:
            with self.picture.path.open("rb") as file:
                file.seek(offset)
                part = file.read(min(self.uploads.part_bytes, self.picture.size - offset))
        except OSError as error:
            raise MediaError(
                f"{self.picture.name} could not be read while it was sent: {error.strerror}",
                advice="publish again",
            ) from error
        if not part:
            raise MediaError(
                f"{self.picture.name} became shorter while it was sent", advice="publish again"
            )
        return part

    def _reached(self, offset: int) -> None:
        if offset > self.best:
            self.tries = 0
            self.meter.advance(min(offset, self.picture.size) - self.best)
            self.best = min(offset, self.picture.size)

    def _patience(self, error: MediaError) -> None:
        self.tries += 1
        if self.tries >= _TRIES or self.meter.stopped.is_set():
            raise MediaError(
                f"{self.picture.name} could not be sent: {error.message}",
                advice=error.advice or "publish again: what is there already is not sent again",
            ) from error
        seconds = min(2.0 ** (self.tries - 1), _LONGEST_WAIT)
        self.uploads.sleep(seconds * (0.5 + self.uploads.jitter()))

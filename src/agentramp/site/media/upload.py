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


@dataclass
class Uploads:
    """``sleep`` takes seconds, ``jitter`` gives a number from 0 to 1."""

    media: Media
    memory: Memory
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    progress: Progress = field(default_factory=Silent)
    part_bytes: int = PART_BYTES
    _stopped: threading.Event = field(default_factory=threading.Event)
    _count: threading.Lock = field(default_factory=threading.Lock)
    _done: int = 0
    _sent: int = 0

    def bring(self, pictures: Iterable[Picture]) -> Brought:
        """Raises MediaError that names the pictures that could not be brought."""
        every = list({picture.sha256: picture for picture in pictures}.values())
        total = sum(picture.size for picture in every)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="picture") as pool:
            try:
                work = {pool.submit(self._one, picture, total): picture for picture in every}
                wait(work, return_when=FIRST_EXCEPTION)
            finally:
                self._stopped.set()
                pool.shutdown(wait=True, cancel_futures=True)
        self._raise_failed(work)
        return Brought({one.sha256: done.result() for done, one in work.items()}, self._sent)

    def _raise_failed(self, work: dict[Future[str], Picture]) -> None:
        failed = [(done, one) for done, one in work.items() if done.cancelled() or done.exception()]
        error = next((done.exception() for done, _ in failed if not done.cancelled()), None)
        if isinstance(error, AgentrampError) and len(failed) > 1:
            error.message += f"; with it {len(failed) - 1} more of {len(work)} pictures are missing"
        if error is not None:
            raise error

    def _one(self, picture: Picture, total: int) -> str:
        known = self.memory.picture(picture.sha256)
        if known and not self.media.is_gone(known):
            self._advance(picture.size, total)
            return known
        sending = _Sending(self, picture, total, self.memory.upload(picture.sha256))
        url = sending.whole()
        self.memory.brought(picture.sha256, url)
        return url

    def _advance(self, size: int, total: int) -> None:
        with self._count:
            self._done += size
            self.progress.advance(_TITLE, min(self._done, total), total)

    def sending(self, size: int, total: int) -> None:
        self._advance(size, total)

    def was_sent(self) -> None:
        with self._count:
            self._sent += 1

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()


@dataclass
class _Sending:
    uploads: Uploads
    picture: Picture
    total: int
    location: str
    offset: int = 0
    told: int = 0
    tries: int = 0

    def whole(self) -> str:
        """Until the site has it all; raises MediaError where nothing comes of it any more."""
        asked = bool(self.location)
        while True:
            try:
                if asked:
                    self._look()
                asked = False
                url = self._begin() if not self.location else ""
                url = url or self._send()
            except UploadGoneError as error:
                self._patience(error)
                self.location, self.offset, asked = "", 0, False
                continue
            except MediaError as error:
                if not error.again:
                    raise
                self._patience(error)
                asked = bool(self.location)
                continue
            if url:
                self._tell(self.picture.size)
                return url

    def _begin(self) -> str:
        begun = self.uploads.media.begin(self.picture)
        self.location, self.offset = begun.location, begun.offset
        if not begun.url:
            self.uploads.memory.begun(self.picture.sha256, begun.location)
        return begun.url

    def _look(self) -> None:
        """What is whole and has no address for us is announced again: then the site says it."""
        there = self.uploads.media.offset(self.location)
        if there > self.offset:
            self.tries = 0
        self.offset = there
        if there >= self.picture.size:
            self.location, self.offset = "", 0

    def _send(self) -> str:
        while self.offset < self.picture.size:
            if self.uploads.stopped:
                raise MediaError(f"{self.picture.name} was not sent: another picture failed")
            part = self._part()
            sent = self.uploads.media.send(self.location, self.picture, self.offset, part)
            if sent.offset > self.offset:
                self.tries = 0
            self.offset = sent.offset
            self._tell(sent.offset)
            if sent.url:
                self.uploads.was_sent()
                return sent.url
        raise MediaError(
            f"the site has all of {self.picture.name}, and does not say where it shows it",
            advice="usual cause: what answers there is no Media Kit",
        )

    def _part(self) -> bytes:
        with self.picture.path.open("rb") as file:
            file.seek(self.offset)
            part = file.read(min(self.uploads.part_bytes, self.picture.size - self.offset))
        if not part:
            raise MediaError(
                f"{self.picture.name} became shorter while it was sent", advice="publish again"
            )
        return part

    def _tell(self, offset: int) -> None:
        self.uploads.sending(max(offset - self.told, 0), self.total)
        self.told = max(offset, self.told)

    def _patience(self, error: MediaError) -> None:
        self.tries += 1
        if self.tries >= _TRIES or self.uploads.stopped:
            raise MediaError(
                f"{self.picture.name} could not be sent: {error.message}",
                advice=error.advice or "publish again: what is there already is not sent again",
            ) from error
        seconds = min(2.0 ** (self.tries - 1), _LONGEST_WAIT)
        self.uploads.sleep(seconds * (0.5 + self.uploads.jitter()))

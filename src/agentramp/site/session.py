"""What a project remembers of the site it buys: a file that survives any end of a run.

It holds no token. Before a checkout is asked for, the wish is written; a run that finds a wish
without an answer to it knows that there may be a session that nobody wrote down.
"""

import fcntl
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from typing_extensions import assert_never

from agentramp.credentials.secret_file import write_whole
from agentramp.errors import SupersededError, UsageError
from agentramp.site.purchase import Site

FORMAT: Final = 1
NAME: Final = "site.json"
MOST_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class Intent:
    """A checkout was, or was about to be, asked for.

    ``before`` is the session that the broker told of till then: '' for none, None if it told
    nothing.
    """

    broker: str
    before: str | None
    at: float


@dataclass(frozen=True)
class Open:
    """Where to pay is not kept: what a file says must lead nobody to a page that asks for money."""

    broker: str
    session: str
    at: float


@dataclass(frozen=True)
class Ended:
    """``how`` is ``expired`` or ``cancelled``: nothing was paid."""

    broker: str
    session: str
    how: str
    at: float


@dataclass(frozen=True)
class Finished:
    """``site`` is without its token."""

    broker: str
    session: str
    site: Site
    at: float


Saved: TypeAlias = Intent | Open | Ended | Finished


class Book(Protocol):
    """Where a project's purchase is written down."""

    def read(self) -> Saved | None:
        """Raises UsageError where it cannot be read: nothing may be bought then."""
        ...

    def write(self, saved: Saved | None) -> None:
        """On the disk when it returns; None forgets. Raises UsageError."""
        ...


@dataclass(frozen=True)
class FileBook:
    """``folder`` is the project's ``.agentramp``."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / NAME

    @contextmanager
    def held(self) -> Iterator[None]:
        """Alone with it; raises SupersededError where another run is at work."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = self.path.with_suffix(".lock").open("a")
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SupersededError(
                    f"another run is buying a site for {self.folder.parent}",
                    advice="let it end, then: agentramp site resume",
                ) from None
            yield

    def read(self) -> Saved | None:
        try:
            with self.path.open("rb") as file:
                said = json.loads(file.read(MOST_BYTES))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from None
        except (ValueError, RecursionError):
            raise self._unusable("it is no JSON") from None
        try:
            return _loaded(said)
        except (KeyError, TypeError, ValueError):
            raise self._unusable("it is not as agentramp writes it") from None

    def write(self, saved: Saved | None) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if saved is None:
                self.path.unlink(missing_ok=True)
            else:
                write_whole(self.path, json.dumps(_dumped(saved), indent=1))
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from None

    def _unusable(self, why: str) -> UsageError:
        return UsageError(
            f"{self.path} cannot be used: {why}",
            advice="it says which checkout is open, so nothing is bought without it; put it right,"
            " or move it away once you know of no open checkout",
        )


def _dumped(saved: Saved) -> dict[str, Any]:
    said: dict[str, Any] = {"format": FORMAT, "broker": saved.broker, "at": saved.at}
    match saved:
        case Intent(before=before):
            return said | {"state": "asked", "before": before}
        case Open(session=session):
            return said | {"state": "open", "session": session}
        case Ended(session=session, how=how):
            return said | {"state": how, "session": session}
        case Finished(session=session, site=site):
            return said | {"state": "done", "session": session, "site": _dumped_site(site)}
        case _:
            assert_never(saved)


def _dumped_site(site: Site) -> dict[str, str]:
    return {
        "url": site.url,
        "home_url": site.home_url,
        "dashboard_url": site.dashboard_url,
        "subscription_url": site.subscription_url,
        "locale": site.locale,
    }


def _loaded(said: Mapping[str, Any]) -> Saved:
    """Raises KeyError, TypeError or ValueError for what is not of this form."""
    if said["format"] != FORMAT:
        raise ValueError(said["format"])
    broker, at = _text(said, "broker"), float(said["at"])
    match said["state"]:
        case "asked":
            before = None if said["before"] is None else _text(said, "before")
            return Intent(broker, before, at)
        case "open":
            return Open(broker, _id(said), at)
        case "expired" | "cancelled" as how:
            return Ended(broker, _id(said), how, at)
        case "done":
            site = {name: _text(said["site"], name) for name in _dumped_site(Site(""))}
            return Finished(broker, _id(said), Site(**site), at)
        case other:
            raise ValueError(other)


def is_session(text: str) -> bool:
    """Whether it looks like the id of a checkout session: it is shown, and stands in addresses."""
    return re.fullmatch(r"[A-Za-z0-9_-]{1,200}", text) is not None


def _id(said: Mapping[str, Any]) -> str:
    if not is_session(found := _text(said, "session")):
        raise ValueError(found)
    return found


def _text(said: Mapping[str, Any], name: str) -> str:
    if not isinstance(value := said[name], str):
        raise TypeError(name)
    return value

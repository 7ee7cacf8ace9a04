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
from agentramp.site.broker.answers import address
from agentramp.site.broker.port import is_session
from agentramp.site.purchase import Site

FORMAT: Final = 2
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


@dataclass(frozen=True)
class Ledger:
    """All that was ever begun, in its order. What may hold money is never dropped from it."""

    entries: tuple[Saved, ...] = ()

    @property
    def current(self) -> Saved | None:
        """What is gone on with: the last, or where that came to nothing the last that may not."""
        last = self.entries[-1] if self.entries else None
        if isinstance(last, Ended) and self.unsettled:
            return self.unsettled[-1]
        return last

    @property
    def unsettled(self) -> tuple[Intent | Open, ...]:
        """What somebody may have paid for, or may pay for yet."""
        return tuple(one for one in self.entries if isinstance(one, Intent | Open))

    @property
    def ended(self) -> tuple[Ended, ...]:
        return tuple(one for one in self.entries if isinstance(one, Ended))

    def of(self, session: str) -> Open | Ended | Finished | None:
        named = (one for one in self.entries if not isinstance(one, Intent))
        return next((one for one in named if one.session == session), None)

    def wished(self, intent: Intent) -> "Ledger":
        return Ledger((*self.entries, intent))

    def told(self, saved: Open | Ended | Finished, wish: Intent | None = None) -> "Ledger":
        """With ``saved`` in place of what stood for its session, or of the wish it came of."""
        before = self.of(saved.session)
        rest = tuple(one for one in self.entries if one not in (before, wish))
        return Ledger((*rest, saved))


class Book(Protocol):
    """Where a project's purchases are written down."""

    def read(self) -> Ledger:
        """Raises UsageError where it cannot be read: nothing may be bought then."""
        ...

    def write(self, ledger: Ledger) -> None:
        """On the disk when it returns. Raises UsageError."""
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
            except OSError as error:
                raise self._unusable(error.strerror or str(error)) from None
            yield

    def read(self) -> Ledger:
        try:
            with self.path.open("rb") as file:
                said = json.loads(file.read(MOST_BYTES))
        except FileNotFoundError:
            return Ledger()
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from None
        except (ValueError, RecursionError):
            raise self._unusable("it is no JSON") from None
        try:
            return _loaded(said)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise self._unusable("it is not as agentramp writes it") from None

    def write(self, ledger: Ledger) -> None:
        said = {"format": FORMAT, "sessions": [_dumped(one) for one in ledger.entries]}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if ledger.entries:
                write_whole(self.path, json.dumps(said, indent=1))
            else:
                self.path.unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from None

    def _unusable(self, why: str) -> UsageError:
        return UsageError(
            f"{self.path} cannot be used: {why}",
            advice="it says which checkout is open, so nothing is bought without it; put it right,"
            " or move it away once you know of no open checkout",
        )


def _dumped(saved: Saved) -> dict[str, Any]:
    said: dict[str, Any] = {"broker": saved.broker, "at": saved.at}
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


def _loaded(said: Mapping[str, Any]) -> Ledger:
    """Raises KeyError, TypeError, ValueError or OverflowError for what is not of this form."""
    if said["format"] != FORMAT or not isinstance(said["sessions"], list):
        raise ValueError(said["format"])
    return Ledger(tuple(_entry(one) for one in said["sessions"]))


def _entry(said: Mapping[str, Any]) -> Saved:
    broker, at = _address(_text(said, "broker")), float(said["at"])
    match said["state"]:
        case "asked":
            return Intent(broker, _before(said["before"]), at)
        case "open":
            return Open(broker, _id(said), at)
        case "expired" | "cancelled" as how:
            return Ended(broker, _id(said), how, at)
        case "done":
            return Finished(broker, _id(said), _site(said["site"]), at)
        case other:
            raise ValueError(other)


def _site(said: Mapping[str, Any]) -> Site:
    """Its addresses are shown, opened and pasted, and a token goes to one."""
    locale = _text(said, "locale")
    if not re.fullmatch(r"[A-Za-z0-9_.-]{0,40}", locale):
        raise ValueError("locale")
    rest = {
        name: text and _address(text)
        for name in ("home_url", "dashboard_url", "subscription_url")
        for text in (_text(said, name),)
    }
    return Site(_address(_text(said, "url")), locale=locale, **rest)


def _address(text: str) -> str:
    if not text or address(text) != text:
        raise ValueError("it is no address")
    return text


def _before(value: object) -> str | None:
    if value is None or value == "":
        return value if value is None else ""
    if not isinstance(value, str) or not is_session(value):
        raise ValueError("before")
    return value


def _id(said: Mapping[str, Any]) -> str:
    if not is_session(found := _text(said, "session")):
        raise ValueError(found)
    return found


def _text(said: Mapping[str, Any], name: str) -> str:
    if not isinstance(value := said[name], str):
        raise TypeError(name)
    return value

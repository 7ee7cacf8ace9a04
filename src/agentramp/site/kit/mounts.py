"""Where on a site Discuss Kit and Media Kit lie."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from agentramp.address import place
from agentramp.exchange import ExchangeError, Letter, Reply, get, host
from agentramp.site.kit.port import KitError

DISCUSS_KIT: Final = "z8ia1WEiBZ7hxURf6LwH21Wpg99vophFwSJdu"
MEDIA_KIT: Final = "z8ia1mAXo8ZE7ytGF36L5uBf9kD2kenhqFGp9"
_SECONDS: Final = 30.0
_TRIES: Final = 4
_SERVER_ERRORS: Final = 500


@dataclass(frozen=True)
class Mounts:
    """Paths on the site, empty for its top. ``media`` is None where there is no Media Kit."""

    origin: str
    discuss: str
    media: str | None

    @property
    def kit(self) -> str:
        return f"{self.origin}{self.discuss}"


def origin(url: str) -> str:
    """The site of ``url``; raises UsageError for what no token may go to."""
    return place(url, "the site").origin


def discover(site: str, sleep: Callable[[float], None]) -> Mounts:
    """Ask a site what it has; raises KitError and ExchangeError. No token goes there."""
    where = origin(site)
    found = _components(_asked(where, sleep), where)
    discuss = found.get(DISCUSS_KIT)
    if discuss is None:
        raise KitError(
            f"{host(where)} has no Discuss Kit",
            advice="add Discuss Kit to that site, or make one: agentramp site create",
        )
    media = found.get(MEDIA_KIT)
    return Mounts(where, discuss.rstrip("/"), None if media is None else media.rstrip("/"))


def _asked(where: str, sleep: Callable[[float], None]) -> Reply:
    letter = Letter(f"{where}/__blocklet__.js?type=json", b"")
    for number in range(_TRIES - 1):
        try:
            reply = get(letter, timeout=_SECONDS)
            if reply.status < _SERVER_ERRORS:
                return reply
        except ExchangeError:
            pass
        sleep(2.0**number)
    return get(letter, timeout=_SECONDS)


def _components(reply: Reply, where: str) -> Mapping[str, str]:
    """The mount point of each component by its DID."""
    try:
        said = json.loads(reply.content)
    except (ValueError, RecursionError):
        said = None
    points = said.get("componentMountPoints") if isinstance(said, dict) else None
    if reply.status != 200 or not isinstance(points, list):  # noqa: PLR2004 - HTTP's yes
        raise KitError(
            f"{host(where)} does not say what it has: it is no site of a Blocklet Server",
            advice="give the address of the site as a browser shows it",
        )
    pairs = [(one.get("did"), one.get("mountPoint")) for one in points if isinstance(one, dict)]
    return {
        did: point
        for did, point in pairs
        if isinstance(did, str) and isinstance(point, str) and _is_path(point)
    }


def _is_path(point: str) -> bool:
    plain = point.isprintable() and not set(point) & set(" ?#\\@")
    return point.startswith("/") and not point.startswith("//") and plain

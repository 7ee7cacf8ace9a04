"""A Blocklet Server's refusals as the port's errors, with what to do about each.

The words are those of Blocklet Server 1.17.12; ``tests/blocklet/server.py`` answers with them.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from agentramp.platform.port import AlreadyExistsError, NotFoundError, PlatformError

BUSY: Final = "Can not deploy blocklet when it is"
ABSENT: Final = "Component does not exist"
_DOOR: Final = range(400, 500)
_LONGEST: Final = 300
_OWN_SIGNATURE: Final = re.compile(r"0x[0-9a-f]{64,}")
_KEY: Final = "use an access key made on this server, for this application, that has not ended"

_KINDS: Final[tuple[tuple[str, type[PlatformError], str], ...]] = (
    ("verify failed", PlatformError, "the secret is not the one of this access key: " + _KEY),
    ("Access Key", PlatformError, _KEY),
    ("not allowed", PlatformError, _KEY),
    ("forbidden", PlatformError, _KEY),
    (
        "blocklet is not valid",
        NotFoundError,
        "check the application's DID and that it lives on this server",
    ),
    (
        "Root blocklet does not exist",
        NotFoundError,
        "check the application's DID and that it lives on this server",
    ),
    ("Invalid did", NotFoundError, "check the application's DID"),
    (ABSENT, NotFoundError, "see what is installed: agentramp status"),
    ("duplicate mount point", AlreadyExistsError, "choose another mount point"),
    (BUSY, PlatformError, "wait until the application's components have started, then run again"),
    ("HTTP 413", PlatformError, "the bundle is larger than the server takes: ship less"),
    ("TAR_BAD_ARCHIVE", PlatformError, "the bundle is no gzipped tar: build it anew"),
    ("Invalid blocklet.yml", PlatformError, "mend the field that the message names"),
)


def refusal(name: str, status: int, body: Mapping[str, Any]) -> PlatformError:
    """What the operation ``name`` was answered, in the server's words and without its stack."""
    text = _text(body) or f"HTTP {status}"
    kind, advice = PlatformError, "usual cause: as the server says; else look into its own log"
    for mark, its_kind, its_advice in _KINDS:
        if mark in text:
            kind, advice = its_kind, its_advice
            break
    error = kind(
        f"{name}: {text}", code="" if text.startswith("HTTP") else _code(status), advice=advice
    )
    # Refused at the door, or busy: the server says so before it does anything.
    error.untouched = status in _DOOR or BUSY in text
    return error


def shown(text: str) -> str:
    """A server's own words, with nothing in them that a terminal would obey."""
    return "".join(char for char in text if char.isprintable())


def is_busy(error: PlatformError) -> bool:
    return BUSY in error.message


def _code(status: int) -> str:
    return f"HTTP {status}" if status in _DOOR else ""


def _text(body: Mapping[str, Any]) -> str:
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    said = first.get("message") if isinstance(first, dict) else body.get("error")
    words = shown(" ".join(str(said or "").split()))
    # What it says of a wrong signature holds the signature.
    return _OWN_SIGNATURE.sub("…", words)[:_LONGEST]

"""The session a request names: pure, so that what clients send can be tried in every form."""

from collections.abc import Iterable
from hashlib import blake2b

from agentramp.local import assumptions

_LONGEST = 256


def named(header: str | None, cookies: Iterable[str]) -> str | None:
    """The session in the header or the ``Cookie`` lines, None where neither names one."""
    found = header or _in_cookies(cookies)
    return _kept(found) if found else None


def _in_cookies(lines: Iterable[str]) -> str | None:
    # By hand: the standard parser gives up at the first cookie of others that is not strict.
    for line in lines:
        if assumptions.SESSION_COOKIE not in line:
            continue
        for pair in line.split(";"):
            name, _, value = pair.partition("=")
            if name.strip() == assumptions.SESSION_COOKIE:
                return value.strip().strip('"')
    return None


def _kept(text: str) -> str:
    """``text``, or its digest where it is very long or no UTF-8."""
    if len(text) <= _LONGEST and _is_text(text):
        return text
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=32).hexdigest()


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

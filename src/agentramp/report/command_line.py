"""A command as a person may paste it: always one line, whatever its words hold."""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

_ODD = re.compile(r"[^\x20-\x7e]|##\[")
_LOGIN = re.compile(r"\b(https?://)([^/?#\s]+)@|(://[^/?#\s:@]*):([^/?#\s]+)@", re.IGNORECASE)
"""A password, or what stands where the web has one. The ``git@`` of ssh is no secret."""


def spelt(words: Sequence[str]) -> str:
    """For bash, zsh and their like; what is no plain letter stands in ``$'..'``.

    A login in an address is left out: what is printed here may be seen by many.
    """
    return " ".join(_word(_LOGIN.sub(_without_login, word)) for word in words)


def has_login(address: str) -> bool:
    return _LOGIN.search(address) is not None


def logins(texts: Iterable[str]) -> Iterator[str]:
    """The logins in ``texts``: whole, and the password alone."""
    for found in (found for text in texts for found in _LOGIN.finditer(text)):
        login = found[2] or found[4]
        yield login
        yield login.rpartition(":")[2]


def quoted(text: str) -> Iterator[str]:
    """``text`` as it stands inside a word of ``spelt``, whose quotes are not its own."""
    yield text.replace("'", "'\"'\"'")
    yield "".join(map(_letter, _plain(text)))


def _without_login(found: re.Match[str]) -> str:
    return f"{found[1]}***@" if found[1] else f"{found[3]}:***@"


def _word(word: str) -> str:
    if not _ODD.search(word):
        return shlex.quote(word)
    return "$'" + "".join(map(_letter, _plain(word))) + "'"


def _plain(word: str) -> str:
    return word.replace("\\", "\\\\").replace("'", "\\'").replace("##[", "##\\133")


def _letter(char: str) -> str:
    if char.isprintable():
        return char
    # Octal ends after three digits; hex would take what follows it.
    return "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", "surrogateescape"))

"""A command as a person may paste it: always one line, whatever its words hold."""

import re
import shlex
from collections.abc import Sequence

_ODD = re.compile(r"[^\x20-\x7e]|##\[")


def spelt(words: Sequence[str]) -> str:
    """For bash, zsh and their like; what is no plain letter stands in ``$'..'``."""
    return " ".join(map(_word, words))


def _word(word: str) -> str:
    if not _ODD.search(word):
        return shlex.quote(word)
    plain = word.replace("\\", "\\\\").replace("'", "\\'").replace("##[", "##\\133")
    return "$'" + "".join(map(_letter, plain)) + "'"


def _letter(char: str) -> str:
    if char.isprintable():
        return char
    # Octal ends after three digits; hex would take what follows it.
    return "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", "surrogateescape"))

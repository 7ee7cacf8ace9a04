"""Text that people wrote, made harmless for a terminal and fitted to its columns.

A reason may hold whatever somebody typed or a commit brought along: escape sequences, marks that
turn the direction of writing, halves of characters. They are shown as such and cannot act.
"""

import unicodedata
from collections.abc import Iterator

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS = {"\u200c", "\u200d"}  # several scripts and most flags are spelt with them


def harmless(text: str) -> str:
    r"""One line; what cannot be seen or would act stands as its escape, such as ``\x1b``."""
    return "".join(_shown(char) for char in " ".join(text.split()))


def cannot_act(text: str) -> str:
    """As ``harmless``, with the spaces and tabs as they are: columns in a log mean something."""
    if text.isprintable():
        return text
    return "".join(char if char == "\t" else _shown(char) for char in text)


def lines_that_cannot_act(text: str) -> str:
    """As ``cannot_act``, and lines stay lines."""
    return "\n".join(map(cannot_act, text.replace("\r", "").split("\n")))


def _shown(char: str) -> str:
    if char in _JOINERS or unicodedata.category(char) not in _UNSEEN:
        return char
    return char.encode("unicode_escape").decode("ascii")


def columns(text: str) -> int:
    """How wide a terminal draws ``text``: Chinese takes two columns, an accent none."""
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if char in _JOINERS or unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def cut(text: str, width: int) -> str:
    """At most ``width`` columns of ``text``; three points stand for what is missing."""
    if columns(text) <= width:
        return text
    head, _ = _split(text, max(0, width - 3), least=0)
    return (head.rstrip() + "...")[: max(0, width)]


def wrapped(text: str, width: int) -> Iterator[str]:
    """Lines of at most ``width`` columns; a word that is longer than a line is broken."""
    line = ""
    for given in text.split(" "):
        word = given
        if line and columns(line) + 1 + columns(word) <= width:
            line += f" {word}"
            continue
        if line:
            yield line
        while columns(word) > width:
            head, word = _split(word, width, least=1)
            yield head
        line = word
    yield line


def _split(text: str, width: int, *, least: int) -> tuple[str, str]:
    """The longest beginning that fits, of ``least`` characters though, and the rest."""
    used = 0
    for index, char in enumerate(text):
        used += _width(char)
        if used > width and index >= least:
            return text[:index], text[index:]
    return text, ""

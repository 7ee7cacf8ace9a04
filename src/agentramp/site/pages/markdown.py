"""Markdown as a flat run of tokens, and where in the file each address in it stands."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from agentramp.errors import UsageError

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_SHOWN: Final = 40
_SILENT: Final = re.compile(r"<!--.*?-->|</?a\b[^>]*>", re.DOTALL | re.IGNORECASE)
_COMMENT: Final = re.compile(r"\s*(?:<!--.*?-->\s*)+", re.DOTALL)


def parser() -> "MarkdownIt":
    """CommonMark, with tables and strikethrough. Its nesting is bounded by itself."""
    try:
        from markdown_it import MarkdownIt  # noqa: PLC0415 - an extra, and only publishing needs it
    except ImportError as error:
        raise UsageError(
            "publishing needs markdown-it-py, which is not installed",
            advice="pip install 'agentramp[site]'",
        ) from error
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def is_comment(html: str) -> bool:
    """HTML stays text on the site, but for a comment: that one nobody is meant to read."""
    return _COMMENT.fullmatch(html) is not None


def words(tokens: Iterable["Token"]) -> str:
    """What is read of them: without formats, comments and the anchors that are jumped to."""
    return "".join(_spoken(token) for token in tokens)


def _spoken(token: "Token") -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return " "
    if token.type == "image":
        return words(token.children or ())
    if token.type == "html_inline" and _SILENT.fullmatch(token.content):
        return ""
    return token.content


def html(tokens: Iterable["Token"]) -> Iterator[tuple[int, str]]:
    """Lines, counted from 0, at which HTML stands that is no comment, and how it begins."""
    for token in tokens:
        if not token.map:
            continue
        parts = [token] if token.type == "html_block" else token.children or ()
        for one in parts:
            if one.type in {"html_block", "html_inline"} and not is_comment(one.content):
                yield token.map[0], one.content.strip().split("\n")[0][:_SHOWN]


@dataclass(frozen=True)
class Address:
    """Of a link or an image, as the parser tells it; ``line`` and ``column`` count from 1."""

    text: str
    image: bool
    line: int
    column: int


def addresses(tokens: Iterable["Token"], text: str, above: int) -> Iterator[Address]:
    """``above`` is how many lines of the file stand over ``text``."""
    lines = text.split("\n")
    for token in tokens:
        if token.type != "inline" or not token.map:
            continue
        cursor = _Cursor(lines, token.map[0], token.map[1])
        for address, image in _inline(token.children or ()):
            line, column = cursor.find(address)
            yield Address(address, image, line + above + 1, column + 1)


def _inline(tokens: Iterable["Token"]) -> Iterator[tuple[str, bool]]:
    for token in tokens:
        if token.type == "link_open":
            yield str(token.attrGet("href") or ""), False
        elif token.type == "image":
            yield str(token.attrGet("src") or ""), True
            yield from _inline(token.children or ())


@dataclass
class _Cursor:
    """The parser tells only the block of an address; within it they are looked for in turn.

    An address that stands elsewhere, as that of a reference does, is told at the block's start.
    """

    lines: Sequence[str]
    line: int
    end: int
    column: int = 0

    def find(self, address: str) -> tuple[int, int]:
        for written in dict.fromkeys((address, unquote(address))):
            for line in range(self.line, self.end):
                start = self.column if line == self.line else 0
                column = self.lines[line].find(written, start) if written else -1
                if column >= 0:
                    self.line, self.column = line, column + len(written)
                    return line, column
        return self.line, 0

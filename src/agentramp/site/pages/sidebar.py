"""``_sidebar.md``: a list of links that says which pages there are, how nested, in which order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from agentramp.diagnostics import Diagnostic, Position
from agentramp.site.pages import markdown
from agentramp.site.pages.folder import SIDEBAR

if TYPE_CHECKING:
    from markdown_it.token import Token

_ENDS: Final = {"bullet_list_open": "bullet_list_close", "ordered_list_open": "ordered_list_close"}


@dataclass(frozen=True)
class Line:
    """``link`` is empty where the line only heads the ones below it."""

    title: str
    link: str
    at: Position
    below: tuple["Line", ...] = ()


def read(text: str, faults: list[Diagnostic]) -> tuple[Line, ...]:
    """Of every list in it, one after the other; other words do not count."""
    tokens = markdown.parser().parse(text)
    opened = [at for at, one in enumerate(tokens) if one.type in _ENDS and not one.level]
    if not opened:
        message = "there is no list of pages; write lines such as * [Title](page.md)"
        faults.append(Diagnostic(Position(SIDEBAR, 1, 1), "", message, "sidebar"))
        return ()
    lines = text.split("\n")
    return tuple(line for at in opened for line in _items(tokens[at + 1 :], lines))


def _items(tokens: "Sequence[Token]", lines: Sequence[str]) -> Iterator[Line]:
    """The items of the list that ``tokens`` stand in, up to its end."""
    level = tokens[0].level if tokens else 0
    start = 0
    for at, token in enumerate(tokens):
        if token.level < level:
            return
        if token.type == "list_item_open" and token.level == level:
            start = at
        elif token.type == "list_item_close" and token.level == level:
            yield _line(tokens[start + 1 : at], lines)


def _line(tokens: "Sequence[Token]", lines: Sequence[str]) -> Line:
    words = next((one for one in tokens if one.type == "inline"), None)
    nested = next((one for one, token in enumerate(tokens) if token.type in _ENDS), None)
    below = () if nested is None else tuple(_items(tokens[nested + 1 :], lines))
    if words is None or words.map is None:
        return Line("", "", Position(SIDEBAR, 1, 1), below)
    children = words.children or []
    title = markdown.words(children).strip()
    hrefs = [str(one.attrGet("href") or "") for one in children if one.type == "link_open"]
    number = words.map[0]
    column = len(lines[number]) - len(lines[number].lstrip()) + 1
    return Line(title, hrefs[0] if hrefs else "", Position(SIDEBAR, number + 1, column), below)

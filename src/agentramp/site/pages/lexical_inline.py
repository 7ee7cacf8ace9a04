"""Words of Markdown as nodes of an editor: text with its format, links, images, line ends."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from agentramp.site.pages.markdown import is_comment, words

if TYPE_CHECKING:
    from markdown_it.token import Token

Node: TypeAlias = dict[str, Any]
_FORMATS: Final = {"strong": 1, "em": 2, "s": 4}
"""Lexical keeps a text's format as bits."""
_CODE: Final = 16
_WIDEST: Final = 500


class Addresses(Protocol):
    """What stands on the site for an address of the page."""

    def link(self, href: str) -> str: ...
    def image(self, src: str) -> str: ...


def element(kind: str, children: list[Node], **more: object) -> Node:
    """A node that holds others, with what all of these have."""
    shape = {"direction": None, "format": "", "indent": 0, "type": kind, "version": 1}
    return {"children": children, **shape, **more}


def text(said: str, format_: int = 0) -> Node:
    return {
        "detail": 0,
        "format": format_,
        "mode": "normal",
        "style": "",
        "text": said,
        "type": "text",
        "version": 1,
    }


def lines(said: str, make: Callable[[str], Node]) -> Iterator[Node]:
    """A text of several lines: a line end is a node of its own."""
    for number, line in enumerate(said.split("\n")):
        if number:
            yield {"type": "linebreak", "version": 1}
        if line:
            yield make(line)


def inline(tokens: "Iterable[Token]", addresses: Addresses) -> list[Node]:
    return _Words(addresses).all(tokens)


class _Words:
    """Written as the tokens come: the formats that are open, and the link that is."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._found: list[Node] = []
        self._into = self._found
        self._open: list[int] = []

    def all(self, tokens: "Iterable[Token]") -> list[Node]:
        for token in tokens:
            self._one(token)
        return self._found

    def _one(self, token: "Token") -> None:
        kind, _, end = token.type.rpartition("_")
        if kind in _FORMATS:
            self._format(_FORMATS[kind], opens=end == "open")
        elif kind == "link":
            self._link(token)
        elif token.type == "image":
            src = self._addresses.image(str(token.attrGet("src") or ""))
            self._into.append(_image(src, words(token.children or ())))
        elif token.type in {"softbreak", "hardbreak"}:
            self._break(hard=token.type == "hardbreak")
        elif token.content and not (token.type == "html_inline" and is_comment(token.content)):
            self._say(token.content, _CODE if token.type == "code_inline" else 0)

    def _format(self, bit: int, *, opens: bool) -> None:
        if opens:
            self._open.append(bit)
        elif bit in self._open:
            self._open.remove(bit)

    def _link(self, token: "Token") -> None:
        if token.nesting < 0:
            self._into = self._found
            return
        children: list[Node] = []
        href = str(token.attrGet("href") or "")
        title = token.attrGet("title")
        shape = {"rel": None, "target": None, "title": title, "url": self._addresses.link(href)}
        self._found.append(element("link", children, **shape))
        self._into = children

    def _break(self, *, hard: bool) -> None:
        if hard:
            self._into.append({"type": "linebreak", "version": 1})
        else:
            self._say(" ", 0)

    def _say(self, said: str, more: int) -> None:
        """What has one format is one node: an editor would join it too."""
        bits = more
        for bit in self._open:
            bits |= bit
        last = self._into[-1] if self._into else None
        if last is not None and last["type"] == "text" and last["format"] == bits:
            last["text"] += said
        else:
            self._into.append(text(said, bits))


def _image(src: str, alt: str) -> Node:
    """0 for width and height: as large as it is. The caption is an editor of its own."""
    return {
        "altText": alt,
        "caption": {"editorState": {"root": element("root", [])}},
        "height": 0,
        "maxWidth": _WIDEST,
        "showCaption": False,
        "sizeMode": "original",
        "src": src,
        "type": "image",
        "version": 1,
        "width": 0,
    }

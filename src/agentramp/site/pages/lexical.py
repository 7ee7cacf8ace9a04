"""Blocks of Markdown as the state of a Lexical editor, which is what Discuss Kit keeps.

The shapes are those that Lexical 0.33 writes. ``image``, ``mermaid`` and ``subpage-listing`` are
nodes of Discuss Kit's own editor, in the shape in which the vendor's publisher sends them.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from agentramp.site.pages.lexical_inline import Addresses, element, inline, lines, text
from agentramp.site.pages.markdown import is_comment

if TYPE_CHECKING:
    from markdown_it.token import Token

Node: TypeAlias = dict[str, Any]
_HEADER: Final = 1
_SLOT: Final = "\ud800"
_MERMAID: Final = "mermaid"
_FLOWING: Final = frozenset({"paragraph_open", "heading_open"})


@dataclass(frozen=True)
class State:
    """The editor's state as JSON text, but for the addresses in it.

    ``parts`` are text, an address as the page has it, text, and so on: of a large site the tokens
    of every page would fill the memory. ``images`` are the numbers of the parts that are images'.
    """

    parts: tuple[str, ...] = field(repr=False)
    images: frozenset[int] = frozenset()

    def with_addresses(self, addresses: Addresses) -> str:
        parts = list(self.parts)
        for number in range(1, len(parts), 2):
            name = addresses.image if number in self.images else addresses.link
            parts[number] = json.dumps(name(parts[number]), ensure_ascii=False)[1:-1]
        return "".join(parts)


def state(blocks: "Sequence[Token]") -> State:
    """An empty page is one empty paragraph."""
    slots = _Slots()
    children = _Blocks(slots).all(_trees(blocks)) or [element("paragraph", [], **_PLAIN)]
    parts = _written(children).split(_SLOT)
    numbers = {at: int(parts[at]) for at in range(1, len(parts), 2)}
    for at, number in numbers.items():
        parts[at] = slots.found[number]
    images = frozenset(at for at, number in numbers.items() if number in slots.images)
    return State(tuple(parts), images)


@dataclass(frozen=True)
class _Slots:
    """Stands in for the addresses, and has them found again: no text in UTF-8 has a surrogate."""

    found: list[str] = field(default_factory=list)
    images: set[int] = field(default_factory=set)

    def link(self, href: str) -> str:
        self.found.append(href)
        return f"{_SLOT}{len(self.found) - 1}{_SLOT}"

    def image(self, src: str) -> str:
        self.images.add(len(self.found))
        return self.link(src)


def listing(slug: str) -> str:
    """The state of a folder without a page of its own: what lies in it."""
    data = {"mode": "children", "docPostId": slug}
    return _written([{"type": "subpage-listing", "version": 1, "format": "", "data": data}])


def _written(children: list[Node]) -> str:
    root = {"root": element("root", children)}
    return json.dumps(root, ensure_ascii=False, separators=(",", ":"))


_PLAIN: Final = {"textFormat": 0, "textStyle": ""}


@dataclass(frozen=True)
class _Tree:
    """A token with what stands between it and its end."""

    token: "Token"
    children: "tuple[_Tree, ...]" = ()


def _trees(tokens: "Sequence[Token]") -> tuple[_Tree, ...]:
    """Without recursion: how deep it is, the page decides."""
    stack: list[tuple[Token | None, list[_Tree]]] = [(None, [])]
    for token in tokens:
        if token.nesting > 0:
            stack.append((token, []))
        elif token.nesting < 0:
            opened, children = stack.pop()
            if opened is not None:
                stack[-1][1].append(_Tree(opened, tuple(children)))
        else:
            stack[-1][1].append(_Tree(token))
    return tuple(stack[0][1])


@dataclass(frozen=True)
class _Blocks:
    """``depth`` is how many items these stand in."""

    addresses: Addresses
    depth: int = 0

    def all(self, trees: Sequence[_Tree]) -> list[Node]:
        return [node for tree in trees for node in self.block(tree)]

    def block(self, tree: _Tree) -> Iterator[Node]:
        make = _MAKERS.get(tree.token.type)
        if make is not None:
            yield from make(self, tree)
        elif tree.children:
            yield from self.all(tree.children)

    def text(self, tree: _Tree) -> list[Node]:
        tokens = [one.token for one in tree.children if one.token.type == "inline"]
        return [node for one in tokens for node in inline(one.children or (), self.addresses)]

    def paragraph(self, tree: _Tree) -> Iterator[Node]:
        yield element("paragraph", self.text(tree), **_PLAIN)

    def heading(self, tree: _Tree) -> Iterator[Node]:
        yield element("heading", self.text(tree), tag=tree.token.tag)

    def quote(self, tree: _Tree) -> Iterator[Node]:
        """A quote of Lexical holds text only: what is more stands between two quotes."""
        for flowing, part in self.parts(tree.children):
            yield from [element("quote", part)] if flowing else part

    def parts(self, trees: Sequence[_Tree]) -> Iterator[tuple[bool, list[Node]]]:
        """Runs of paragraphs as one text, parted by line ends, and each block that is none."""
        run: list[Node] = []
        for tree in trees:
            if tree.token.type in _FLOWING:
                run += [*([_line_end()] if run else []), *self.text(tree)]
                continue
            if run:
                yield True, run
                run = []
            yield False, self.all([tree])
        if run:
            yield True, run

    def bullets(self, tree: _Tree) -> Iterator[Node]:
        yield element("list", self.items(tree, 1), listType="bullet", start=1, tag="ul")

    def numbers(self, tree: _Tree) -> Iterator[Node]:
        said = tree.token.attrGet("start")
        start = 1 if said is None else int(said)
        yield element("list", self.items(tree, start), listType="number", start=start, tag="ol")

    def items(self, tree: _Tree, start: int) -> list[Node]:
        found: list[Node] = []
        for item in tree.children:
            found += self.item(item, start)
            start = _next(found[-1])
        return found

    def item(self, tree: _Tree, value: int) -> Iterator[Node]:
        """A list within an item stands in an item of its own, as Lexical has it.

        That one has the number of the item after it.
        """
        held: list[Node] = []
        for flowing, part in replace(self, depth=self.depth + 1).parts(tree.children):
            if not flowing and part and part[0]["type"] == "list":
                if held:
                    yield element("listitem", held, value=value, indent=self.depth)
                    held, value = [], value + 1
                yield element("listitem", part, value=value, indent=self.depth)
            else:
                held += [*([_line_end()] if held and flowing else []), *part]
        if held or not tree.children:
            yield element("listitem", held, value=value, indent=self.depth)

    def code(self, tree: _Tree) -> Iterator[Node]:
        language = tree.token.info.strip().split(" ")[0]
        code = tree.token.content.removesuffix("\n")
        if language == _MERMAID:
            yield {"type": "mermaid", "version": 1, "code": code}
        else:
            children = list(lines(code, _highlight))
            yield element("code", children, **({"language": language} if language else {}))

    def html(self, tree: _Tree) -> Iterator[Node]:
        if not is_comment(tree.token.content):
            children = list(lines(tree.token.content.strip("\n"), text))
            yield element("paragraph", children, **_PLAIN)

    def rule(self, _: _Tree) -> Iterator[Node]:
        yield {"type": "horizontalrule", "version": 1}

    def table(self, tree: _Tree) -> Iterator[Node]:
        rows = [row for part in tree.children for row in part.children]
        yield element("table", [self.row(row) for row in rows])

    def row(self, tree: _Tree) -> Node:
        return element("tablerow", [self.cell(cell) for cell in tree.children])

    def cell(self, tree: _Tree) -> Node:
        head = _HEADER if tree.token.type == "th_open" else 0
        inside = element("paragraph", self.text(tree), **_PLAIN)
        shape = {"colSpan": 1, "rowSpan": 1, "headerState": head, "backgroundColor": None}
        return element("tablecell", [inside], **shape)


def _next(item: Node) -> int:
    """The number after that of ``item``; one that only holds a list has none of its own."""
    holds_list = item["children"] and item["children"][0]["type"] == "list"
    return int(item["value"]) + (0 if holds_list else 1)


def _line_end() -> Node:
    return {"type": "linebreak", "version": 1}


def _highlight(text: str) -> Node:
    return {
        "detail": 0,
        "format": 0,
        "mode": "normal",
        "style": "",
        "text": text,
        "type": "code-highlight",
        "version": 1,
    }


_MAKERS: "Final[dict[str, Callable[[_Blocks, _Tree], Iterator[Node]]]]" = {
    "paragraph_open": _Blocks.paragraph,
    "heading_open": _Blocks.heading,
    "blockquote_open": _Blocks.quote,
    "bullet_list_open": _Blocks.bullets,
    "ordered_list_open": _Blocks.numbers,
    "fence": _Blocks.code,
    "code_block": _Blocks.code,
    "html_block": _Blocks.html,
    "hr": _Blocks.rule,
    "table_open": _Blocks.table,
}

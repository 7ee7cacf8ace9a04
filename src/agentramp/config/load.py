"""YAML text → located tree. Built on the parser's events, so every bound holds while reading."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from yaml import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
    YAMLError,
    parse,
)

from agentramp.config.scalars import read_plain, read_tagged
from agentramp.config.syntax import explain
from agentramp.config.text import decode
from agentramp.config.tree import MAX_DEPTH, Entry, Mapping, Node, Scalar, Sequence
from agentramp.diagnostics import ConfigError, Diagnostic, Position

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML without libyaml: slower, reads the same
    from yaml import SafeLoader as Loader  # type: ignore[assignment]  # the same methods

_STANDARD: Final = "tag:yaml.org,2002:"
_SCALAR_TAGS: Final = frozenset({"!", "str", "null", "bool", "int", "float"})
_UNQUOTED: Final = re.compile(r"(?<=[\[,])[ \t]*\$\{[^{}\n]*\}(?=[ \t]*[,\]])")
_UNPRINTABLE: Final = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Form:
    """What a message says a file is, and whether one without any content is one."""

    name: str
    begins: str
    may_be_empty: bool = False


S_YAML: Final = Form("an s.yaml", "edition: 3.0.0")


def load(data: bytes, file: str, form: Form = S_YAML) -> Mapping:
    """Raise ConfigError with the one fault that stops reading.

    A repeated key does not: the tree keeps it for the checks.
    """
    text = decode(data, file)
    try:
        return _Reader(text, file, form).document()
    except ConfigError:
        quoted = _with_quotes(text)
        if quoted == text:
            raise
        try:
            return _Reader(quoted, file, form).document()
        except ConfigError:
            pass
        raise


def _with_quotes(text: str) -> str:
    """``[${env(ID)}]``, as the guides write it, is no YAML before its variables have quotes."""
    return _UNQUOTED.sub(lambda found: _in_quotes(found[0]), text)


def _in_quotes(word: str) -> str:
    bare = word.lstrip()
    escaped = bare.replace("'", "''")
    return f"{word[: len(word) - len(bare)]}'{escaped}'"


def load_value(data: bytes, file: str, form: Form) -> Node:
    """Read what need not be a mapping; raises as ``load`` does."""
    return _Reader(decode(data, file), file, form).whole()


class _Reader:
    def __init__(self, text: str, file: str, form: Form) -> None:
        self._text = text
        self._file = file
        self._form = form
        self._events = self._safely(text)
        self._anchors: dict[str, Node | None] = {}
        self._depth = 0

    def whole(self) -> Node:
        next(self._events)
        first = next(self._events)
        if isinstance(first, StreamEndEvent):
            return self._nothing(Position(self._file, 1, 1))
        root = self._node(next(self._events))
        self._expect_end()
        return root

    def document(self) -> Mapping:
        root = self.whole()
        if isinstance(root, Scalar) and root.value is None:
            return self._nothing(root.position)
        if not isinstance(root, Mapping):
            kind = "a list" if isinstance(root, Sequence) else "a single value"
            message = (
                f"the file holds {kind}; {self._form.name} is a mapping that begins with: "
                f"{self._form.begins}"
            )
            raise self._fault(root.position, message)
        return root

    def _nothing(self, position: Position) -> Mapping:
        if self._form.may_be_empty:
            return Mapping(position)
        what = "holds only comments" if self._text.strip() else "is empty"
        message = f"the file {what}; {self._form.name} begins with: {self._form.begins}"
        raise self._fault(position, message)

    def _expect_end(self) -> None:
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                message = "a second document begins here; keep one per file and remove this '---'"
                raise self._fault(self._position(event), message)
            if not isinstance(event, DocumentEndEvent | StreamEndEvent):
                raise TypeError(f"{event} after the end of a document")

    def _safely(self, text: str) -> Iterator[Event]:
        """Give the parser's events; its complaints become ours."""
        try:
            yield from parse(text, Loader=Loader)
        except (YAMLError, ValueError, OverflowError) as error:
            position, message = explain(error, text, self._file)
            raise self._fault(position, message) from error

    def _node(self, event: Event) -> Node:
        if isinstance(event, AliasEvent):
            return self._alias(event)
        anchor = event.anchor  # type: ignore[attr-defined]  # on every event that begins a node
        if anchor is not None:
            self._anchors[anchor] = None
        node = self._built(event)
        excess = node.weight.excess()
        if excess:
            message = f"this {excess}; usual cause: aliases that multiply each other"
            raise self._fault(node.position, message, "size")
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _built(self, event: Event) -> Node:
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            message = f"this is nested more than {MAX_DEPTH} levels deep"
            raise self._fault(self._position(event), message, "size")
        build = self._mapping if isinstance(event, MappingStartEvent) else self._sequence
        node = build(event)
        self._depth -= 1
        return node

    def _alias(self, event: AliasEvent) -> Node:
        name = event.anchor
        if name not in self._anchors:
            message = (
                "this alias (a word that begins with *) has no anchor above it; "
                "usual cause: a value that begins with * and needs quotes"
            )
            raise self._fault(self._position(event), message)
        node = self._anchors[name]
        if node is None:
            message = "this alias stands inside the anchor it names, so it has no end; remove it"
            raise self._fault(self._position(event), message)
        return node

    def _scalar(self, event: ScalarEvent) -> Scalar:
        position = self._position(event)
        if _UNPRINTABLE.search(event.value):
            message = "the escape in this text stands for a character no text may hold"
            raise self._fault(position, message)
        tag = self._tag(event, _SCALAR_TAGS)
        if not tag:
            value = read_plain(event.value) if event.implicit[0] else event.value
            return Scalar(position, value)
        try:
            return Scalar(position, read_tagged(tag, event.value))
        except ValueError as error:
            message = f"{error}: the value does not fit its tag !!{tag}; remove the tag"
            raise self._fault(position, message) from error

    def _sequence(self, event: Any) -> Sequence:  # noqa: ANN401 - events are untyped
        self._tag(event, frozenset({"seq"}))
        items = []
        following = next(self._events)
        while not isinstance(following, SequenceEndEvent):
            items.append(self._node(following))
            following = next(self._events)
        return Sequence(self._position(event), tuple(items))

    def _mapping(self, event: Any) -> Mapping:  # noqa: ANN401 - events are untyped
        self._tag(event, frozenset({"map"}))
        own: dict[str, Entry] = {}
        repeated: list[Entry] = []
        merged: list[Mapping] = []
        following = next(self._events)
        while not isinstance(following, MappingEndEvent):
            entry = self._entry(following)
            if entry.key == "<<" and following.implicit[0]:  # type: ignore[attr-defined]  # a scalar's
                merged += self._merge_sources(entry)
            elif entry.key in own:
                repeated.append(entry)
            else:
                own[entry.key] = entry
            following = next(self._events)
        for source in merged:
            for entry in source.entries:
                own.setdefault(entry.key, entry)
        return Mapping(self._position(event), tuple(own.values()), tuple(repeated))

    def _entry(self, event: Event) -> Entry:
        key = self._node(event)
        position = self._position(event)
        if not isinstance(event, ScalarEvent):
            if isinstance(event, AliasEvent) and isinstance(key, Scalar):
                return Entry(str(key.value), position, self._node(next(self._events)))
            message = (
                "a list, mapping or alias stands where a key belongs; "
                "usual cause: {{ }} without quotes around it"
            )
            raise self._fault(position, message)
        return Entry(event.value, position, self._node(next(self._events)))

    def _merge_sources(self, entry: Entry) -> list[Mapping]:
        value = entry.value
        parts = value.items if isinstance(value, Sequence) else (value,)
        sources = [part for part in parts if isinstance(part, Mapping)]
        if len(sources) != len(parts):
            message = "'<<' merges mappings only; write <<: *anchor-of-a-mapping"
            raise self._fault(entry.position, message)
        return sources

    def _tag(self, event: Any, known: frozenset[str]) -> str:  # noqa: ANN401 - events are untyped
        """Give a known tag's short name, or nothing where the file has no tag."""
        if event.tag is None:
            return ""
        tag: str = event.tag.removeprefix(_STANDARD)
        if tag in known:
            return tag
        message = (
            "tags are not allowed here (a word that begins with !); remove it, "
            "or quote a value that begins with !"
        )
        raise self._fault(self._position(event), message, "tag")

    def _position(self, event: Event) -> Position:
        mark = event.start_mark
        if mark is None:
            raise TypeError(f"{event} without a place")
        return Position(self._file, mark.line + 1, mark.column + 1)

    def _fault(self, position: Position, message: str, rule: str = "syntax") -> ConfigError:
        return ConfigError([Diagnostic(position, "", message, rule)])

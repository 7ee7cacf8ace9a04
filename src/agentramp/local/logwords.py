"""The search language of the log service, as far as the embedded platform speaks it.

Words and ``"quoted words"``, ``field:"value"``, ``and``, ``or``, ``not``, parentheses, and ``*``
for everything. A word is whole between the service's delimiters, whatever its case. Of a query
``x | SELECT`` this is the part before the bar.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from typing_extensions import assert_never

_DEEPEST = 50
_TOPIC = "__topic__"
_DELIMITERS = ", '\";=()[]{}?@&<>/:\n\t\r"
_EDGE = re.escape(_DELIMITERS)
_TOKEN = re.compile(
    r"\s*(?:(?P<quoted>\"(?:[^\"\\]|\\.)*\")|(?P<mark>[():])|(?P<word>[^\s()\":]+))", re.DOTALL
)
_NO_WORD = re.compile(r"[*?<>=#~|\[\]{}\\]")


class ParseError(ValueError):
    """The search is none, or says what is not understood here."""


@dataclass(frozen=True)
class Word:
    """``field`` is empty where any field may hold it; every part of the text has to be there."""

    field: str
    text: str
    parts: tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class Both:
    left: "Search"
    right: "Search"


@dataclass(frozen=True)
class Either:
    left: "Search"
    right: "Search"


@dataclass(frozen=True)
class Not:
    of: "Search"


@dataclass(frozen=True)
class Everything:
    pass


Search: TypeAlias = Word | Both | Either | Not | Everything


def matches(search: Search, known: Mapping[str, str], message: str | None) -> bool | None:
    """Whether a line is meant; None where that hangs on its message, which is not told yet."""
    match search:
        case Everything():
            return True
        case Word():
            return _has(search, known, message)
        case Not(of):
            found = matches(of, known, message)
            return None if found is None else not found
        case Both(left, right):
            one = matches(left, known, message)
            other = matches(right, known, message) if one is not False else False
            return False if other is False else (None if None in {one, other} else True)
        case Either(left, right):
            one = matches(left, known, message)
            other = matches(right, known, message) if one is not True else True
            return True if other is True else (None if None in {one, other} else False)
        case _:
            assert_never(search)


def _has(word: Word, known: Mapping[str, str], message: str | None) -> bool | None:
    if word.field == _TOPIC:
        return known.get(_TOPIC) == word.text
    if word.field and word.field != "message":
        text: str | None = known.get(word.field, "")
    elif word.field:
        text = message
    else:
        fields = "\n".join(value for name, value in known.items() if name != _TOPIC)
        text = fields if message is None else f"{fields}\n{message}"
    found = text is not None and all(part.search(text) for part in word.parts)
    return None if not found and message is None and word.field in {"", "message"} else found


def parse(text: str) -> Search:
    """Raises ParseError."""
    reader = _Reader(_tokens(text))
    if reader.done():
        return Everything()
    found = reader.either(0)
    if not reader.done():
        raise ParseError(f"'{reader.shown}' is not expected there")
    return found


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str

    def says(self, word: str) -> bool:
        return self.kind == "word" and self.text.lower() == word


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    end = len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise ParseError("a quotation is not closed")
        kind = found.lastgroup or ""
        tokens.append(_Token(kind, found[kind]))
        at = found.end()
    return tokens


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def done(self) -> bool:
        return self._at == len(self._tokens)

    @property
    def shown(self) -> str:
        return "the end" if self.done() else self._tokens[self._at].text

    def _next(self, word: str) -> bool:
        token = None if self.done() else self._tokens[self._at]
        here = token is not None and (token.says(word) or token == _Token("mark", word))
        self._at += here
        return here

    def either(self, depth: int) -> Search:
        found = self._both(depth)
        while self._next("or"):
            found = Either(found, self._both(depth))
        return found

    def _both(self, depth: int) -> Search:
        found = self._not(depth)
        while self._next("and") or self._goes_on():
            found = Both(found, self._not(depth))
        return found

    def _goes_on(self) -> bool:
        """Two words side by side are both meant."""
        if self.done():
            return False
        token = self._tokens[self._at]
        return not token.says("or") and token not in {_Token("mark", ")"), _Token("mark", ":")}

    def _not(self, depth: int) -> Search:
        if depth > _DEEPEST:
            raise ParseError("it is nested too deep")
        if self._next("not"):
            return Not(self._not(depth + 1))
        if self._next("("):
            found = self.either(depth + 1)
            if not self._next(")"):
                raise ParseError("a parenthesis is not closed")
            return found
        return self._word()

    def _word(self) -> Search:
        if self._next("*"):
            return Everything()
        text = self._text()
        return _word(text, self._text()) if self._next(":") else _word("", text)

    def _text(self) -> str:
        if self.done() or self._tokens[self._at].kind == "mark":
            raise ParseError(f"a word is expected, not '{self.shown}'")
        token = self._tokens[self._at]
        self._at += 1
        if token.kind == "quoted":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
        if _NO_WORD.search(token.text) or token.text.lower() in {"and", "or", "not"}:
            raise ParseError(f"'{token.text}' is not understood by the embedded platform")
        return token.text


def _word(name: str, text: str) -> Word:
    parts = [part for part in re.split(f"[{_EDGE}]+", text) if part]
    if not parts and name != _TOPIC:
        raise ParseError("a word is empty")
    return Word(
        name,
        text,
        tuple(
            re.compile(rf"(?<![^{_EDGE}]){re.escape(part)}(?![^{_EDGE}])", re.IGNORECASE)
            for part in parts
        ),
    )

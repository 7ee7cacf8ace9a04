"""Golden prompts and what is expected of their answers, as frozen values."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Message:
    role: str
    content: str


class Operator(Enum):
    """How a value that a JSON path leads to is compared."""

    EQUALS = "equals"
    NOT_EQUALS = "not-equals"
    EXISTS = "exists"
    CONTAINS = "contains"
    MATCHES = "matches"
    AT_LEAST = "at-least"
    AT_MOST = "at-most"


@dataclass(frozen=True)
class PathRule:
    """Some value at ``path`` has to fit ``operand``, which is JSON text.

    ``NOT_EQUALS`` and ``EXISTS`` false speak of all values there.
    """

    path: str
    operator: Operator
    operand: str


@dataclass(frozen=True)
class Expectation:
    """``first_byte_within`` is in seconds; ``matches`` are regular expressions found anywhere.

    ``json_schema`` is JSON text, and ``judged`` what a model is asked to judge an answer by.
    """

    status: int = 200
    first_byte_within: float | None = None
    contains: tuple[str, ...] = ()
    not_contains: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    json_path: tuple[PathRule, ...] = ()
    json_schema: str | None = None
    judged: str | None = None


@dataclass(frozen=True)
class Prompt:
    """``must``: a canary that answers it wrongly is refused, whatever the stable version does."""

    name: str
    messages: tuple[Message, ...]
    expect: Expectation = Expectation()
    stream: bool = True
    must: bool = False

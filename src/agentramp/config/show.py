"""Whether and how a message may show a value."""

import json
from typing import Final

from agentramp.config.cleartext import is_secret_name, looks_like_secret
from agentramp.config.tree import Mapping, Node, Scalar, Sequence, Step, Value

_LONGEST: Final = 60


def show(node: Node | None, path: tuple[Step, ...]) -> str:
    """Write a value as it stands in a file; a value that may be a secret is only named."""
    if isinstance(node, Mapping):
        return "this mapping"
    if isinstance(node, Sequence):
        return "this list"
    if not isinstance(node, Scalar) or may_be_secret(node, path):
        return "this value"
    return show_value(node.value)


def may_be_secret(node: Scalar, path: tuple[Step, ...]) -> bool:
    named = any(isinstance(step, str) and is_secret_name(step) for step in _own(path))
    shaped = isinstance(node.value, str) and looks_like_secret(node.value)
    return node.origin.hidden or named or shaped


def _own(path: tuple[Step, ...]) -> tuple[Step, ...]:
    """Leave out what only names a resource of an s.yaml."""
    return path[2:] if path[:1] == ("resources",) else path


def show_value(value: Value) -> str:
    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable():
        text = json.dumps(value)
    if len(text) > _LONGEST:
        return text[: _LONGEST - 4] + ("..." + '"' if isinstance(value, str) else "...")
    return text

"""Plain YAML scalars as Serverless Devs reads them: the core schema of YAML 1.2.

``on`` and ``yes`` are text, ``012`` is twelve, ``12:30:00`` and ``2024-01-01`` are text.
Not-a-number and infinities stay text: no field can hold one.
"""

import math
import re
from typing import Final

from agentramp.config.tree import Value

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN: Final = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?(?:0b[01]+|0o[0-7]+|0x[0-9a-fA-F]+|[0-9]+)\Z")
_FLOAT: Final = re.compile(r"(?:[-+]?[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z")
_BASES: Final = {"0b": 2, "0o": 8, "0x": 16}
# Longer ones are no quantity a field can hold, and Python refuses to print the longest.
_MAX_DIGITS: Final = 60


def read_plain(text: str) -> Value:
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    number = read_number(text)
    return text if number is None else number


def read_number(text: str) -> int | float | None:
    if len(text) > _MAX_DIGITS:
        return None
    if _INTEGER.match(text):
        return _integer(text)
    if _FLOAT.match(text):
        number = float(text)
        return number if math.isfinite(number) else None
    return None


def _integer(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-")
    base = _BASES.get(digits[:2], 10)
    return sign * int(digits if base == 10 else digits[2:], base)  # noqa: PLR2004 - ten fingers


def read_tagged(tag: str, text: str) -> Value:
    """Read a scalar with one of the standard tags. Raises ValueError where the two do not fit."""
    if tag in {"str", "!"}:
        return text
    value = read_plain(text)
    if tag == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    kinds: dict[str, type] = {"null": type(None), "bool": bool, "int": int, "float": float}
    if type(value) is not kinds[tag]:
        raise ValueError(f"this is no {tag}")
    return value

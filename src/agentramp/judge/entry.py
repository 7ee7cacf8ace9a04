"""One line of JSON: a window of a ramp, or why it is none."""

import json
import math
from collections import Counter
from typing import NamedTuple, TypeAlias

from agentramp.judge.arms import MOST, PARTS, parse_arm
from agentramp.judge.verdict import DEFAULT_RULES, Rules
from agentramp.judge.window import Arm, Tally, Window

Name: TypeAlias = str | int | float
_FULL, _SHOWN = 100, 40
_PLAIN = {"sessions", "bad"}
_NAMES = {"ramp", "window"}


class NotAWindowError(ValueError):
    """A line that does not say which ramp and window it is about."""


class _TwiceError(ValueError):
    """A key that stands twice in one object: nobody knows which of the values is meant."""


class Entry(NamedTuple):
    """One line: ``window`` of ``ramp``. ``counted`` is None where ``fault`` says what is wrong."""

    ramp: Name
    window: Name
    counted: Window | None
    fault: str = ""


def parse_entry(text: str, rules: Rules = DEFAULT_RULES) -> Entry:
    """Read ``{"ramp": "a", "window": 0, "canary": {...}, "stable": {...}}``, weight if known.

    A history kept for other ends may say more than is judged: metrics that have no budget are not
    looked at, and a weight that is no whole percent is taken for one that nobody knows.
    Raises NotAWindowError where the line does not name a ramp and a window.
    """
    line, fault = _line(text)
    if not isinstance(line, dict):
        raise NotAWindowError("not a JSON object")
    ramp, window = _name(line, "ramp"), _name(line, "window")
    if fault:
        return Entry(ramp, window, None, fault)
    try:
        canary, stable = _arm(line, "canary", rules), _arm(line, "stable", rules)
    except ValueError as error:
        return Entry(ramp, window, None, str(error))
    return Entry(ramp, window, Window(0.0, 0.0, canary, stable, _weight(line.get("weight"))))


def _line(text: str) -> tuple[object, str]:
    """The line's value, and which key stands twice in an object of it."""
    try:
        return _decoded(text), ""
    except _TwiceError as error:
        return _decode_named(text), str(error)
    except (json.JSONDecodeError, RecursionError) as error:
        raise NotAWindowError("not JSON") from error


def _decoded(text: str) -> object:
    try:
        return _decode(text)
    except (json.JSONDecodeError, _TwiceError):
        raise
    except ValueError:  # a whole number that is too long
        return _decode_long(text)


def _whole(digits: str) -> int | float:
    """Python reads no whole number of over 4,300 digits; it is no count, but it is JSON."""
    try:
        return int(digits)
    except ValueError:
        return math.inf


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError(f"{_twice(pairs)[0][:_SHOWN]} stands twice")
    return found


def _named(pairs: list[tuple[str, object]]) -> dict[str, object]:
    for key in _twice(pairs):
        if key in _NAMES:
            raise NotAWindowError(f"{key} stands twice")
    return dict(pairs)


def _twice(pairs: list[tuple[str, object]]) -> list[str]:
    return [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]


_decode = json.JSONDecoder(object_pairs_hook=_object).decode
_decode_long = json.JSONDecoder(object_pairs_hook=_object, parse_int=_whole).decode
_decode_named = json.JSONDecoder(object_pairs_hook=_named, parse_int=_whole).decode


def _arm(line: dict[str, object], name: str, rules: Rules) -> Arm:
    value = line.get(name)
    # Most arms are no more than two whole numbers, and there may be many of them.
    if isinstance(value, dict) and value.keys() == _PLAIN:
        sessions, bad = value["sessions"], value["bad"]
        if type(sessions) is type(bad) is int and 0 <= bad <= sessions <= MOST:
            return Arm(Tally(sessions, bad))
    if name not in line:
        raise ValueError(f"{name} is missing")
    if isinstance(value, dict):
        judged = _PLAIN | {metric.value for metric, share in rules.budgets if share > 0}
        value = {key: part for key, part in value.items() if key in judged & PARTS}
    try:
        return parse_arm(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _name(line: dict[str, object], key: str) -> Name:
    """True and 1 are equal to Python, NaN is not even itself: neither names anything."""
    value = line.get(key)
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise NotAWindowError(f"no {key} that is a text or a number")


def _weight(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _FULL:
        return None
    return int(value) if value == int(value) else None

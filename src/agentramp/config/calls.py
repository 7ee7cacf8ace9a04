"""The functions of ``${...}``: config, path, file, json, yaml, str.

What a file holds is taken as it is: text from outside is never resolved again, or whoever writes
that file could read the environment of the release. Serverless Devs compiles it once more.
"""

import json
import os
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Final

from typing_extensions import assert_never

from agentramp.config.disk import Unreadable, bytes_of
from agentramp.config.expressions import Call, Function
from agentramp.config.load import Form, load_value
from agentramp.config.outside import Outside, Unresolvable
from agentramp.config.paths import nearest, spell_key
from agentramp.config.show import show
from agentramp.config.text import MAX_BYTES, decode
from agentramp.config.tree import (
    MAX_DEPTH,
    Entry,
    Mapping,
    Node,
    Origin,
    Scalar,
    Sequence,
    Value,
)
from agentramp.diagnostics import ConfigError, Position
from agentramp.errors import AgentrampError

_ACCOUNT: Final = "AccountID"
_SECRETS: Final = frozenset({"AccessKeyID", "AccessKeySecret", "SecurityToken"})
_YAML: Final = Form("a YAML file", "name: value", may_be_empty=True)


def called(call: Call, argument: Scalar, outside: Outside, folder: Path | None) -> Node:
    """``folder`` is where relative paths start; the result stands where ``argument`` does.

    Raises Unresolvable.
    """
    match call.function:
        case Function.STR:
            return replace(argument, value=as_text(argument.value))
        case Function.CONFIG:
            return _config(_text(argument, "config"), outside, argument.position)
        case Function.PATH:
            return _path(argument, folder)
        case Function.FILE:
            return _file(argument, folder)
        case Function.JSON:
            return _json(argument)
        case Function.YAML:
            return _yaml(argument, _file_named(call, folder))
        case _:
            assert_never(call.function)


def _text(argument: Scalar, function: str) -> str:
    if isinstance(argument.value, str):
        return argument.value
    raise Unresolvable(f"{function}() takes a text")


def _config(name: str, outside: Outside, position: Position) -> Scalar:
    if name in _SECRETS:
        raise Unresolvable(
            f"config('{name}') is a part of the credentials that release; a runtime must not hold"
            " it: give the runtime a role, or pass a key of its own as ${env('NAME')}"
        )
    if name != _ACCOUNT:
        near = nearest(name, [_ACCOUNT])
        hint = f"; did you mean {near}?" if near else ""
        raise Unresolvable(f"config() knows AccountID only, not {spell_key(name)}{hint}")
    if outside.account is None:
        return Scalar(position, None, resolved=False, pending=True)
    try:
        return Scalar(position, outside.account())
    except AgentrampError as error:
        raise Unresolvable(f"the account is not known: {error}") from error


def _place(argument: Scalar, folder: Path | None, function: str) -> Path:
    text = _text(argument, function)
    if folder is None:
        raise Unresolvable(f"{function}() works in an s.yaml only; write the value")
    if not text or "\0" in text:
        raise Unresolvable(f"{function}() takes the path of a file")
    return Path(os.path.abspath(folder / text))  # noqa: PTH100 - a link keeps its name


def _named(argument: Scalar) -> str:
    return show(argument, ())


def _path(argument: Scalar, folder: Path | None) -> Scalar:
    place = _place(argument, folder, "path")
    if not os.path.exists(place):  # noqa: PTH110 - False for every odd name
        raise Unresolvable(
            f"{_named(argument)} does not exist; the path starts from the folder of this file"
        )
    return replace(argument, value=str(place))


def _file(argument: Scalar, folder: Path | None) -> Scalar:
    place = _place(argument, folder, "file")
    try:
        data = bytes_of(place)
    except Unreadable as error:
        raise Unresolvable(
            f"{_named(argument)} {error.what}; the path starts from the folder of this file"
        ) from error
    if len(data) > MAX_BYTES:
        raise Unresolvable(f"{_named(argument)} is larger than {MAX_BYTES // 1024**2} MiB")
    try:
        text = decode(data, str(folder / str(argument.value)) if folder else "")
    except ConfigError as error:
        raise Unresolvable("", error.diagnostics) from error
    # A file that is read may be a secret, whatever its name.
    return Scalar(argument.position, text, replace(argument.origin, hidden=True))


def _json(argument: Scalar) -> Node:
    text = _text(argument, "json")
    try:
        found = json.loads(text, parse_constant=_refuse)
        return _located(found, argument.position, argument.origin, 0)
    except (ValueError, RecursionError) as error:
        where = f" in its line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Unresolvable(f"this text is no JSON{where}; json() needs a text that is") from error


def _refuse(name: str) -> None:
    raise ValueError(name)


def _located(value: object, position: Position, origin: Origin, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise RecursionError
    if isinstance(value, dict):
        entries = (
            Entry(_clean(key), position, _located(below, position, origin, depth + 1))
            for key, below in value.items()
        )
        return Mapping(position, tuple(entries))
    if isinstance(value, list):
        items = (_located(below, position, origin, depth + 1) for below in value)
        return Sequence(position, tuple(items))
    if isinstance(value, float) and not isfinite(value):
        raise ValueError
    is_scalar = value is None or isinstance(value, str | int | float)
    shown: Value = value if is_scalar else None  # type: ignore[assignment]  # as just asked
    return Scalar(position, _clean(shown) if isinstance(shown, str) else shown, origin)


def _clean(text: str) -> str:
    """Refuse what no text may hold: JSON can spell half a character, and the end of a string."""
    if "\0" in text:
        raise ValueError
    text.encode()  # UnicodeEncodeError is a ValueError
    return text


def _file_named(call: Call, folder: Path | None) -> str | None:
    """The file the text comes from, where the expression says so: faults then have its lines."""
    inner = call.argument
    is_file = isinstance(inner, Call) and inner.function is Function.FILE
    if is_file and isinstance(inner.argument, str) and folder is not None:  # type: ignore[union-attr]  # as just asked
        return str(folder / inner.argument)  # type: ignore[union-attr]  # as above
    return None


def _yaml(argument: Scalar, file: str | None) -> Node:
    text = _text(argument, "yaml")
    try:
        found = load_value(text.encode(), file or argument.position.file, _YAML)
    except ConfigError as error:
        if file is None:
            raise Unresolvable("this text is no YAML; yaml() needs a text that is") from error
        raise Unresolvable("", error.diagnostics) from error
    return _moved(found, argument.origin, None if file else argument.position)


def _moved(node: Node, origin: Origin, position: Position | None) -> Node:
    """Mark what came from a file; with ``position``, all of it stands there."""
    here = position or node.position
    if isinstance(node, Mapping):
        entries = tuple(
            Entry(entry.key, position or entry.position, _moved(entry.value, origin, position))
            for entry in node.entries
        )
        return Mapping(here, entries, () if position else node.repeated)
    if isinstance(node, Sequence):
        return Sequence(here, tuple(_moved(item, origin, position) for item in node.items))
    return replace(node, position=here, origin=origin)


def as_text(value: Value) -> str:
    """Write a value as JavaScript does, since Serverless Devs joins texts with it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)

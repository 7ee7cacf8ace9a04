"""A component's name and DID, written into agentramp.yaml, where the next run finds them.

Text to text: what a person wrote stays as it is, with its comments and in its order. What comes
out is read again, and is no result unless it says what it should and nothing else.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yaml import MappingNode, Node, SafeLoader, ScalarNode, YAMLError, compose

from agentramp.component import Identity
from agentramp.config.disk import Unreadable, bytes_of
from agentramp.config.files import ramp_file
from agentramp.config.load import load
from agentramp.config.ramp_check import AGENTRAMP_YAML
from agentramp.config.text import decode
from agentramp.config.tree import plain
from agentramp.diagnostics import ConfigError
from agentramp.errors import UsageError

NAME: Final = "agentramp.yaml"
_SECTION: Final = "blocklet"
_BARE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_WORDS: Final = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])


@dataclass(frozen=True)
class _Edit:
    """``text`` takes the place of what stands from ``start`` to ``end``."""

    start: int
    end: int
    text: str


def remember(folder: Path, identity: Identity) -> Path:
    """Write ``identity`` into the folder's agentramp.yaml, which is made where there is none.

    Raises UsageError where that cannot be done, with the lines for a person to write.
    """
    file = ramp_file(folder) or folder / NAME
    try:
        data = bytes_of(file) if os.path.lexists(file) else b""
        text = decode(data, str(file))
        wanted = remembered(text, identity, str(file))
        if wanted != text:
            _write(file, wanted, data)
    except (OSError, Unreadable) as error:
        why = (
            error.what if isinstance(error, Unreadable) else f"cannot be written: {error.strerror}"
        )
        raise UsageError(f"{file} {why}", advice=by_hand(identity)) from error
    return file


def remembered(text: str, identity: Identity, file: str = NAME) -> str:
    """``text`` with both under ``blocklet:``; raises UsageError where they cannot be put there.

    Raises ConfigError where ``text`` is not YAML.
    """
    before = plain(load(text.encode(), file, AGENTRAMP_YAML))
    wanted = _with(before, identity)
    if before == wanted:
        return text
    try:
        changed = _changed(text, identity)
        if plain(load(changed.encode(), file, AGENTRAMP_YAML)) == wanted:
            return changed
    except (ConfigError, YAMLError):
        pass  # told below: what the text says is fine, only nothing can be put into it
    raise UsageError(
        f"{file}: name and DID cannot be written under blocklet: as it stands",
        advice=by_hand(identity),
    )


def by_hand(identity: Identity) -> str:
    return (
        f"write into {NAME}: blocklet: {{name: {_scalar(identity.name)}, did: {identity.did}}}"
        " and commit it"
    )


def _with(before: object, identity: Identity) -> object:
    held = dict(before) if isinstance(before, dict) else {}
    section = held.get(_SECTION)
    section = dict(section) if isinstance(section, dict) else {}
    return {**held, _SECTION: {**section, "name": identity.name, "did": identity.did}}


def _changed(text: str, identity: Identity) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    values = {"name": _scalar(identity.name), "did": _scalar(identity.did)}
    root = compose(text, Loader=SafeLoader)
    key, section = _find(root, _SECTION)
    if key is None or section is None:
        return _appended(text, root, values, end)
    edits = list(_edits(text, key, section, values, end))
    for edit in sorted(edits, key=lambda one: one.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _find(root: Node | None, name: str) -> tuple[Node | None, Node | None]:
    pairs = root.value if isinstance(root, MappingNode) else []
    found = ((key, value) for key, value in pairs if key.value == name)
    return next(found, (None, None))


def _appended(text: str, root: Node | None, values: dict[str, str], end: str) -> str:
    """At the end of the file; of a file that is one ``{...}``, before what closes it."""
    if isinstance(root, MappingNode) and root.flow_style:
        inside = ", ".join(f"{name}: {value}" for name, value in values.items())
        comma = ", " if root.value else ""
        place = root.end_mark.index - 1
        return f"{text[:place]}{comma}{_SECTION}: {{{inside}}}{text[place:]}"
    lines = "".join(f"  {name}: {value}{end}" for name, value in values.items())
    gap = "" if not text or text.endswith("\n") else end
    return f"{text}{gap}{_SECTION}:{end}{lines}"


def _edits(text: str, key: Node, section: Node, values: dict[str, str], end: str) -> list[_Edit]:
    edits, missing = [], {}
    for name, value in values.items():
        _, found = _find(section, name)
        if isinstance(found, ScalarNode) and found.value != "":
            edits.append(_Edit(found.start_mark.index, found.end_mark.index, value))
        elif isinstance(found, ScalarNode):
            edits.append(_Edit(found.start_mark.index, found.end_mark.index, f" {value}"))
        else:
            missing[name] = value
    return [*edits, _Edit(*_inserted(text, key, section, missing, end))] if missing else edits


def _inserted(
    text: str, key: Node, section: Node, missing: dict[str, str], end: str
) -> tuple[int, int, str]:
    """Before the section's first key, at that one's indentation."""
    if isinstance(section, MappingNode) and section.flow_style:
        place = section.start_mark.index + 1
        comma = ", " if section.value else ""
        return place, place, ", ".join(f"{k}: {v}" for k, v in missing.items()) + comma
    if isinstance(section, MappingNode):
        place = section.start_mark.index
        gap = end + " " * section.start_mark.column
        return place, place, "".join(f"{k}: {v}{gap}" for k, v in missing.items())
    place = text.find("\n", key.end_mark.index)
    gap = " " * (key.start_mark.column + 2)
    lines = "".join(f"{end}{gap}{k}: {v}" for k, v in missing.items())
    place = len(text) if place < 0 else place - (text[place - 1] == "\r")
    return place, place, lines


def _scalar(value: str) -> str:
    bare = _BARE.fullmatch(value) and value.lower() not in _WORDS
    return value if bare else json.dumps(value, ensure_ascii=False)


def _write(file: Path, text: str, before: bytes) -> None:
    """In one piece: a run that is killed leaves the old file. Its byte-order mark and mode stay."""
    mark = b"\xef\xbb\xbf" if before.startswith(b"\xef\xbb\xbf") else b""
    target = file.resolve()
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        draft.write_bytes(mark + text.encode())
        if target.exists():
            draft.chmod(target.stat().st_mode)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)

"""The aigne.yaml of a folder → what agentramp needs of it, or every Diagnostic at once.

The schema is the vendor's (@aigne/cli 1.59), whose names stand in camel case or with underscores;
keys that are not read here are left alone.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentramp.config.cleartext import is_placeholder, is_secret_name, looks_like_secret
from agentramp.config.disk import Unreadable, bytes_of
from agentramp.config.load import Form, load
from agentramp.config.paths import fault
from agentramp.config.rules import repeated_keys
from agentramp.config.schema import schema_faults
from agentramp.config.show import show
from agentramp.config.tree import Mapping, Scalar, Step, at, walk
from agentramp.diagnostics import ConfigError, Diagnostic
from agentramp.errors import UsageError

AIGNE_YAML: Final = Form("an aigne.yaml", "name: my-agent")
NAME: Final = "aigne.yaml"
_OTHER_NAME: Final = "aigne.yml"
_SCHEMA: Final = "aigne-schema.json"
_LISTS: Final = (
    ("agents",),
    ("skills",),
    ("mcp_server", "agents"),
    ("mcpServer", "agents"),
    ("cli", "agents"),
)
_TWICE: Final = (("model", "chat_model", "chatModel"), ("mcp_server", "mcpServer"))
_IN_CLEAR_TEXT: Final = (
    "a secret stands here in clear text, and whatever is made of this folder would hold it: remove"
    " it, and set it as a variable where the agent runs"
)


@dataclass(frozen=True)
class Aigne:
    """``name`` is None where the file has none."""

    file: Path
    name: str | None = None
    description: str = ""


def aigne_file(folder: Path) -> Path | None:
    """The aigne.yaml that ``read_aigne`` would read, found without the cost of reading it."""
    file = folder / NAME
    return file if os.path.lexists(file) else None


def read_aigne(folder: Path) -> Aigne:
    """Raise ConfigError with every fault, UsageError where there is no file to read."""
    file = folder / NAME
    if not os.path.lexists(file) and os.path.lexists(folder / _OTHER_NAME):
        raise UsageError(
            f"{folder / _OTHER_NAME} is not read: AIGNE takes {NAME} only",
            advice=f"rename it to {NAME}",
        )
    try:
        data = bytes_of(file)
    except Unreadable as error:
        raise UsageError(
            f"{file} {error.what}", advice=f"name the folder that holds the agent's {NAME}"
        ) from error
    return check(load(data, str(file), AIGNE_YAML), folder)


def check(tree: Mapping, folder: Path) -> Aigne:
    """The one look outside is whether the files named are there."""
    faults = [
        *repeated_keys(tree),
        *schema_faults(tree, _SCHEMA),
        *_spelt_twice(tree),
        *_files(tree, folder),
        *_secrets(tree),
    ]
    if faults:
        raise ConfigError(faults)
    return Aigne(
        file=Path(tree.position.file),
        name=tree.text("name"),
        description=tree.text("description") or "",
    )


def _spelt_twice(tree: Mapping) -> Iterator[Diagnostic]:
    for names in _TWICE:
        first, *others = [name for name in names if tree.get(name) is not None] or [""]
        for name in others:
            message = f"says again what {first} says; keep one of the two"
            yield fault(tree, (name,), message, "duplicate-key")


def _files(tree: Mapping, folder: Path) -> Iterator[Diagnostic]:
    places: list[tuple[Step, ...]] = [("cli", "chat")]
    for path in places + [place for one in _LISTS for place in _items(tree, one)]:
        node = at(tree, path)
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value:
            continue
        if _leaves(node.value):
            message = f"{show(node, path)} is outside of the folder; only what is in it is sent"
            yield fault(tree, path, message, "file")
        # os.path gives False for every odd name.
        elif not os.path.isfile(os.path.join(folder, node.value)):  # noqa: PTH113, PTH118
            message = f"{show(node, path)} is no file; the path starts from the folder of this one"
            yield fault(tree, path, message, "file")


def _items(tree: Mapping, path: tuple[str, ...]) -> Iterator[tuple[Step, ...]]:
    holder = at(tree, path[:-1])
    if isinstance(holder, Mapping):
        for index in range(len(holder.items(path[-1]))):
            yield (*path, index)


def _leaves(path: str) -> bool:
    inside = Path(os.path.normpath(path))
    return inside.is_absolute() or inside.parts[:1] == (os.pardir,)


def _secrets(tree: Mapping) -> Iterator[Diagnostic]:
    """By shape, and by the name of the key: the folder is packed, or shared, as it is."""
    for path, node in walk(tree):
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            continue
        key = path[-1]
        named = isinstance(key, str) and is_secret_name(key) and not is_placeholder(node.value)
        if looks_like_secret(node.value) or (named and "${" not in node.value):
            yield fault(tree, path, _IN_CLEAR_TEXT, "secret")

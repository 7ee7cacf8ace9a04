"""What no schema can say: rules over several fields, over resources, and over the disk."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agentramp.config.domain_rules import domain_faults, workspace_faults
from agentramp.config.endpoint_rules import endpoint_faults
from agentramp.config.open_values import open_faults
from agentramp.config.paths import fault, spell_key
from agentramp.config.resources import agentrun_resources
from agentramp.config.show import show
from agentramp.config.tree import Entry, Mapping, Step, at, walk
from agentramp.diagnostics import Diagnostic

_ARCHIVES: Final = (".zip", ".jar")
_VARIABLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def rule_faults(tree: Mapping, root: Path) -> Iterator[Diagnostic]:
    yield from repeated_keys(tree)
    yield from open_faults(tree)
    seen: dict[tuple[str | None, str | None], str] = {}
    for entry in agentrun_resources(tree):
        path = ("resources", entry.key, "props", "agent")
        agent = at(tree, path)
        if not isinstance(agent, Mapping):
            continue
        yield from _artifact(tree, agent, path)
        yield from _source(tree, agent, (*path, "code"), root)
        yield from _network(tree, agent, path)
        yield from _environment(tree, agent, (*path, "environmentVariables"))
        yield from endpoint_faults(tree, agent, (*path, "endpoints"))
        yield from workspace_faults(tree, agent, path)
        yield from domain_faults(tree, agent, path)
        yield from _names(tree, entry.key, path, seen)


def repeated_keys(tree: Mapping) -> Iterator[Diagnostic]:
    told = set()
    for path, node in walk(tree):
        if not isinstance(node, Mapping):
            continue
        for again in node.repeated:
            first = node.entry(again.key)
            if first is not None and again.position not in told:
                told.add(again.position)
                message = f"this key stands {_where(first, again)} already; keep one of the two"
                known = fault(tree, (*path, again.key), message, "duplicate-key")
                yield Diagnostic(again.position, known.path, message, known.rule)


def _where(first: Entry, again: Entry) -> str:
    """A key of the file that is extended can come between."""
    is_here = first.position.file == again.position.file
    return f"on line {first.position.line}" if is_here else "here"


def _artifact(tree: Mapping, agent: Mapping, path: tuple[Step, ...]) -> Iterator[Diagnostic]:
    both = agent.get("code"), agent.get("customContainerConfig")
    if all(both):
        message = "stands beside code; an agent is code or a container: remove one of the two"
        yield fault(tree, (*path, "customContainerConfig"), message, "exclusive")
    if not any(both):
        message = "code is required (or customContainerConfig): nothing says what to run"
        yield fault(tree, path, message, "exclusive")


def _source(
    tree: Mapping, agent: Mapping, path: tuple[Step, ...], root: Path
) -> Iterator[Diagnostic]:
    code = agent.mapping("code")
    if code is None:
        return
    stored = [key for key in ("ossBucketName", "ossObjectName") if code.get(key) is not None]
    if code.get("src") is None and not stored:
        message = (
            "src is required (or ossBucketName and ossObjectName): nothing says where the code is"
        )
        yield fault(tree, path, message, "exclusive")
    if code.get("src") is not None and stored:
        message = f"stands beside {stored[0]}; the code comes from one place: remove one of the two"
        yield fault(tree, (*path, "src"), message, "exclusive")
    elif len(stored) == 1:
        missing = "ossObjectName" if stored == ["ossBucketName"] else "ossBucketName"
        yield fault(tree, (*path, stored[0]), f"needs {missing} beside it", "exclusive")
    yield from _on_disk(tree, (*path, "src"), root, code.text("src"))


def _on_disk(
    tree: Mapping, path: tuple[Step, ...], root: Path, src: str | None
) -> Iterator[Diagnostic]:
    if not src:
        return
    shown = show(at(tree, path), path)
    place = os.path.join(root, src)  # noqa: PTH118 - os.path gives False for every odd name
    if os.path.isdir(place):  # noqa: PTH112 - as above
        return
    if not os.path.isfile(place):  # noqa: PTH113 - as above
        message = f"{shown} does not exist; the path starts from the folder of this file"
        yield fault(tree, path, message, "file")
    elif not src.lower().endswith(_ARCHIVES):
        message = f"{shown} is a file, but no .zip or .jar; name a folder or an archive"
        yield fault(tree, path, message, "file")


def _network(tree: Mapping, agent: Mapping, path: tuple[Step, ...]) -> Iterator[Diagnostic]:
    if agent.get("nasConfig") is not None and agent.get("vpcConfig") is None:
        message = "needs vpcConfig: a NAS is reached from inside its VPC only"
        yield fault(tree, (*path, "nasConfig"), message, "requires")


def _environment(tree: Mapping, agent: Mapping, path: tuple[Step, ...]) -> Iterator[Diagnostic]:
    variables = agent.mapping("environmentVariables")
    for entry in variables.present() if variables else ():
        if not _VARIABLE_NAME.match(entry.key):
            message = "is no name for a variable: letters, digits and _, not beginning with a digit"
            yield fault(tree, (*path, entry.key), message, "pattern")


def _names(
    tree: Mapping,
    resource: str,
    path: tuple[Step, ...],
    seen: dict[tuple[str | None, str | None], str],
) -> Iterator[Diagnostic]:
    agent, props = at(tree, path), at(tree, path[:-1])
    if not isinstance(agent, Mapping) or not isinstance(props, Mapping):
        return
    key = (props.text("region"), agent.text("name"))
    if key[1] is not None and key in seen:
        place = (*path, "name")
        shown = show(at(tree, place), place)
        message = f"{shown} is the name of resource {spell_key(seen[key])} too; change one"
        yield fault(tree, place, message, "unique")
    seen.setdefault(key, resource)

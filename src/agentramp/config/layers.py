"""The files an s.yaml is made of: those it extends, its templates, its environment.

What Serverless Devs reads from the memory of a machine (a default environment) is not read: the
same file gives the same result everywhere.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agentramp.config.disk import Unreadable, bytes_of
from agentramp.config.environment import overlaid
from agentramp.config.load import S_YAML, Form, load
from agentramp.config.merge import laid_over, without, without_repeats
from agentramp.config.paths import fault
from agentramp.config.rules import repeated_keys
from agentramp.config.show import show
from agentramp.config.template import with_templates
from agentramp.config.tree import Mapping, Scalar
from agentramp.diagnostics import ConfigError, Diagnostic

LONGEST_CHAIN: Final = 8
_BASE: Final = Form("a file to extend", "edition: 3.0.0", may_be_empty=True)
_ENV_YAML: Final = "env.yaml"
_ENVIRONMENTS: Final = Form("an env.yaml", "environments:")


@dataclass
class Layered:
    """One tree whose parts keep the file, line and column where each was written."""

    tree: Mapping
    faults: list[Diagnostic] = field(default_factory=list)


def compose(data: bytes, file: Path, environment: str | None) -> Layered:
    """Raise ConfigError where a file that is named cannot be read, or has no end."""
    own = load(data, str(file), S_YAML)
    _refuse_both(own, environment)
    result = Layered(own)
    result.tree = _extended(result, own, [file])
    result.tree = with_templates(result.tree, result.faults)
    if environment is not None:
        result.tree = _in_environment(result, file, environment)
    excess = result.tree.weight.excess()
    if excess:
        message = f"the file {excess}; usual cause: a large template that many resources use"
        raise ConfigError([Diagnostic(own.position, "", message, "size")])
    return result


def _refuse_both(tree: Mapping, environment: str | None) -> None:
    """Serverless Devs has no answer to which of the two is stronger, nor have we."""
    if tree.get("extend") is None:
        return
    if tree.get("env") is not None:
        message = "a file that extends another cannot have an env file too; remove one of the two"
        raise ConfigError([fault(tree, ("env",), message, "exclusive")])
    if environment is not None:
        message = "a file that extends another cannot be used with --env; leave out one of the two"
        raise ConfigError([fault(tree, ("extend",), message, "exclusive")])


def _extended(result: Layered, tree: Mapping, chain: list[Path]) -> Mapping:
    said = tree.get("extend")
    if said is None:
        return tree
    base = chain[-1].parent / _named(tree, "extend")
    _refuse_endless(tree, base, chain)
    under = _read(tree, "extend", base, _BASE)
    whole = _extended(result, _told_apart(result, under), [*chain, base])
    return without(laid_over(whole, tree), ("extend",))


def _named(tree: Mapping, key: str) -> str:
    node = tree.get(key)
    text = tree.text(key)
    if not text:
        message = "is the path of one file; write, for example, ./base.yaml"
        raise ConfigError([fault(tree, (key,), message, "type")])
    if "${" in text:
        message = f"{show(node, (key,))} is read before variables are; write the path itself"
        raise ConfigError([fault(tree, (key,), message, "variable")])
    return text


def _refuse_endless(tree: Mapping, base: Path, chain: list[Path]) -> None:
    names = [_real(file) for file in chain]
    if _real(base) in names:
        circle = [*chain[names.index(_real(base)) :], base]
        told = " → ".join(file.name for file in circle)
        message = f"this file extends itself and has no end: {told}"
        raise ConfigError([fault(tree, ("extend",), message, "cycle")])
    if len(chain) > LONGEST_CHAIN:
        message = f"files extend each other through more than {LONGEST_CHAIN} steps"
        raise ConfigError([fault(tree, ("extend",), message, "size")])


def _real(file: Path) -> Path:
    try:
        return file.resolve()
    except (OSError, ValueError, RuntimeError):
        return file


def _read(tree: Mapping, key: str, file: Path, form: Form) -> Mapping:
    try:
        data = bytes_of(file)
    except Unreadable as error:
        shown = show(Scalar(tree.position, str(tree.text(key) or file.name)), (key,))
        message = f"{shown} {error.what}; the path starts from the folder of this file"
        raise ConfigError([fault(tree, (key,), message, "file")]) from error
    return load(data, str(file), form)


def _told_apart(result: Layered, under: Mapping) -> Mapping:
    """Tell a layer's repeated keys with its own lines, before another layer covers them."""
    result.faults += repeated_keys(under)
    stripped = without_repeats(under)
    return stripped if isinstance(stripped, Mapping) else under


def _in_environment(result: Layered, file: Path, environment: str) -> Mapping:
    tree = result.tree
    name = _ENV_YAML if tree.get("env") is None else _named(tree, "env")
    found = _told_apart(result, _read(tree, "env", file.parent / name, _ENVIRONMENTS))
    return overlaid(tree, found, environment, result.faults)

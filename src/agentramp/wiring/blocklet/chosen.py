"""Whether a run is about a Blocklet Server. Every run asks, so this loads nothing."""

import argparse
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final, Protocol, cast

from agentramp.errors import UsageError
from agentramp.wiring.arguments import Unsaid

if TYPE_CHECKING:
    from agentramp.report.result import Report
    from agentramp.wiring.context import Context

_S_YAML: Final = ("s.yaml", "s.yml")
_RAMP: Final = ("agentramp.yaml", "agentramp.yml")
_TARGET: Final = re.compile(
    rb"""^(?:\xef\xbb\xbf)?(?:"target"|'target'|target)[ \t]*:[ \t]*["']?([\w.-]+)""", re.MULTILINE
)
_OWN: Final = ("server", "app", "mount_point", "name", "did", "canary")
"""What only a Blocklet Server has; see ``wiring.blocklet.arguments``."""
_MOST: Final = 1 << 20


class Verb(Protocol):
    """What a module of ``verbs`` offers."""

    @property
    def EXAMPLE(self) -> str: ...  # noqa: N802 - a module's constant

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, args: argparse.Namespace, context: "Context") -> "Report": ...


def instead(name: str, verb: Verb, args: argparse.Namespace) -> Verb:
    """What does ``name`` where ``args`` say; raises UsageError for options of another place."""
    if is_chosen(name, args):
        from agentramp.wiring.blocklet.dispatch import way  # noqa: PLC0415 - few runs need it

        here = SimpleNamespace(EXAMPLE=verb.EXAMPLE, add_arguments=verb.add_arguments)
        here.run = way(name, args)
        return cast("Verb", here)
    _refuse_own(name, args)
    return verb


def is_chosen(name: str, args: argparse.Namespace) -> bool:
    """What was said counts; where nothing was, the folder tells."""
    said = getattr(args, "platform", None)
    if said is not None and not isinstance(said, Unsaid):
        return bool(said == "blocklet")
    if name in _ELSEWHERE or getattr(args, "runtime", None) or not hasattr(args, "path"):
        return False
    return is_made_for(Path(args.path), getattr(args, "template", None))


def is_made_for(path: Path, template: str | None = None) -> bool:
    """What agentramp.yaml says as ``target``; else an aigne.yaml that has no s.yaml beside it."""
    folder = path if os.path.isdir(path) else path.parent  # noqa: PTH112 - False for odd names
    if target := _target(folder):
        return target != "agentrun"  # a target that is none is told by who reads the file whole
    if template or path.name in _S_YAML:
        return False
    has_s = any(os.path.lexists(folder / name) for name in _S_YAML)
    return not has_s and os.path.lexists(folder / "aigne.yaml")


def _target(folder: Path) -> str:
    """Read without a YAML parser, and checked by one wherever it is acted on."""
    for name in _RAMP:
        try:
            with (folder / name).open("rb") as file:
                found = _TARGET.search(file.read(_MOST))
        except (OSError, ValueError):
            continue
        said = found[1].decode(errors="replace") if found else ""
        return "" if said == "null" else said
    return ""


def _refuse_own(name: str, args: argparse.Namespace) -> None:
    given = [one for one in _OWN if getattr(args, one, None) and name in _HAVE]
    if name in _HAVE and isinstance(getattr(args, "version", None), str):
        given.append("version")
    if given:
        option = given[0].replace("_", "-")
        word = " X.Y.Z" if option == "version" else ""
        raise UsageError(
            f"--{option}{word} is for a Blocklet Server, and this is about AgentRun",
            advice="leave it out; or add --platform blocklet, or write target: blocklet into"
            " agentramp.yaml",
        )


_HAVE: Final = frozenset(
    [
        "build",
        "deploy",
        "verify",
        "status",
        "versions",
        "history",
        "remove",
        "rollback",
        "promote",
        "abort",
    ]
)
_ELSEWHERE: Final = frozenset(
    {"run", "cache", "site", "init", "local", "judge", "access", "whoami", "doctor"}
)
"""Verbs that are not about what a folder is made for."""

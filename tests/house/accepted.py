"""Findings of linters that stay, each with its reason in .github/accepted-findings.yml."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

FILE = Path(__file__).parents[2] / ".github" / "accepted-findings.yml"


@dataclass(frozen=True)
class Finding:
    tool: str
    path: str
    line: int
    column: int
    message: str


@dataclass(frozen=True)
class Accepted:
    tool: str
    path: str
    message: str
    reason: str


def accepted() -> list[Accepted]:
    return [Accepted(**one) for one in yaml.safe_load(FILE.read_text(encoding="utf-8")) or []]


def unaccepted(tool: str, findings: Sequence[Finding]) -> str | None:
    """What is to be told before a linter's run fails; None where nothing is."""
    return "\n".join(told(findings, [one for one in accepted() if one.tool == tool])) or None


def told(findings: Sequence[Finding], known: Sequence[Accepted]) -> list[str]:
    return [*_new(findings, known), *_stale(findings, known)]


def _new(findings: Iterable[Finding], known: Sequence[Accepted]) -> Iterable[str]:
    reasoned = {(one.path, one.message) for one in known if one.reason.strip()}
    for one in findings:
        if (one.path, one.message) not in reasoned:
            yield f"{one.path}:{one.line}:{one.column}: {one.message}  [{one.tool}]"


def _stale(findings: Iterable[Finding], known: Iterable[Accepted]) -> Iterable[str]:
    found = {(one.path, one.message) for one in findings}
    for one in known:
        if (one.path, one.message) not in found:
            yield f"{one.path}: no longer found, so strike it from {FILE.name}: {one.message}"

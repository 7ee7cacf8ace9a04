"""Semantic versions (https://semver.org/spec/v2.0.0.html): a component has one."""

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import Final

from agentramp.errors import UsageError

_NUMBER: Final = r"(0|[1-9]\d{0,8})"
_WORD: Final = r"(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)"
_FORM: Final = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
    rf"(?:-({_WORD}(?:\.{_WORD})*))?"
    r"(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?",
    re.ASCII,
)
LONGEST: Final = 128


@total_ordering
@dataclass(frozen=True, eq=False)
class Version:
    """``pre`` stands behind the dash, ``build`` behind the plus: that one counts for no order."""

    major: int
    minor: int
    patch: int
    pre: str = ""
    build: str = ""

    def __str__(self) -> str:
        pre = f"-{self.pre}" if self.pre else ""
        build = f"+{self.build}" if self.build else ""
        return f"{self.major}.{self.minor}.{self.patch}{pre}{build}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._precedence() == other._precedence()

    def __hash__(self) -> int:
        return hash(self._precedence())

    def __lt__(self, other: "Version") -> bool:
        return self._precedence() < other._precedence()

    def _precedence(self) -> tuple[object, ...]:
        """A version without ``pre`` comes after all that have one; numbers come before words."""
        words = tuple(
            (0, int(word), "") if word.isdigit() else (1, 0, word) for word in self.pre.split(".")
        )
        return (self.major, self.minor, self.patch, not self.pre, words if self.pre else ())


FIRST: Final = Version(0, 1, 0)


def parse(text: str) -> Version:
    """Raises UsageError where ``text`` is no semantic version; a leading ``v`` is none."""
    found = _FORM.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        raise UsageError(
            f"{text!r} is no semantic version",
            advice="write three numbers, such as 1.4.0, or 1.4.0-rc.1 for one before a release",
        )
    major, minor, patch, pre, build = found.groups()
    return Version(int(major), int(minor), int(patch), pre or "", build or "")


def next_patch(version: Version) -> Version:
    """The one after it: ``1.2.3`` is followed by ``1.2.4``, ``1.2.3-rc.1`` by ``1.2.3``."""
    patch = version.patch if version.pre else version.patch + 1
    return Version(version.major, version.minor, patch)


def from_tag(tag: str) -> Version:
    """``v1.2.3`` and ``1.2.3``, also behind a path as in ``refs/tags/v1.2.3`` or ``bot/v1.2.3``."""
    try:
        return parse(tag.rpartition("/")[2].removeprefix("v"))
    except UsageError as error:
        raise UsageError(
            f"the tag {tag!r} names no semantic version",
            advice="tag releases like v1.2.3, or give the version with --version",
        ) from error

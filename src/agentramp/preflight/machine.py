"""This machine: what agentramp runs with, and what it reaches."""

import os
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from agentramp import program
from agentramp.exchange import ExchangeError, get_date
from agentramp.preflight.finding import Advised, Failed, Finding, Passed, Skipped
from agentramp.program import ProgramError

OLDEST: Final = (3, 10)
SKEW: Final = 600.0
"""Seconds a clock may be off; the platform refuses signatures of another quarter of an hour."""
_SECONDS: Final = 10.0
_EXTRAS: Final[Mapping[str, tuple[str, ...]]] = {
    "local": ("aiohttp", "psutil"),
    "build": ("uv",),
    "gates": ("jsonpath", "regex"),
    "access": ("keyring", "cryptography"),
}


@dataclass(frozen=True)
class Machine:
    """``clock`` is seconds since 1970-01-01 UTC; ``home`` is where agentramp keeps state."""

    environ: Mapping[str, str]
    home: Path
    clock: Callable[[], float]

    def findings(self, service: str | None) -> list[Finding]:
        """``service`` is the platform's address; None asks nobody."""
        return [
            self._python(),
            self._program("git", "install git: the journal of a release is a git ref"),
            self._uv(),
            self._docker(),
            *self._extras(),
            self._home(),
            *self._reached(service),
        ]

    def _python(self) -> Finding:
        told = ".".join(map(str, sys.version_info[:3]))
        if sys.version_info[:2] < OLDEST:
            return Failed("Python", told, "install Python 3.10 or newer")
        return Passed("Python", told)

    def _program(self, name: str, fix: str) -> Finding:
        version = self._version(name)
        return Passed(name, version) if version else Failed(name, "not on PATH", fix)

    def _uv(self) -> Finding:
        """The ``build`` extra brings one; without any, pip does its work."""
        version = self._version("uv") or ("of the build extra" if find_spec("uv") else "")
        if version:
            return Passed("uv", version)
        return Advised("uv", "not here: pip builds packages", "pip install 'agentramp[build]'")

    def _docker(self) -> Finding:
        version = self._version("docker")
        return Passed("docker", version) if version else Skipped("docker", "not here, nor needed")

    def _version(self, name: str) -> str:
        try:
            done = program.run([name, "--version"], timeout=_SECONDS, environ=self.environ)
        except ProgramError:
            return ""
        return done.out.decode("utf-8", "replace").strip() if done.status == 0 else ""

    def _extras(self) -> list[Finding]:
        missing = [name for name, modules in _EXTRAS.items() if not all(map(find_spec, modules))]
        if not missing:
            return [Passed("extras", ", ".join(_EXTRAS))]
        words = ",".join(missing)
        return [Advised("extras", f"without {words}", f"pip install 'agentramp[{words}]'")]

    def _home(self) -> Finding:
        name = "home"
        if not self.home.exists():
            return self._future_home(name)
        if not os.access(self.home, os.W_OK):
            return Failed(name, f"{self.home} cannot be written", "mend its owner or its mode")
        if stat.S_IMODE(self.home.stat().st_mode) & 0o022:
            return Failed(name, f"others may write into {self.home}", f"chmod go-w {self.home}")
        return Passed(name, str(self.home))

    def _future_home(self, name: str) -> Finding:
        there = next(folder for folder in self.home.parents if folder.exists())
        if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
            return Passed(name, f"{self.home}, made when it is needed")
        told = f"{self.home} cannot be made: nothing can be written into {there}"
        return Failed(name, told, "name another folder with AGENTRAMP_HOME")

    def _reached(self, service: str | None) -> list[Finding]:
        if service is None:
            return [Skipped("platform", "no platform is named"), Skipped("clock", "nobody to ask")]
        try:
            theirs = get_date(service, timeout=_SECONDS)
        except ExchangeError as error:
            fix = error.advice or "check the network, the proxy and the region"
            return [Failed("platform", error.message, fix), Skipped("clock", "nobody answered")]
        reached = Passed("platform", service)
        if theirs is None:
            return [reached, Skipped("clock", "the answer has no date")]
        return [reached, _clock(self.clock() - theirs)]


def _clock(off: float) -> Finding:
    told = f"{abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} the platform's"
    if abs(off) > SKEW:
        return Failed("clock", told, "set this machine's clock, or its signatures are refused")
    return Passed("clock", told)

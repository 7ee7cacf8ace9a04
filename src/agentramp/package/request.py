"""What is to be built, for which machine, and what came out."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from agentramp.model import Artifact
from agentramp.package.manifest import Manifest

ARCHITECTURE = "x86_64"
GLIBC_MINOR = {"python3.12": 31}
"""The platform's image is Debian 11 for python3.12 and Debian 10 for every other language."""
DEBIAN_10_GLIBC_MINOR = 28


@dataclass(frozen=True)
class AgentRunTarget:
    """AgentRun's own machine; ``language`` as ``code.language`` says it: ``python3.12``."""

    language: str

    @property
    def python_version(self) -> str | None:
        name, version = self.language[:6], self.language[6:]
        return version if name == "python" and version else None

    @property
    def glibc_minor(self) -> int:
        return GLIBC_MINOR.get(self.language, DEBIAN_10_GLIBC_MINOR)

    def __str__(self) -> str:
        return f"{self.language} on linux {ARCHITECTURE}, glibc 2.{self.glibc_minor}"


@dataclass(frozen=True)
class LocalTarget:
    """This machine; python code runs under ``BuildRequest.python``."""

    language: str = "python"

    def __str__(self) -> str:
        return f"this machine's {self.language.rstrip('.0123456789')}"


Target: TypeAlias = AgentRunTarget | LocalTarget


@dataclass(frozen=True)
class BuildRequest:
    """``output`` is the zip's path; ``python`` runs the installer, and local code.

    ``handed`` are variables that somebody handed over for s.yaml, secrets among them.
    """

    source: Path
    target: Target
    output: Path
    python: str
    handed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Built:
    """``reused`` says that nothing was built: the package that was there still fits."""

    artifact: Artifact
    manifest: Manifest
    reused: bool

"""What lies in a folder that somebody wants to run, and by which engine it runs."""

import argparse
import hashlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from agentramp.errors import UsageError
from agentramp.report.plain import harmless

_LISTED = 10


class Engine(Enum):
    AGENTRUN = "agentrun"
    AIGNE = "aigne"


FILES = {Engine.AGENTRUN: "s.yaml", Engine.AIGNE: "aigne.yaml"}


@dataclass(frozen=True)
class Project:
    """``source`` is what people call it. ``foreign``: it came from an address.

    Then nothing may be written to its folder, and ``digest`` is the sha256 of what was fetched.
    """

    root: Path
    inside: str
    engine: Engine
    source: str
    foreign: bool = False
    digest: str = ""

    @property
    def folder(self) -> Path:
        return self.root / self.inside

    @property
    def name(self) -> str:
        """The same for each run of the same thing, and for nothing else."""
        place = self.source if self.foreign else str(self.root.resolve())
        words = f"{self.engine.value} {self.inside} {place}"
        return hashlib.sha256(words.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Found:
    """A folder, before anybody has looked what is in it."""

    root: Path
    source: str
    foreign: bool = False
    digest: str = ""


def project_in(args: argparse.Namespace, found: Found) -> Project:
    """What lies in the folder, or in the folder of it that --folder names; raises UsageError."""
    inside = args.folder or "."
    folder = _inside(inside, found)
    there = [engine for engine, file in FILES.items() if (folder / file).is_file()]
    wanted = Engine(args.engine) if args.engine else next(iter(there), None)
    if wanted is None or wanted not in there:
        looked = FILES[wanted] if wanted else " nor ".join(FILES.values())
        raise UsageError(
            f"{found.source} has {'no' if wanted else 'neither'} {looked}; {_listed(folder)}",
            advice="name the folder in it that has one with --folder",
        )
    return Project(found.root, inside, wanted, found.source, found.foreign, found.digest)


def _inside(inside: str, found: Found) -> Path:
    folder = found.root / inside
    if not folder.resolve().is_relative_to(found.root.resolve()):
        raise UsageError(
            f"--folder {inside} leads out of {found.source}", advice="name a folder inside it"
        )
    if not folder.is_dir():
        raise UsageError(
            f"{found.source} has no folder {inside}; {_listed(found.root)}",
            advice="name one that it has",
        )
    return folder


def _listed(folder: Path) -> str:
    names = sorted(f"{path.name}/" if path.is_dir() else path.name for path in folder.iterdir())
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"it has: {harmless(', '.join(names[:_LISTED]))}{more}" if names else "it is empty"

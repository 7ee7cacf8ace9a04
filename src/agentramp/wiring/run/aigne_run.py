"""An AIGNE project by the AIGNE CLI: the one that is installed, or one of a known version."""

import argparse
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from agentramp.agents.aigne import NPX, VERSION, AigneAgent, Asked, parameter
from agentramp.agents.environment import given
from agentramp.bundle.dependencies import Npm, install
from agentramp.config.aigne import read_aigne
from agentramp.errors import UsageError
from agentramp.local.launch import OWNER
from agentramp.package.source import read_source
from agentramp.wiring.context import Context
from agentramp.wiring.run.agent_project import Project
from agentramp.wiring.run.private_home import LEARNED, WORK, mark

_INSTALLED = "node_modules"


@contextmanager
def aigne(args: argparse.Namespace, context: Context, project: Project) -> Iterator[AigneAgent]:
    """``context.home`` is this run's alone, and whoever made it ends what is started here."""
    read_aigne(project.folder)  # its faults with their places, before another program stumbles
    environ = given(context.environ, foreign=project.foreign, asked=args.pass_env or ())
    words = _words(environ, context)
    folder = project.folder
    if project.foreign:
        folder = _workplace(project, environ, context) / project.inside
    scratch = context.home / "tmp"
    scratch.mkdir(mode=0o700)
    yield AigneAgent(
        words=words,
        folder=folder,
        scratch=scratch,
        cwd=scratch if project.foreign else context.cwd,
        memory=context.home / LEARNED / f"{_named(args.agent)}.json",
        asked=Asked(
            args.agent, args.model, [parameter(one, context.cwd) for one in args.param or ()]
        ),
        timeout=args.timeout,
        environ={**environ, OWNER: mark(context.home)},
    )


def _words(environ: Mapping[str, str], context: Context) -> tuple[str, ...]:
    path = environ.get("PATH", os.defpath)
    if found := shutil.which("aigne", path=path):
        return (found,)
    if not shutil.which(NPX[0], path=path):
        raise UsageError(
            "an AIGNE project is run by the AIGNE CLI, and there is neither aigne nor npx on PATH",
            advice=f"install Node.js, or: npm install -g @aigne/cli@{VERSION}",
        )
    context.console.say(
        f"aigne is not installed: using @aigne/cli {VERSION} by npx, which fetches it once"
    )
    return NPX


def _workplace(project: Project, environ: Mapping[str, str], context: Context) -> Path:
    """A copy that may be written to, with its dependencies, made once for what was fetched."""
    work = context.home / WORK
    place = work / _named(f"{project.digest} {project.inside}")
    if place.is_dir():
        return place
    if work.is_dir():
        shutil.rmtree(work)
    draft = context.home / "draft"
    shutil.copytree(project.root, draft, symlinks=True)
    _install(draft / project.inside, environ, context)
    work.mkdir(mode=0o700)
    draft.rename(place)
    return place


def _install(folder: Path, environ: Mapping[str, str], context: Context) -> None:
    if (folder / _INSTALLED).exists():
        return
    staging = context.home / "staging"
    npm = Npm(environ)
    for entry in install(folder, read_source(folder), staging, npm, context.console):
        to = folder / entry.name
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(entry.path, to)


def _named(what: str | None) -> str:
    """A file's name for what may have any."""
    return hashlib.sha256((what or "").encode()).hexdigest()[:16]

"""Installing what requirements.txt asks for into a folder that goes into the package."""

import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agentramp.package import installed
from agentramp.package.child import Finished, Run
from agentramp.package.failures import explain
from agentramp.package.installer import Installer, Order, Pip, child_environ, command
from agentramp.package.request import ARCHITECTURE, AgentRunTarget, BuildRequest, Target
from agentramp.package.requirements import Requirements
from agentramp.progress import Progress

FOLDER = "python"
"""Where the platform's own build puts dependencies; an agent runs with it on PYTHONPATH."""
NAMED = 5


@dataclass(frozen=True)
class Tools:
    """What stands between a build and the machine it runs on."""

    run: Run
    environ: Mapping[str, str]
    installer: Installer
    progress: Progress


def install(
    request: BuildRequest,
    requirements: Requirements,
    kept: tuple[str, ...],
    staging: Path,
    tools: Tools,
) -> tuple[str, ...]:
    """Install into ``staging``/python and give ``name==version`` of all that came.

    ``kept`` are versions of an earlier build, which are taken again where the requirements allow.
    """
    _tell(requirements, request.target, kept, tools)
    constraints = _constraints(staging, () if requirements.hashed else kept)
    done = _attempt(request, requirements, constraints, staging, tools)
    if done.code != 0 and constraints:
        tools.progress.say("note: the versions of the last build no longer fit: resolving anew")
        done = _attempt(request, requirements, None, staging, tools)
    if done.code != 0:
        raise explain(done, request.target, tools.environ)
    return installed.settle(staging / FOLDER)


def _attempt(
    request: BuildRequest,
    requirements: Requirements,
    constraints: Path | None,
    staging: Path,
    tools: Tools,
) -> Finished:
    folder = staging / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    order = Order(
        requirements=requirements.path.resolve(),
        folder=folder,
        target=request.target,
        python=request.python,
        constraints=constraints,
        local=requirements.local,
    )
    argv = command(tools.installer, order)
    environ = child_environ(tools.environ, named=requirements.variables, handed=request.handed)
    return tools.run(argv, cwd=request.source, env=environ)


def _constraints(staging: Path, kept: tuple[str, ...]) -> Path | None:
    if not kept:
        return None
    path = staging / "constraints.txt"
    path.write_text("".join(f"{pin}\n" for pin in kept), encoding="utf-8")
    return path


def _tell(requirements: Requirements, target: Target, kept: tuple[str, ...], tools: Tools) -> None:
    say, count = tools.progress.say, len(requirements.lines)
    say(f"resolving {count} requirement{'' if count == 1 else 's'} for {target}")
    if requirements.unpinned:
        names = ", ".join(requirements.unpinned[:NAMED])
        more = ", …" if len(requirements.unpinned) > NAMED else ""
        say(f"note: not pinned with ==, so another machine may take other versions: {names}{more}")
        if kept:
            say("note: taking the versions of the last build; delete its manifest for newer ones")
    if isinstance(tools.installer, Pip) and _markers_may_differ(target):
        say(
            "note: pip judges conditions such as sys_platform == 'linux' for this machine, not "
            'for the one that runs the agent; uv does not: pip install "agentramp[build]"'
        )


def _markers_may_differ(target: Target) -> bool:
    if not isinstance(target, AgentRunTarget):
        return False
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    same_machine = sys.platform == "linux" and platform.machine() == ARCHITECTURE
    return not (same_machine and here == target.python_version)

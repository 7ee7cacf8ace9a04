"""What a workflow's first step pays for the private environment, and what each later step does."""

import os
import shutil
import sys
from itertools import count
from pathlib import Path

from bench.figures import BenchError, Figure, at_most
from bench.processes import interleaved, run
from bench.workshop import ROOT, Workshop

ROUNDS = 9
WARM_ROUNDS = 3
STANDING, WARM = 8, 60
"""Times `python -c pass`: what a step may cost that finds all, and one that only finds a cache."""
PROGRAMS = ("bash", "chmod", "dirname", "env", "mkdir", "mktemp", "rm")
KEPT = ("PIP_", "UV_", "SSL_")
_numbers = count()


def measure(workshop: Workshop) -> list[Figure]:
    """Needs a package index; the action `setup` is run, which does nothing else."""
    scratch = workshop.fresh_folder("set-up")
    figures = [*_with(scratch, "uv", _find_uv()), *_with(scratch, "pip", None)]
    return [*_standing(scratch, _find_uv()), *figures]


def _with(scratch: Path, name: str, uv: Path | None) -> list[Figure]:
    environ = _environ(scratch / name, uv)
    cold, rounds = _new(scratch, environ), WARM_ROUNDS if uv else 1  # pip takes its time
    jobs = {"nothing": lambda: _nothing(environ), "warm": lambda: _new(scratch, environ)}
    best = {name: min(seconds) for name, seconds in interleaved(rounds, jobs).items()}
    nothing, warm = best["nothing"], best["warm"]
    bound = at_most(WARM) if uv else None
    return [
        Figure(f"cold, {name}", cold, "s", None, "nothing in its cache; the network counts"),
        Figure(f"cold, {name}", cold / nothing, "x", None, "times `python -c pass`"),
        Figure(f"warm, {name}", warm, "s", None, f"its cache is full; best of {rounds}"),
        Figure(f"warm, {name}", warm / nothing, "x", bound, "times `python -c pass`"),
    ]


def _standing(scratch: Path, uv: Path) -> list[Figure]:
    environ = {**_environ(scratch / "standing", uv), "RUNNER_TEMP": _fresh(scratch)}
    _step(environ)
    jobs = {"nothing": lambda: _nothing(environ), "standing": lambda: _step(environ)}
    best = {name: min(seconds) for name, seconds in interleaved(ROUNDS, jobs).items()}
    how = f"the environment is there; best of {ROUNDS} interleaved rounds"
    return [
        Figure("python -c pass", best["nothing"] * 1000, "ms"),
        Figure("standing", best["standing"] * 1000, "ms", None, how),
        Figure(
            "standing",
            best["standing"] / best["nothing"],
            "x",
            at_most(STANDING),
            "times `python -c pass`",
        ),
    ]


def _new(scratch: Path, environ: dict[str, str]) -> float:
    return _step({**environ, "RUNNER_TEMP": _fresh(scratch)})


def _step(environ: dict[str, str]) -> float:
    return run(["bash", ROOT / "actions" / "run", "setup"], cwd=ROOT, env=environ).seconds


def _nothing(environ: dict[str, str]) -> float:
    return run([_interpreter(), "-c", "pass"], cwd=ROOT, env=environ).seconds


def _fresh(scratch: Path) -> str:
    return str(scratch / f"runner-{next(_numbers)}")


def _environ(folder: Path, uv: Path | None) -> dict[str, str]:
    """A runner's: PATH has what is needed and no more, and every cache is empty."""
    tools = folder / "tools"
    tools.mkdir(parents=True)
    (tools / "python3").symlink_to(_interpreter())
    for program in PROGRAMS:
        found = shutil.which(program)
        if found is None:
            raise BenchError(f"{program} is not on PATH.")
        (tools / program).symlink_to(found)
    if uv:
        (tools / "uv").symlink_to(uv)
    kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    caches = {"UV_CACHE_DIR": str(folder / "uv"), "PIP_CACHE_DIR": str(folder / "pip")}
    return {**kept, **caches, "PATH": str(tools), "HOME": str(folder)}


def _interpreter() -> Path:
    """The real one behind this environment, as a runner has no environment around it."""
    return Path(sys.executable).resolve()


def _find_uv() -> Path:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise BenchError("uv is not on PATH: requirements/dev.txt brings it.")
    return Path(found).resolve()

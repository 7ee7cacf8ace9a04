"""Runs whole processes and says what each cost."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from bench.figures import BenchError

LONGEST_ERROR = 600
MEGABYTE = 1024 * 1024
MAXRSS_UNIT = 1024  # Linux counts ru_maxrss in kibibytes

LAUNCHER = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True)
class Run:
    seconds: float
    output: str


def run(
    command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Run:
    """Raises BenchError when the command is missing or does not end with 0."""
    with TemporaryFile() as output, TemporaryFile() as errors:
        started = time.perf_counter()
        try:
            code = subprocess.call(command, cwd=cwd, env=env, stdout=output, stderr=errors)
        except FileNotFoundError:
            raise BenchError(f"{command[0]} is not there.") from None
        seconds = time.perf_counter() - started
        if code != 0:
            errors.seek(0)
            told = errors.read().decode(errors="replace").strip()[-LONGEST_ERROR:]
            shown = " ".join(map(str, command))
            raise BenchError(f"`{shown}` ended with {code}: {told}")
        output.seek(0)
        return Run(seconds, output.read().decode(errors="replace"))


def peak_mb(command: Sequence[str | Path], *, env: Mapping[str, str]) -> float:
    """The largest resident set of the command, or of one of its children, in MB.

    A child begins as a copy of its parent, whose resident set is counted as its own peak: so a
    parent stands between that holds nothing. ``command[0]`` is a path.
    """
    done = run([sys.executable, "-I", "-S", "-c", LAUNCHER, *command], env=env)
    return int(done.output.splitlines()[-1]) * MAXRSS_UNIT / MEGABYTE


def interleaved(rounds: int, jobs: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Every job once per round, so that whatever slows the machine slows all of them."""
    figures: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            figures[name].append(job())
    return figures

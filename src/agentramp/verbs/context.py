"""What the outside gives a verb: the environment, the clock, the console."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from agentramp.report.console import Console


@dataclass(frozen=True)
class Context:
    """``clock`` tells seconds since 1970-01-01 UTC; ``home`` is where agentramp keeps state."""

    environ: Mapping[str, str]
    cwd: Path
    home: Path
    console: Console
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    nonce: Callable[[], str]
    jitter: Callable[[], float]

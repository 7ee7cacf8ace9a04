"""What the outside gives a verb: the environment, the clock, the console."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agentramp.report.console import Console
from agentramp.report.lines import Lines


@dataclass(frozen=True)
class Context:
    """``clock`` tells seconds since 1970-01-01 UTC; ``home`` is where agentramp keeps state.

    ``by`` is who runs this, as the journal names them.
    """

    environ: Mapping[str, str]
    cwd: Path
    home: Path
    console: Console
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    nonce: Callable[[], str]
    jitter: Callable[[], float]
    stdin: Callable[[], BinaryIO]
    lines: Lines
    by: str = ""

"""What the outside gives a verb: the environment, the clock, the console."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from agentramp.errors import UsageError
from agentramp.report.console import Console
from agentramp.report.deeds import Deeds
from agentramp.report.lines import Lines

if TYPE_CHECKING:  # a verb that needs no network pays for none of its words
    from agentramp.credentials.port import Holder
    from agentramp.platform.calls import Call
    from agentramp.wiring.sight import Sight


def here() -> Path:
    """The folder that this process runs in; raises UsageError."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise UsageError(
            "the folder that this runs in is not there any more", advice="cd to one that is"
        ) from error


def _nobody(_: str) -> str:
    raise EOFError


def _unmasked(_: str) -> None:
    """Outside a workflow nobody rewrites a log."""


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
    timer: Callable[[], float] = time.monotonic
    """Seconds of a clock that nobody sets."""
    terminal: bool = False
    """Whether a person at a terminal can be asked: standard input is one."""
    secret: Callable[[str], str] = _nobody
    """Asks a person at the terminal for what is not to be seen there; raises EOFError."""
    mask: Callable[[str], None] = _unmasked
    """Has a workflow's log show this secret as asterisks; to be called before it can be printed."""
    hide: Callable[[str], str] = str
    """A text as it may leave by another way than the log, with asterisks for what was masked."""
    deeds: Deeds = field(default_factory=Deeds, repr=False, compare=False)
    handed: frozenset[str] = frozenset()
    """Names in ``environ`` that AGENTRAMP_VARIABLES brought for s.yaml: no installer has them."""
    holders: dict[tuple[str, str | None, str | None], "Holder"] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What the chain of credentials came to in this run, by service and names asked for."""
    sight: "Sight | None" = field(default=None, repr=False, compare=False)
    """Keeps what the verb sees, where its end is told elsewhere too."""

    @property
    def tell(self) -> "Callable[[Call], None]":
        """Who is told of each call of a service's API."""
        return self.console.called

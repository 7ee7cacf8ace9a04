"""What the variables of a file can ask for that does not stand in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agentramp.config.settings import Outputs
from agentramp.diagnostics import Diagnostic


@dataclass(frozen=True)
class Outside:
    """``root`` is the folder of the file: None where no other file may be named.

    ``account`` tells the account of the credentials, and is asked only where a value uses it; it
    may raise AgentrampError. None: not known yet, and such values stay open. ``outputs`` are those
    of the resources that are deployed.
    """

    root: Path | None = None
    account: Callable[[], str] | None = None
    outputs: Mapping[str, Outputs] = field(default_factory=dict)


class Unresolvable(Exception):  # noqa: N818 - a way out, caught where a value is resolved
    """``message`` is empty where the fault was told elsewhere, or stands in ``diagnostics``."""

    def __init__(self, message: str = "", diagnostics: tuple[Diagnostic, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.diagnostics = diagnostics

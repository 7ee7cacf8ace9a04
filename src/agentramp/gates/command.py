"""A user's program decides, such as an evaluation suite that is there already.

It finds the addresses of both versions in its environment. Exit status 0 lets the canary through
and 1 refuses it; any other status is the program's own failure, as is a time-out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from agentramp.gates.port import GateError, Opinion, Outcome, Pinned
from agentramp.program import Ended, ProgramError, run, said_last

_OUTCOMES: Final = {0: Outcome.PASSED, 1: Outcome.FAILED}


@dataclass(frozen=True)
class CommandGate:
    """``environ`` is what the program has besides the four variables; ``timeout`` is in seconds."""

    argv: Sequence[str]
    environ: Mapping[str, str] = field(repr=False)
    timeout: float = 600.0

    def run(self, pinned: Pinned) -> Opinion:
        try:
            ended = run(
                self.argv, timeout=self.timeout, environ={**self.environ, **variables(pinned)}
            )
        except ProgramError as error:
            raise GateError(f"stopped: {error.message}", advice=error.advice) from error
        outcome = _OUTCOMES.get(ended.status)
        if outcome is None:
            raise GateError(
                f"{said_last(_output(ended))}stopped: {self.argv[0]} ended with status "
                f"{ended.status}, which says nothing of version {pinned.canary}",
                advice="0 lets the canary through, 1 refuses it; run the program by hand",
            )
        return Opinion(outcome, self._reason(ended, outcome), tuple(_lines(ended)))

    def _reason(self, ended: Ended, outcome: Outcome) -> str:
        said = _lines(ended)
        last = f": {said[-1]}" if said else ""
        verb = "lets it through" if outcome is Outcome.PASSED else "refuses it"
        return f"{self.argv[0]} {verb} (status {ended.status}){last}"


def variables(pinned: Pinned) -> dict[str, str]:
    return {
        "AGENTRAMP_CANARY_URL": pinned.canary_url,
        "AGENTRAMP_STABLE_URL": pinned.stable_url,
        "AGENTRAMP_CANARY_VERSION": str(pinned.canary),
        "AGENTRAMP_STABLE_VERSION": str(pinned.stable),
    }


def _output(ended: Ended) -> str:
    """What it said on both ways out; test runners use the one, tracebacks the other."""
    return ended.out.decode("utf-8", "replace") + ended.err


def _lines(ended: Ended) -> list[str]:
    return said_last(_output(ended)).splitlines()

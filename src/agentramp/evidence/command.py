"""Counts from a user's program: the question on its standard input, the answer on its output.

``answers`` tells what both look like.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agentramp.evidence.answers import question_json, read_answers
from agentramp.evidence.port import Answer, EvidenceError, Question
from agentramp.judge.window import Unit
from agentramp.program import MOST_OUTPUT, ProgramError, run, said_last


@dataclass(frozen=True)
class CommandEvidence:
    """``environ`` None gives the program our own environment; ``timeout`` is in seconds."""

    argv: Sequence[str]
    unit: Unit = Unit.SESSIONS
    timeout: float = 60.0
    environ: Mapping[str, str] | None = field(default=None, repr=False)
    most: int = MOST_OUTPUT

    def read(self, question: Question) -> tuple[Answer, ...]:
        name = self.argv[0]
        try:
            ended = run(
                self.argv,
                stdin=question_json(question),
                timeout=self.timeout,
                environ=self.environ,
                most=self.most,
            )
        except ProgramError as error:
            raise EvidenceError(error.message, advice=error.advice) from error
        if ended.status != 0:
            raise EvidenceError(
                f"{said_last(ended.err)}{name} ended with status {ended.status}",
                advice="run it by hand with the question on its standard input",
            )
        return read_answers(ended.out, question, name)

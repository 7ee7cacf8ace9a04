"""One golden prompt, asked of one version once: good, bad or undecided."""

from dataclasses import dataclass

from typing_extensions import assert_never

from agentramp.gates.chat import Chat, Heard
from agentramp.gates.checks import faults
from agentramp.gates.model_judge import Acceptable, AnswerJudge, Unacceptable, Unusable
from agentramp.gates.port import GateError
from agentramp.gates.prompts import Prompt


@dataclass(frozen=True)
class Trial:
    """``faults`` is empty for a good answer. ``undecided`` says why a judge gave no verdict.

    ``judged`` tells whether a model was asked and decided.
    """

    heard: Heard
    faults: tuple[str, ...] = ()
    undecided: str = ""
    judged: bool = False

    @property
    def is_good(self) -> bool:
        return not self.faults and not self.undecided


@dataclass(frozen=True)
class Trials:
    chat: Chat
    judge: AnswerJudge | None = None

    def check(self, prompts: tuple[Prompt, ...]) -> None:
        """Raise GateError where the prompts cannot be tried."""
        if not prompts:
            raise GateError("there are no golden prompts", advice="write one under prompts:")
        for prompt in prompts:
            if prompt.expect.judged is not None and self.judge is None:
                raise GateError(
                    f"golden prompt {prompt.name} has to be judged, and no model is named for it",
                    advice="name one under judge: of the gate",
                )

    def run(self, url: str, prompt: Prompt) -> Trial:
        """The judge is asked only for an answer that is good otherwise, as it costs most."""
        heard = self.chat.ask(url, prompt)
        found = tuple(faults(heard, prompt.expect))
        criterion = prompt.expect.judged
        if found or criterion is None or self.judge is None:
            return Trial(heard, found)
        judgement = self.judge.judge(prompt, criterion, heard.text)
        match judgement:
            case Acceptable():
                return Trial(heard, judged=True)
            case Unacceptable(reason):
                return Trial(heard, (f"judged unacceptable: {reason}",), judged=True)
            case Unusable(reason):
                return Trial(heard, undecided=reason)
            case _:
                assert_never(judgement)

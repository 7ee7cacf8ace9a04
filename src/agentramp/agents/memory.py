"""The shipped fake: an agent that says again what it was told."""

from collections.abc import Sequence
from dataclasses import dataclass

from agentramp.agents.port import AgentError, Hear
from agentramp.gates.prompts import Message


@dataclass(frozen=True)
class MemoryAgent:
    """Answers in words, each a piece; told ``refuses`` it gives no answer."""

    refuses: str = "fail"

    def answer(self, conversation: Sequence[Message], hear: Hear) -> str:
        said = conversation[-1].content
        if said == self.refuses:
            raise AgentError("the agent was told to fail", advice="tell it something else")
        for number, word in enumerate(said.split(" ")):
            hear(f" {word}" if number else word)
        return said

    def anew(self) -> "MemoryAgent":
        return self

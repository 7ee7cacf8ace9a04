"""What holds of every agent, whatever runs it. The agent under test says again what it is told."""

import pytest

from agentramp.agents.port import Agent, AgentError
from agentramp.gates.prompts import Message


def said(*texts: str) -> tuple[Message, ...]:
    """A conversation in which the person and the agent take turns."""
    roles = ("user", "assistant")
    return tuple(Message(roles[number % 2], text) for number, text in enumerate(texts))


class AgentSuite:
    def test_the_answer_is_whole_and_its_pieces_are_of_it(self, agent: Agent) -> None:
        heard: list[str] = []
        text = "@what was said, é 中文\nand <more> of it"
        assert agent.answer(said("before", "before", text), heard.append) == text
        assert text.startswith("".join(heard))
        assert agent.anew().answer(said("again"), heard.append) == "again"

    def test_no_answer_is_an_error_that_says_why(self, agent: Agent) -> None:
        with pytest.raises(AgentError, match="fail") as caught:
            agent.answer(said("fail"), lambda _: None)
        assert caught.value.exit_code == 3
        assert caught.value.advice

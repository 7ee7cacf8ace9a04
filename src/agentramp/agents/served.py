"""An agent that serves the OpenAI-compatible chat, as all that run on AgentRun do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agentramp.agents.port import AgentError, Hear
from agentramp.gates.chat import CHAT_PATH, Chat, Heard
from agentramp.gates.prompts import Message, Prompt

_OK = 200
_QUOTED = 1000


@dataclass(frozen=True)
class ServedAgent:
    """``nonce`` makes the name of its session; ``timeout`` is for one whole answer, in seconds."""

    url: str
    nonce: Callable[[], str]
    timeout: float
    session: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "session", self.nonce())

    def answer(self, conversation: Sequence[Message], hear: Hear) -> str:
        chat = Chat(lambda: self.session, self.timeout)
        heard = chat.ask(self.url, Prompt("run", tuple(conversation)), hear)
        if why := _fault(heard):
            raise AgentError(
                why, advice=f"it has to serve POST {CHAT_PATH}, and to answer within --timeout"
            )
        return heard.text

    def anew(self) -> "ServedAgent":
        return ServedAgent(self.url, self.nonce, self.timeout)


def _fault(heard: Heard) -> str:
    """Why this is no answer, in words; empty where it is one."""
    if heard.status == 0:
        return f"the agent does not answer: {heard.trouble}"
    if heard.status != _OK:
        return f"the agent answers {heard.status}:\n{heard.text[:_QUOTED]}"
    if heard.trouble or not heard.text.strip():
        return f"the agent gives no whole answer: {heard.trouble or 'it is empty'}"
    return ""

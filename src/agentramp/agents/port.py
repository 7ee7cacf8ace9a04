"""The agent port: a conversation goes in, an answer comes back."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from agentramp.errors import RefusedError
from agentramp.gates.prompts import Message

Hear: TypeAlias = Callable[[str], None]
"""Is told each piece of an answer as it comes, if the agent answers in pieces."""


class AgentError(RefusedError):
    """The agent gave no whole answer; the message says why, and may quote what it said."""


class Agent(Protocol):
    def answer(self, conversation: Sequence[Message], hear: Hear) -> str:
        """The whole answer to the last of ``conversation``; raises AgentError."""
        ...

    def anew(self) -> "Agent":
        """The same agent in a session of its own, which knows nothing of what was said."""
        ...

"""The words that the server, the agent and the models share."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Message: TypeAlias = dict[str, Any]
"""A chat message as OpenAI writes it: role, content, and tool calls where there are some."""


@dataclass(frozen=True)
class Usage:
    prompt: int = 0
    completion: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.prompt + other.prompt, self.completion + other.completion)


@dataclass(frozen=True)
class Text:
    content: str


@dataclass(frozen=True)
class ToolCall:
    """``arguments`` is the JSON text the model wrote, which may be wrong."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Finish:
    reason: str
    usage: Usage = Usage()


Event: TypeAlias = Text | ToolCall | Finish
"""What a model says, piece by piece; ``Finish`` is the last."""


@dataclass(frozen=True)
class Request:
    """``tools`` are the caller's own; ``options`` go to an external model as they are."""

    messages: tuple[Message, ...]
    stream: bool
    include_usage: bool
    tools: tuple[dict[str, Any], ...]
    options: dict[str, Any]

    @property
    def tool_names(self) -> frozenset[str]:
        return frozenset(tool["function"]["name"] for tool in self.tools)


class ModelError(Exception):
    """The model could not be reached or gave no answer that can be used."""


class Model(Protocol):
    name: str

    def reply(
        self, request: Request, messages: list[Message], tools: list[dict[str, Any]]
    ) -> Iterator[Event]: ...

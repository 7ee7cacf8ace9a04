"""The agent: a model, the tools it may use, and the loop between them."""

from collections.abc import Generator
from typing import Any

import tools
from chat import Event, Finish, Message, Model, ModelError, Request, Text, ToolCall, Usage
from persona import NAME, VERSION

SYSTEM: Message = {
    "role": "system",
    "content": f"You are {NAME}, version {VERSION}, a helpful assistant. Use tools for arithmetic.",
}
MOST_ROUNDS = 5


def answer(model: Model, request: Request) -> Generator[Event, None, None]:
    """Runs the agent's own tools itself; calls of the caller's tools go out to the caller.

    Raises ModelError when the model fails or never stops asking for tools.
    """
    messages = [SYSTEM, *request.messages]
    used = Usage()
    for _ in range(MOST_ROUNDS):
        said: list[str] = []
        calls: list[ToolCall] = []
        reason = "stop"
        for event in model.reply(request, messages, _offered(request)):
            match event:
                case Text(content):
                    said.append(content)
                    yield event
                case ToolCall():
                    calls.append(event)
                case Finish():
                    reason, used = event.reason, used + event.usage
        theirs = [call for call in calls if call.name in request.tool_names]
        if theirs or not calls:
            yield from theirs
            yield Finish("tool_calls" if theirs else reason, used)
            return
        messages += [_asked("".join(said), calls), *map(_result, calls)]
    raise ModelError(f"The model asked for tools {MOST_ROUNDS} times in a row and never answered.")


def _offered(request: Request) -> list[dict[str, Any]]:
    """The caller's tool wins where two have one name: the caller expects to be asked."""
    own = [tool.spec for tool in tools.TOOLS if tool.name not in request.tool_names]
    return [*own, *request.tools]


def _asked(said: str, calls: list[ToolCall]) -> Message:
    return {"role": "assistant", "content": said or None, "tool_calls": [*map(wire_call, calls)]}


def wire_call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _result(call: ToolCall) -> Message:
    content = tools.call(call.name, call.arguments)
    return {"role": "tool", "tool_call_id": call.id, "content": content}

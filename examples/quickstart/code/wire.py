"""OpenAI's shapes: how a chat request is read, and how answers, chunks and errors are written."""

import json
import time
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from agent import wire_call
from chat import Event, Finish, Request, Text, ToolCall, Usage
from persona import NAME, VERSION

READ_HERE = {"messages", "model", "stream", "stream_options", "tools", "n"}


class BadRequestError(Exception):
    """The request makes no sense; ``param`` names the field at fault."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


def parse_request(body: bytes) -> Request:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"The body is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise BadRequestError("The body must be a JSON object.")
    if given.get("n", 1) not in (None, 1):
        raise BadRequestError("This agent gives one answer: n must be 1.", "n")
    options = given.get("stream_options") or {}
    return Request(
        messages=_messages(given.get("messages")),
        stream=given.get("stream") is True,
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
        tools=_tools(given.get("tools") or []),
        options={name: value for name, value in given.items() if name not in READ_HERE},
    )


def _messages(given: object) -> tuple[dict[str, Any], ...]:
    if not isinstance(given, list) or not given:
        raise BadRequestError("messages must be a list with at least one message.", "messages")
    for index, message in enumerate(given):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise BadRequestError(f"messages[{index}] must be an object with a role.", "messages")
        if not isinstance(message.get("content"), str | list | None):
            raise BadRequestError(
                f"messages[{index}].content must be text or a list of parts.", "messages"
            )
    return tuple(given)


def _tools(given: object) -> tuple[dict[str, Any], ...]:
    if not isinstance(given, list) or not all(map(_is_named_function, given)):
        raise BadRequestError("tools must be a list of functions, each with a name.", "tools")
    return tuple(given)


def _is_named_function(tool: object) -> bool:
    function = tool.get("function") if isinstance(tool, dict) else None
    return isinstance(function, dict) and isinstance(function.get("name"), str)


def completion(events: Iterable[Event]) -> dict[str, Any]:
    said, calls, finish = [], [], Finish("stop")
    for event in events:
        match event:
            case Text(content):
                said.append(content)
            case ToolCall():
                calls.append(wire_call(event))
            case Finish():
                finish = event
    message: dict[str, Any] = {"role": "assistant", "content": "".join(said) or None}
    if calls:
        message["tool_calls"] = calls
    choice = {"index": 0, "message": message, "finish_reason": finish.reason}
    return {**_envelope("chat.completion"), "choices": [choice], "usage": _usage(finish.usage)}


def chunks(events: Iterable[Event], *, include_usage: bool) -> Iterator[dict[str, Any]]:
    """With ``include_usage`` a last chunk without choices carries it; the others say null."""
    envelope = _envelope("chat.completion.chunk")
    if include_usage:
        envelope["usage"] = None
    yield {**envelope, "choices": [_choice({"role": "assistant", "content": ""})]}
    calls = 0
    for event in events:
        match event:
            case Text(content):
                yield {**envelope, "choices": [_choice({"content": content})]}
            case ToolCall():
                delta = {"tool_calls": [{"index": calls, **wire_call(event)}]}
                calls += 1
                yield {**envelope, "choices": [_choice(delta)]}
            case Finish(reason, usage):
                yield {**envelope, "choices": [_choice({}, reason)]}
                if include_usage:
                    yield {**envelope, "choices": [], "usage": _usage(usage)}


def _choice(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": reason}


def _envelope(kind: str) -> dict[str, Any]:
    """``system_fingerprint`` says which version answered, whichever model spoke."""
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": NAME,
        "system_fingerprint": f"{NAME}-{VERSION}",
    }


def _usage(usage: Usage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
    }


def models(created: int) -> dict[str, Any]:
    entry = {"id": NAME, "object": "model", "created": created, "owned_by": NAME}
    return {"object": "list", "data": [entry]}


def error(message: str, kind: str, *, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": None}}

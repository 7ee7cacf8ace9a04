"""Any OpenAI-compatible endpoint as the agent's model."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import urllib3
from chat import Event, Finish, Message, ModelError, Request, Text, ToolCall, Usage

TIMEOUT = urllib3.Timeout(connect=5, read=120)
MOST_CONNECTIONS = 32
LONGEST_ERROR = 300


class BrokenOffError(Exception):
    """A stream ended early or said why it cannot go on."""


class RemoteModel:
    def __init__(self, base_url: str, name: str, api_key: str) -> None:
        self.name = name
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._host = urllib3.util.parse_url(base_url).host or base_url
        self._key = api_key
        self._pool = urllib3.PoolManager(maxsize=MOST_CONNECTIONS, retries=False, timeout=TIMEOUT)

    def reply(
        self, request: Request, messages: list[Message], tools: list[dict[str, Any]]
    ) -> Iterator[Event]:
        """Raises ModelError, in whose text the key never stands."""
        with self._answer(self._body(request, messages, tools)) as response:
            if response.status != HTTPStatus.OK:
                raise ModelError(self._refusal(response))
            try:
                yield from _streamed(response) if request.stream else _whole(response)
            except BrokenOffError as error:
                reason = self._without_key(str(error))
                raise ModelError(f"The model at {self._host} broke off: {reason}") from None
            except (ValueError, KeyError, TypeError, IndexError, AttributeError):
                raise ModelError(f"The model at {self._host} gave an unreadable answer.") from None

    def _body(
        self, request: Request, messages: list[Message], tools: list[dict[str, Any]]
    ) -> dict[str, Any]:
        body = {
            **request.options,
            "model": self.name,
            "messages": messages,
            "tools": tools,
            "stream": request.stream,
        }
        if request.stream and request.include_usage:
            body["stream_options"] = {"include_usage": True}
        if len(messages) > len(request.messages) + 1:
            # A caller's "required" holds for the first round; kept, the model could never answer.
            body.pop("tool_choice", None)
        return body

    @contextmanager
    def _answer(self, body: dict[str, Any]) -> Iterator[urllib3.BaseHTTPResponse]:
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        try:
            response = self._pool.request(
                "POST",
                self._url,
                body=json.dumps(body).encode(),
                headers=headers,
                preload_content=False,
                redirect=False,
            )
            with closing(response):  # one that was read to its end is back in the pool already
                yield response
        except urllib3.exceptions.HTTPError as error:
            raise ModelError(
                f"The model at {self._host} could not be reached or broke off"
                f" ({type(error).__name__}). Check MODEL_BASE_URL."
            ) from None

    def _refusal(self, response: urllib3.BaseHTTPResponse) -> str:
        text = response.read(4096).decode(errors="replace")
        try:
            text = str(json.loads(text)["error"]["message"])
        except (ValueError, KeyError, TypeError):
            text = " ".join(text.split())
        return f"The model at {self._host} answered {response.status}: {self._without_key(text)}"

    def _without_key(self, text: str) -> str:
        """Some endpoints repeat the key they refuse."""
        return (text.replace(self._key, "***") if self._key else text)[:LONGEST_ERROR]


def _whole(response: urllib3.BaseHTTPResponse) -> Iterator[Event]:
    answer = json.loads(response.read())
    choice = answer["choices"][0]
    message = choice["message"]
    if message.get("content"):
        yield Text(message["content"])
    for call in message.get("tool_calls") or []:
        yield ToolCall(call["id"], call["function"]["name"], call["function"]["arguments"])
    yield Finish(choice.get("finish_reason") or "stop", _usage(answer))


@dataclass
class PartialCall:
    """A tool call that arrives in pieces: its id and name once, its arguments bit by bit."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def add(self, delta: dict[str, Any]) -> None:
        function = delta.get("function") or {}
        self.id = delta.get("id") or self.id
        self.name = function.get("name") or self.name
        self.arguments.append(function.get("arguments") or "")


def _streamed(response: urllib3.BaseHTTPResponse) -> Iterator[Event]:
    """Text leaves as it comes; tool calls leave whole, when the model has finished."""
    calls: dict[int, PartialCall] = {}
    reason, usage = None, Usage()
    for data in _events(response):
        chunk = json.loads(data)
        if "error" in chunk:
            raise BrokenOffError(str(chunk["error"]))
        usage += _usage(chunk)
        for choice in chunk.get("choices") or []:
            delta = choice.get("delta") or {}
            if delta.get("content"):
                yield Text(delta["content"])
            for piece in delta.get("tool_calls") or []:
                calls.setdefault(piece.get("index", 0), PartialCall()).add(piece)
            reason = choice.get("finish_reason") or reason
    if reason is None:
        raise BrokenOffError("the stream ended before the answer did")
    for call in calls.values():
        yield ToolCall(call.id, call.name, "".join(call.arguments))
    yield Finish(reason, usage)


def _events(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """The data of each server-sent event up to ``[DONE]``."""
    rest = b""
    while piece := response.read1(65536):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            data = line.strip().removeprefix(b"data:").strip()
            if data == b"[DONE]":
                return
            if data and line.startswith(b"data:"):
                yield data


def _usage(answer: dict[str, Any]) -> Usage:
    given = answer.get("usage") or {}
    return Usage(given.get("prompt_tokens", 0), given.get("completion_tokens", 0))

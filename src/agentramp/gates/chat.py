"""Asks an agent as its users do: chat over the OpenAI-compatible API, streamed or whole."""

import codecs
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from agentramp.exchange import ExchangeError, Letter, Reply, post
from agentramp.gates.prompts import Prompt

CHAT_PATH: Final = "/openai/v1/chat/completions"
SESSION_HEADER: Final = "x-agentrun-session-id"
_OK: Final = 200


@dataclass(frozen=True)
class Heard:
    """``first_byte`` is in seconds. ``trouble`` says why there is no whole answer, or nothing.

    ``status`` is 0 where none came.
    """

    status: int
    text: str
    first_byte: float
    trouble: str = ""


@dataclass(frozen=True)
class Chat:
    """``session`` makes a name for each question's own session; ``headers`` go with all."""

    session: Callable[[], str]
    timeout: float = 120.0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def ask(self, url: str, prompt: Prompt, hear: Callable[[str], None] | None = None) -> Heard:
        """Never raises: an agent that does not answer is something that was heard of it.

        ``hear`` is told each piece of a streamed answer as it comes.
        """
        body = {
            "model": "agent",
            "messages": [{"role": one.role, "content": one.content} for one in prompt.messages],
            "stream": prompt.stream,
        }
        letter = Letter(
            url.rstrip("/") + CHAT_PATH,
            json.dumps(body).encode(),
            headers={**self.headers, SESSION_HEADER: self.session()},
        )
        try:
            told = _Pieces(hear).part if hear else None
            reply = post(letter, timeout=self.timeout, told=told)
        except ExchangeError as error:
            return Heard(0, "", self.timeout, error.message)
        return heard(reply)


@dataclass
class _Pieces:
    """Tells the pieces of a stream while it comes, each line of its events by itself."""

    hear: Callable[[str], None]
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace"), init=False
    )
    _rest: str = field(default="", init=False)

    def part(self, status: int, content: bytes) -> None:
        if status != _OK:
            return
        *lines, self._rest = (self._rest + self._decoder.decode(content)).split("\n")
        for line in lines:
            name, _, value = line.rstrip("\r").partition(":")
            match _json(value) if name == "data" else None:
                case {"choices": [dict(choice), *_]} if said := _piece(choice):
                    self.hear(said)
                case _:
                    pass


def heard(reply: Reply) -> Heard:
    """The answer's text; that of an error is its body."""
    if reply.status != _OK:
        return Heard(reply.status, reply.text, reply.first_byte)
    is_stream = reply.content_type.partition(";")[0].strip() == "text/event-stream"
    text, trouble = _streamed(reply.text) if is_stream else _whole(reply.text)
    return Heard(reply.status, text, reply.first_byte, trouble)


def _whole(body: str) -> tuple[str, str]:
    match _json(body):
        case {"choices": [{"message": {"content": str(text)}}, *_]}:
            return text, ""
        case {"choices": [{"message": _}, *_]}:
            return "", ""
        case _:
            return "", "the answer is no chat completion"


def _streamed(body: str) -> tuple[str, str]:
    """The pieces put together; a stream is whole once it says why it ends."""
    said: list[str] = []
    ended = False
    for data in _events(body):
        if data == "[DONE]":
            ended = True
            break
        match _json(data):
            case {"error": error}:
                return "".join(said), f"the stream ended with an error: {_short(error)}"
            case {"choices": [dict(choice), *_]}:
                ended = ended or choice.get("finish_reason") is not None
                said.append(_piece(choice))
            case {"choices": []}:
                pass
            case _:
                return "".join(said), "the stream holds an event that is no chat completion"
    return "".join(said), "" if ended else "the stream stopped before its end"


def _piece(choice: object) -> str:
    match choice:
        case {"delta": {"content": str(text)}}:
            return text
        case _:
            return ""


def _events(body: str) -> Iterator[str]:
    """The data of each server-sent event (HTML standard, section 9.2.6)."""
    lines: list[str] = []
    for line in [*body.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""]:
        name, _, value = line.partition(":")
        if line == "" and lines:
            yield "\n".join(lines)
            lines = []
        elif name == "data":
            lines.append(value.removeprefix(" "))


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}…"  # noqa: PLR2004 - a line of a report

"""A very small model of our own: it needs no key, and calls tools as a large one would."""

import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from chat import Event, Finish, Message, Request, Text, ToolCall, Usage
from persona import GREETING, NAME

SPOKEN = {
    "divided by": "/",
    "to the power of": "**",
    "multiplied by": "*",
    "plus": "+",
    "minus": "-",
    "times": "*",
    "\N{MULTIPLICATION SIGN}": "*",
    "\N{DIVISION SIGN}": "/",
    "^": "**",
}
ARITHMETIC = re.compile(r"[\d.\s()+\-*/%]+")
OPERATION = re.compile(r"\d[\s)]*[-+*/%]+[\s(]*[-+]?[\d.]")
LEADING_PUNCTUATION = re.compile(r"^[\s.*/%]*\s")
CLOCK = re.compile(r"\b(time|date|clock|today)\b|几点|时间|日期", re.IGNORECASE)
OFFSET = re.compile(r"\bUTC\s*([+-]\d{1,2})\b", re.IGNORECASE)
LONGEST_READ = 2000
"""Characters of a message that are searched for a task; a longer text holds no question for us."""


class RuleModel:
    name = NAME

    def __init__(
        self, word_delay: float = 0.0, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        """``word_delay`` is the pause after each word, in seconds."""
        self._word_delay = word_delay
        self._sleep = sleep

    def reply(
        self, request: Request, messages: list[Message], tools: list[dict[str, Any]]
    ) -> Iterator[Event]:
        del request
        prompt = sum(len(text_of(message).split()) for message in messages)
        call = _wanted_call(messages[-1], {tool["function"]["name"] for tool in tools})
        if call is not None:
            yield call
            yield Finish("tool_calls", Usage(prompt, 1))
            return
        words = re.findall(r"\S+\s*", _answer(messages[-1]))
        for word in words:
            yield Text(word)
            if self._word_delay:
                self._sleep(self._word_delay)
        yield Finish("stop", Usage(prompt, len(words)))


def text_of(message: Message) -> str:
    """A message's text; content is a string, or a list of parts of which some are text."""
    content = message.get("content")
    if isinstance(content, list):
        parts = (part for part in content if isinstance(part, dict))
        return " ".join(str(part["text"]) for part in parts if part.get("type") == "text")
    return content if isinstance(content, str) else ""


def _wanted_call(message: Message, tools: set[str]) -> ToolCall | None:
    if message["role"] != "user":
        return None
    text = text_of(message)[:LONGEST_READ]
    expression = _arithmetic_in(text)
    if expression and "calculate" in tools:
        return _tool_call("calculate", expression=expression)
    if CLOCK.search(text) and "clock" in tools:
        offset = OFFSET.search(text)
        return _tool_call("clock", utc_offset_hours=int(offset[1]) if offset else 0)
    return None


def _arithmetic_in(text: str) -> str | None:
    for word, sign in SPOKEN.items():
        text = text.replace(word, sign)
    runs = map(_trimmed, ARITHMETIC.findall(text))
    return next((run for run in runs if OPERATION.search(run)), None)


def _trimmed(run: str) -> str:
    """Without the punctuation of the sentence around it: a bracket that has no partner, a dot."""
    run = LEADING_PUNCTUATION.sub("", run).rstrip("+-*/%. \n")
    while run.endswith(")") and run.count(")") > run.count("("):
        run = run[:-1].rstrip()
    while run.startswith("(") and run.count("(") > run.count(")"):
        run = run[1:].lstrip()
    return run


def _tool_call(name: str, **arguments: object) -> ToolCall:
    return ToolCall(f"call_{uuid.uuid4().hex}", name, json.dumps(arguments))


def _answer(message: Message) -> str:
    if message["role"] == "tool":
        return f"{GREETING} {text_of(message)}"
    if text_of(message).strip():
        return f"{GREETING} I can calculate, and I know the time. Ask me: what is (2+3)*4?"
    return f"{GREETING} You said nothing. Ask me: what is (2+3)*4?"

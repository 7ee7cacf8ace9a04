"""A chat: what a person types becomes a conversation, and the answers come as they are made."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from agentramp.agents.port import Agent, AgentError
from agentramp.gates.prompts import Message

BANNER: Final = "/help tells how to write many lines, and more; /exit or Ctrl-D ends"
HELP: Final = (
    "/new    begin anew: the agent forgets what was said",
    "/exit   end (so does Ctrl-D)",
    "/help   this",
    "Ctrl-C stops an answer; at the prompt it ends the chat",
    "a line that ends with \\ goes on in the next",
    'lines between """ and """ are sent as one message',
)
_PROMPT, _MORE, _MANY = "you> ", "...> ", '"""'
_COMMAND: Final = re.compile(r"/[a-z]+")


class AnswerStopped(KeyboardInterrupt):
    """Ctrl-C: the answer that is coming is not wanted any more."""


class Screen(Protocol):
    """A person at a terminal."""

    def read(self, prompt: str) -> str | None:
        """One line that was typed; None where there will be no more."""
        ...

    def piece(self, text: str) -> None:
        """A part of an answer, shown at once."""
        ...

    def note(self, text: str) -> None:
        """A line of ours."""
        ...


@dataclass
class Talk:
    """Raises AnswerStopped where it comes while nothing is being answered."""

    agent: Agent
    screen: Screen
    _said: list[Message] = field(default_factory=list, init=False)

    def hold(self) -> None:
        """Until the person has had enough."""
        self.screen.note(BANNER)
        for text in self._texts():
            match text:
                case "/exit" | "/quit":
                    return
                case "/new":
                    self.agent, self._said = self.agent.anew(), []
                    self.screen.note("a new conversation")
                case "/help":
                    for line in HELP:
                        self.screen.note(line)
                case _ if _COMMAND.fullmatch(text):
                    self.screen.note(f"there is no {text}; see /help")
                case _:
                    self._ask(text)

    def _texts(self) -> Iterator[str]:
        while (line := self.screen.read(_PROMPT)) is not None:
            many = line.lstrip().startswith(_MANY)
            text = self._many(line.lstrip()[len(_MANY) :]) if many else self._going_on(line)
            if text.strip():
                yield text if many else text.strip()

    def _going_on(self, line: str) -> str:
        lines = []
        while line.endswith("\\"):
            lines.append(line[:-1])
            line = self.screen.read(_MORE) or ""
        return "\n".join([*lines, line])

    def _many(self, line: str) -> str:
        lines = []
        while not line.rstrip().endswith(_MANY):
            lines.append(line)
            more = self.screen.read(_MORE)
            if more is None:
                return "\n".join(lines)
            line = more
        return "\n".join([*lines, line.rstrip().removesuffix(_MANY)]).strip("\n")

    def _ask(self, text: str) -> None:
        """What got no whole answer is not part of the conversation."""
        asked = [*self._said, Message("user", text)]
        shown = Shown(self.screen)
        try:
            answer = self.agent.answer(asked, shown.hear)
        except AgentError as error:
            shown.end("")
            self.screen.note(f"{error.message}; {error.advice}" if error.advice else error.message)
            return
        except AnswerStopped:
            shown.end("")
            self.screen.note("stopped")
            return
        shown.end(answer)
        self._said = [*asked, Message("assistant", answer)]


@dataclass
class Shown:
    """An answer as far as it is on the screen."""

    screen: Screen
    _text: str = field(default="", init=False)

    def hear(self, piece: str) -> None:
        self._text += piece
        self.screen.piece(piece)

    def end(self, whole: str) -> None:
        """Show what has not come in pieces, and end the line."""
        if whole.startswith(self._text):
            self.hear(whole.removeprefix(self._text))
        if self._text and not self._text.endswith("\n"):
            self.screen.piece("\n")

"""What a person types becomes a conversation; the terminal itself is tested with the verb."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agentramp.agents.chat import BANNER, HELP, AnswerStopped, Talk
from agentramp.agents.memory import MemoryAgent
from agentramp.agents.port import Agent, Hear
from agentramp.gates.prompts import Message


@dataclass
class Typing:
    """A person who types ``lines`` and then Ctrl-D, and what is on their screen."""

    lines: list[str]
    prompts: list[str] = field(default_factory=list)
    shown: str = ""
    notes: list[str] = field(default_factory=list)

    def read(self, prompt: str) -> str | None:
        self.prompts.append(prompt)
        return self.lines.pop(0) if self.lines else None

    def piece(self, text: str) -> None:
        self.shown += text

    def note(self, text: str) -> None:
        self.notes.append(text)


@dataclass
class Listening:
    """An agent that keeps what it was asked; told ``stop`` it is stopped in the middle."""

    heard: list[tuple[str, ...]] = field(default_factory=list)
    session: int = 0

    def answer(self, conversation: Sequence[Message], hear: Hear) -> str:
        self.heard.append(tuple(f"{one.role[0]}:{one.content}" for one in conversation))
        if conversation[-1].content == "stop":
            hear("half of")
            raise AnswerStopped
        return f"{self.session}."

    def anew(self) -> "Listening":
        return replace(self, session=self.session + 1)


def talked(agent: Agent, *lines: str) -> Typing:
    person = Typing(list(lines))
    Talk(agent, person).hold()
    return person


def test_the_conversation_goes_along_until_it_begins_anew() -> None:
    agent = Listening()
    person = talked(agent, "one", "", "two", "/new", "three", "/exit", "four")
    assert agent.heard == [("u:one",), ("u:one", "a:0.", "u:two"), ("u:three",)]
    assert person.shown == "0.\n0.\n1.\n"
    assert person.lines == ["four"]
    assert person.notes[0] == BANNER


def test_many_lines_are_one_message() -> None:
    agent = Listening()
    talked(agent, "a \\", "b\\", "c", '"""first', "  second", "", 'last"""', '"""', "x", '"""')
    said = [one[-1] for one in agent.heard]
    assert said == ["u:a \nb\nc", "u:first\n  second\n\nlast", "u:x"]
    open_ended = Listening()
    talked(open_ended, '"""never', "ends")
    assert [one[-1] for one in open_ended.heard] == ["u:never\nends"], "Ctrl-D ends it too"
    one_line = Listening()
    talked(one_line, '"""x"""', "\\", "", " ")
    assert [one[-1] for one in one_line.heard] == ["u:x"], "what is empty is not sent"


def test_what_got_no_answer_is_forgotten_and_the_chat_goes_on() -> None:
    agent = Listening()
    person = talked(agent, "stop", "on")
    assert agent.heard[-1] == ("u:on",)
    assert person.shown == "half of\n0.\n"
    assert "stopped" in person.notes
    failing = talked(MemoryAgent(), "fail", "well then")
    assert any("told to fail; tell it something else" in note for note in failing.notes)
    assert failing.shown == "well then\n"


def test_words_for_the_chat_itself() -> None:
    agent = Listening()
    person = talked(agent, "/help", "/nothing", "/etc/hosts is a file", "/quit")
    assert person.notes[1:] == [*HELP, "there is no /nothing; see /help"]
    assert agent.heard == [("u:/etc/hosts is a file",)]

"""An AIGNE project, run by the AIGNE CLI: one start of it for each question.

That program was made for a person at a terminal. Into a pipe it prints nothing, so its answer is
read from a file. It reads its input if that is a pipe, so it gets an empty one. It asks a person
for a model even where the agent needs none.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from agentramp import program
from agentramp.agents.aigne_words import Trouble, fault, understood
from agentramp.agents.learned import Learned, recalled, remember
from agentramp.agents.port import AgentError, Hear
from agentramp.errors import AgentrampError, UsageError
from agentramp.gates.prompts import Message

VERSION: Final = "1.59.0"
NPX: Final = ("npx", "--yes", f"@aigne/cli@{VERSION}")
PLACEHOLDER: Final = ("AIGNE_HUB_API_KEY", "placeholder")
"""Passes where the CLI wants a model to be configured and the agent uses none."""
_QUIET: Final = {"NO_COLOR": "1", "TERM": "dumb"}
_MORE_STARTS: Final = 3
_RESERVED: Final = frozenset(
    {"output", "o", "output-key", "force", "interactive", "chat", "help", "h", "version", "v"}
)

Params = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Asked:
    """Which agent of the project, by which model, with which parameters.

    A parameter's value that begins with ``@`` is the path of a file that holds it.
    """

    agent: str | None = None
    model: str | None = None
    params: Params = ()
    session: str = ""


@dataclass
class AigneAgent:
    """``words`` start the CLI in ``cwd``, whose ``.env`` it reads.

    ``scratch`` is this run's own, and ``memory`` the file of what runs before have learned.
    """

    words: Sequence[str]
    folder: Path
    scratch: Path
    cwd: Path
    memory: Path
    asked: Asked
    timeout: float
    environ: Mapping[str, str] = field(repr=False)

    def answer(self, conversation: Sequence[Message], hear: Hear) -> str:  # noqa: ARG002 - it tells nothing before its end
        text = conversation[-1].content if conversation else None
        used = recalled(self.memory)
        used = replace(used, placeholder=used.placeholder and not self._names_model())
        answer = self._run(text, used)
        for _ in range(_MORE_STARTS):
            learned = self._learned(text, used, answer) if isinstance(answer, Trouble) else None
            if learned is None:
                break
            used, answer = learned, self._run(text, learned)
        if isinstance(answer, Trouble):
            raise self._failed(answer, used)
        remember(self.memory, used)
        return answer

    def _failed(self, trouble: Trouble, used: Learned) -> AgentrampError:
        """It may have failed for want of a model: whether there is one is looked up anew then."""
        error = fault(trouble, self.asked.agent, placeholder=used.placeholder)
        doubtful = isinstance(error, AgentError) and used.placeholder
        remember(self.memory, replace(used, placeholder=used.placeholder and not doubtful))
        return error

    def _learned(self, text: str | None, used: Learned, trouble: Trouble) -> Learned | None:
        """What to do otherwise, where the CLI ended before it came to the agent; else None."""
        if set(trouble.unknown) & set(used.parameters):
            return replace(used, parameters=())
        if trouble.asks_for_model and not (used.placeholder or self._names_model()):
            return replace(used, placeholder=True)
        if text is not None and set(trouble.missing) - set(used.parameters):
            return replace(used, parameters=trouble.missing)
        return None

    def anew(self) -> "AigneAgent":
        return replace(self, asked=replace(self.asked, session=secrets.token_hex(16)))

    def chat_words(self) -> tuple[str, ...]:
        """What starts the CLI's own chat, for a person at a terminal."""
        return (*self._start(), "--chat")

    def _names_model(self) -> bool:
        return bool(self.asked.model or self.environ.get("MODEL"))

    def _start(self) -> tuple[str, ...]:
        asked = self.asked
        return (
            *self.words,
            *("run", str(self.folder)),
            *((asked.agent,) if asked.agent else ()),
            *((f"--model={asked.model}",) if asked.model else ()),
            *((f"--session-id={asked.session}",) if asked.session else ()),
            *(f"--{name}={value}" for name, value in asked.params),
        )

    def _run(self, text: str | None, used: Learned) -> str | Trouble:
        output = self.scratch / f"{secrets.token_hex(8)}.out"
        told = (f"--output={output}", "--output-key=message", "--force")
        hub = dict([PLACEHOLDER]) if used.placeholder else {}
        ended = program.run(
            (*self._start(), *self._given(text, used.parameters), *told),
            timeout=self.timeout,
            environ={**self.environ, **_QUIET, **hub},
            cwd=self.cwd,
        )
        if ended.status:
            return understood(ended.out.decode("utf-8", "replace") + ended.err)
        return _read(output)

    def _given(self, text: str | None, wanted: Sequence[str]) -> tuple[str, ...]:
        """What was said, as the parameters that the agent wants: a JSON object, or the only one."""
        if text is None:
            return ()
        if not wanted:
            return self._input("input", text)
        found = _object(text)
        if found is not None and set(wanted) <= found.keys():
            return tuple(word for name in found for word in self._value(name, found[name]))
        if len(wanted) == 1:
            return self._input(wanted[0], text)
        raise fault(Trouble("", missing=tuple(wanted)), self.asked.agent)

    def _input(self, name: str, text: str) -> tuple[str, ...]:
        """By a file: no list of processes shows it, and an ``@`` at its beginning means nothing."""
        path = self.scratch / f"{secrets.token_hex(8)}.txt"
        path.write_text(text, encoding="utf-8")
        return (f"--{name}=@{path}",)

    def _value(self, name: str, value: object) -> tuple[str, ...]:
        _check(name)
        match value:
            case str():
                return self._input(name, value)
            case list():
                return tuple(word for one in value for word in self._value(name, one))
            case _:
                return (f"--{name}={json.dumps(value)}",)


def parameter(text: str, cwd: Path) -> tuple[str, str]:
    """``NAME=VALUE``; a value ``@FILE`` is read from that file. Raises UsageError."""
    name, mark, value = text.partition("=")
    if not mark:
        raise UsageError(f"{text!r} is no parameter", advice="write it as NAME=VALUE")
    _check(name)
    return name, f"@{cwd / value[1:]}" if value.startswith("@") else value


def _check(name: str) -> None:
    if name in _RESERVED or not name or not name.replace("-", "_").isidentifier():
        raise UsageError(
            f"{name!r} cannot be handed to the AIGNE CLI as a parameter",
            advice="its name is of letters, digits, - and _, and none of an option of the CLI",
        )


def _object(text: str) -> dict[str, object] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _read(output: Path) -> str | Trouble:
    """The CLI makes the file before it asks the agent, and ends well where that said nothing."""
    text = output.read_text(encoding="utf-8", errors="replace") if output.is_file() else ""
    return text if text.strip() else Trouble("it ended well, and gave no answer")

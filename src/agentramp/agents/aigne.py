"""An AIGNE project, run by the AIGNE CLI: one start of it for each question.

That program was made for a person at a terminal. Into a pipe it prints nothing, so its answer is
read from a file. It reads its input if that is a pipe, so it gets an empty one. It asks a person for a
model even where the agent needs none.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from agentramp import program
from agentramp.agents.aigne_words import Trouble, understood
from agentramp.agents.port import AgentError, Hear
from agentramp.errors import UsageError
from agentramp.gates.prompts import Message

VERSION: Final = "1.59.0"
NPX: Final = ("npx", "--yes", f"@aigne/cli@{VERSION}")
PLACEHOLDER: Final = ("AIGNE_HUB_API_KEY", "placeholder")
"""Passes where the CLI wants a model to be configured and the agent uses none."""
_QUIET: Final = {"NO_COLOR": "1", "TERM": "dumb"}
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
    """``words`` start the CLI in ``cwd``, whose ``.env`` it reads; ``scratch`` is this run's own."""

    words: Sequence[str]
    folder: Path
    scratch: Path
    cwd: Path
    asked: Asked
    timeout: float
    environ: Mapping[str, str] = field(repr=False)
    _placeholder: bool = field(default=False, init=False)

    def answer(self, conversation: Sequence[Message], hear: Hear) -> str:  # noqa: ARG002 - it tells nothing before its end
        text = conversation[-1].content if conversation else None
        given = self._input("input", text) if text is not None else ()
        answer = self._run(given)
        if isinstance(answer, Trouble) and answer.asks_for_model and not self._names_model():
            self._placeholder = True
            answer = self._run(given)
        if isinstance(answer, Trouble) and text is not None and answer.missing:
            answer = self._run(self._as_parameters(text, answer))
        if isinstance(answer, str):
            return answer
        raise self._error(answer)

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

    def _run(self, given: Sequence[str]) -> "str | Trouble":
        output = self.scratch / f"{secrets.token_hex(8)}.out"
        told = (f"--output={output}", "--output-key=message", "--force")
        hub = dict([PLACEHOLDER]) if self._placeholder else {}
        ended = program.run(
            (*self._start(), *given, *told),
            timeout=self.timeout,
            environ={**self.environ, **_QUIET, **hub},
            cwd=self.cwd,
        )
        if ended.status:
            return understood(ended.out.decode("utf-8", "replace") + ended.err)
        return _read(output)

    def _input(self, name: str, text: str) -> tuple[str, ...]:
        """By a file: no list of processes shows it, and no ``@`` at its beginning means anything."""
        path = self.scratch / f"{secrets.token_hex(8)}.txt"
        path.write_text(text, encoding="utf-8")
        return (f"--{name}=@{path}",)

    def _as_parameters(self, text: str, trouble: Trouble) -> tuple[str, ...]:
        """What was said, as the parameters that the agent wants: a JSON object, or the only one."""
        found = _object(text)
        if found is not None and set(trouble.missing) <= found.keys():
            return tuple(word for name in found for word in self._value(name, found[name]))
        if len(trouble.missing) == 1:
            return self._input(trouble.missing[0], text)
        raise self._error(trouble)

    def _value(self, name: str, value: object) -> tuple[str, ...]:
        _check(name)
        match value:
            case str():
                return self._input(name, value)
            case list():
                return tuple(word for one in value for word in self._value(name, one))
            case _:
                return (f"--{name}={json.dumps(value)}",)

    def _error(self, trouble: Trouble) -> "AgentError | UsageError":
        if trouble.missing:
            return UsageError(
                f"the agent wants the parameters {', '.join(trouble.missing)}",
                advice=f"give each as --param {trouble.missing[0]}=VALUE",
            )
        if trouble.unknown:
            return UsageError(
                f"the agent takes no parameter {', '.join(trouble.unknown)}",
                advice="leave it out, or name the agent that takes it",
            )
        if trouble.agents is not None:
            what = f"has no agent {self.asked.agent}" if self.asked.agent else "names no first agent"
            return UsageError(
                f"the project {what} (it has: {', '.join(trouble.agents) or 'none'})",
                advice="name one of those after the folder or the URL",
            )
        return self._failure(trouble)

    def _failure(self, trouble: Trouble) -> AgentError:
        if trouble.keyless or trouble.asks_for_model:
            return AgentError(
                f"the AIGNE CLI has no key for {trouble.keyless or 'any model'}",
                advice="set the key of the model's provider, such as OPENAI_API_KEY, and name the"
                " model with --model",
            )
        told = ", which ran without a model," if self._placeholder else ""
        advice = "does it need a model? name one with --model and set its provider's key"
        return AgentError(
            f"the agent{told} failed:\n{trouble.said}",
            advice=advice if self._placeholder else "see what it says above",
        )


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
            advice="a parameter has a name of letters, digits, - and _, and is no option of the CLI",
        )


def _object(text: str) -> dict[str, object] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _read(output: Path) -> "str | Trouble":
    """The CLI makes the file before it asks the agent, and ends well where that said nothing."""
    text = output.read_text(encoding="utf-8", errors="replace") if output.is_file() else ""
    return text if text.strip() else Trouble("it ended well, and gave no answer")

"""What the AIGNE CLI's last words mean: it has one exit status for all that can go wrong."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agentramp.agents.port import AgentError
from agentramp.errors import AgentrampError, UsageError

_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_MISSING: Final = re.compile(r"^Missing required arguments?: (.+)$", re.MULTILINE)
_UNKNOWN: Final = re.compile(r"^Unknown arguments?: (.+)$", re.MULTILINE)
_COMMANDS: Final = re.compile(r"^Commands:\n((?:^ .*\n?)+)", re.MULTILINE)
_NO_COMMAND: Final = "Not enough non-option arguments"
_NO_MODEL: Final = "No LLM API Keys or AIGNE Hub connections found"
_NO_KEY: Final = re.compile(r"No API key is configured for (\S+?),")
_ERROR: Final = re.compile(r"^Error: (.+)", re.MULTILINE | re.DOTALL)
_OURS: Final = "output-key"
_QUOTED_LINES: Final = 10


@dataclass(frozen=True)
class Trouble:
    """``missing`` parameters were not given; ``unknown`` ones it does not take.

    ``agents`` are those it has, where the one asked for is not there or none was.
    ``asks_for_model`` says that it stopped to ask a person for a model; ``keyless`` is a model that
    has no key here.
    """

    said: str
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    agents: tuple[str, ...] | None = None
    asks_for_model: bool = False
    keyless: str = ""


def understood(text: str) -> Trouble:
    text = _ESCAPES.sub("", text).replace("\r", "")
    unknown = _names(_UNKNOWN, text)
    if _OURS in unknown or _NO_COMMAND in text:
        return Trouble(_said(text), agents=_commands(text))
    keyless = _NO_KEY.search(" ".join(text.split()))
    return Trouble(
        _said(text),
        missing=_names(_MISSING, text),
        unknown=unknown,
        asks_for_model=_NO_MODEL in " ".join(text.split()),
        keyless=keyless[1] if keyless else "",
    )


def _names(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = pattern.search(text)
    return tuple(name.strip() for name in found[1].split(",")) if found else ()


def _commands(text: str) -> tuple[str, ...]:
    found = _COMMANDS.search(text)
    lines: Sequence[str] = found[1].splitlines() if found else ()
    names = (line.split()[0] for line in lines if re.match(r" {2}\S", line))
    return tuple(dict.fromkeys(names))


def _said(text: str) -> str:
    """Its own error where it tells one, else its last lines."""
    found = _ERROR.search(text)
    lines = [line for line in (found[1] if found else text).splitlines() if line.strip()]
    return "\n".join(lines[:_QUOTED_LINES] if found else lines[-_QUOTED_LINES:])


def fault(trouble: Trouble, agent: str | None, *, placeholder: bool = False) -> AgentrampError:
    """The same as an error of ours. ``agent`` is the one that was asked for.

    ``placeholder``: the CLI was told of a model that is none.
    """
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
        what = f"has no agent {agent}" if agent else "names no first agent"
        return UsageError(
            f"the project {what} (it has: {', '.join(trouble.agents) or 'none'})",
            advice="name one of those after the folder or the URL",
        )
    if trouble.keyless or trouble.asks_for_model:
        return AgentError(
            f"the AIGNE CLI has no key for {trouble.keyless or 'any model'}",
            advice="set the key of the model's provider, such as OPENAI_API_KEY, and name the"
            " model with --model",
        )
    return AgentError(
        f"the agent failed:\n{trouble.said}",
        advice="it ran without a model; if it needs one, name it with --model and set its"
        " provider's key"
        if placeholder
        else "see what it says above",
    )

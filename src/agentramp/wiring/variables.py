"""Variables that a workflow hands over as one secret: dotenv lines in AGENTRAMP_VARIABLES.

A reusable workflow cannot know the names that a project's s.yaml asks for with ``${env(NAME)}``,
and its caller cannot set variables in it; one secret of many lines carries them all.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from agentramp.errors import UsageError
from agentramp.report.masking import SHORTEST, is_plain

if TYPE_CHECKING:
    from agentramp.config.envfile import EnvFile
    from agentramp.diagnostics import Diagnostic
    from agentramp.wiring.context import Context

NAME: Final = "AGENTRAMP_VARIABLES"
_SECRET: Final = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIALS")
"""How the name ends of what is masked though its value is words or a number."""


def masked(text: str, mask: Callable[[str], None]) -> Mapping[str, str]:
    """The variables of ``text``, the secrets among them masked.

    Raises UsageError, which quotes no line; what may be a secret in ``text`` is masked then too.
    """
    found = _read(text)
    lines = [line.partition("=") for line in text.splitlines()] if found.faults else []
    odd = [(name.strip(), value.strip(" \t'\"")) for name, mark, value in lines if mark]
    for name, value in (*found.variables.items(), *odd):
        if may_be_secret(name, value):
            mask(value)
    if found.faults:
        raise _unreadable(found.faults)
    return found.variables


def with_variables(context: "Context", given: Mapping[str, str]) -> "Context":
    """``context`` with the variables ``given`` laid under its environment.

    What the process was given by itself wins, as it does over a .env file: a runner's own PATH or
    a step's own ``env:`` is never changed from afar. An empty one is taken as not given, as that
    is what a workflow makes of a secret that is not there.
    """
    environ = {name: value for name, value in context.environ.items() if name != NAME}
    for name in _passed_over(given, environ):
        context.console.say(f"note: {NAME} names {name}, and the environment's own is taken")
    taken = {name: value for name, value in given.items() if not environ.get(name)}
    return replace(context, environ={**environ, **taken}, handed=frozenset(taken))


def may_be_secret(name: str, value: str) -> bool:
    """Whether a variable is to be masked. GitHub itself masks its whole line, ``NAME=value``.

    Most are settings, and a setting that is masked takes outputs with it: see ``is_plain``.
    """
    if name.upper().endswith(_SECRET):
        return len(value.strip()) >= SHORTEST
    return not all(map(is_plain, value.splitlines()))


def _read(text: str) -> "EnvFile":
    from agentramp.config.envfile import parse_env  # noqa: PLC0415 - few runs have any

    return parse_env(text.encode("utf-8", "surrogateescape"), NAME)


def _unreadable(faults: Iterable["Diagnostic"]) -> UsageError:
    told = (f"line {one.position.line}: {one.message}" for one in faults)
    return UsageError(
        f"{NAME} cannot be read; {'; '.join(told)}",
        advice="put one NAME=value on each line of the secret, and quote a value of several lines",
    )


def _passed_over(given: Mapping[str, str], environ: Mapping[str, str]) -> list[str]:
    return [name for name, value in given.items() if environ.get(name) not in {None, "", value}]

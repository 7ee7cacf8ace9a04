"""From words and a workflow's inputs to one namespace.

An action hands its inputs over as ``AGENTRAMP_INPUT_<NAME>``; an empty one means not given, and a
word on the command line wins. A fault is told by the name its writer knows: ``--weight`` on the
command line, ``input weight`` in a workflow.
"""

import argparse
from collections.abc import Callable, Mapping
from typing import NamedTuple, NoReturn

from agentramp.errors import UsageError

PREFIX = "AGENTRAMP_INPUT_"
_ON_GITHUB = frozenset({"--github-environment", "--comment"})
"""What only writes on GitHub's pages: the command that does the same elsewhere leaves it out."""


class _Parser(argparse.ArgumentParser):
    """Raises instead of ending the process; the boundary in ``cli`` does that."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, advice=f"see: {self.prog} --help")


class Command(NamedTuple):
    """A verb as its help shows it."""

    name: str
    about: str
    example: str
    add_arguments: Callable[[argparse.ArgumentParser], None]


def spelled_out(command: Command, words: list[str], environ: Mapping[str, str]) -> list[str]:
    """The words that say on any command line what words and inputs say here."""
    parser = _parser(command)
    given = _inputs(parser, _cut(parser, words)[0], environ)
    return [*(word for word in given if word.partition("=")[0] not in _ON_GITHUB), *words]


def parse(command: Command, words: list[str], environ: Mapping[str, str]) -> argparse.Namespace:
    """Raises UsageError for what makes no sense; SystemExit(0) after ``--help``."""
    parser = _parser(command)
    words, rest = _cut(parser, words)
    given = _inputs(parser, words, environ)
    try:
        args = parser.parse_args([*given, *words])
    except UsageError as error:
        message = _as_inputs(error.message, given)
        if any(name.startswith(PREFIX) for name in environ):
            what, mark, names = message.partition("arguments are required: ")
            message = f"{what}inputs are required: {names.replace('--', '')}" if mark else what
        raise UsageError(message, advice=error.advice) from error
    vars(args).update(rest)
    return args


def _cut(parser: _Parser, words: list[str]) -> tuple[list[str], Mapping[str, tuple[str, ...]]]:
    """Off what stands after ``--`` where the verb keeps it, in ``words``: it is no word of ours."""
    if "--" not in words or parser.get_default("words") is None:
        return words, {}
    at = words.index("--")
    return words[:at], {"words": tuple(words[at + 1 :])}


def _parser(command: Command) -> _Parser:
    parser = _Parser(
        prog=f"agentramp {command.name}",
        description=command.about,
        epilog=f"example:\n  {command.example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    parser.add_argument(
        "--output",
        choices=("text", "json"),
        default="text",
        help="lines for people, or one JSON object (default: text)",
    )
    parser.add_argument("--debug", action="store_true", help="tell each call of a service's API")
    return parser


def _inputs(parser: _Parser, words: list[str], environ: Mapping[str, str]) -> list[str]:
    """The words that stand for the workflow's inputs."""
    if any(word in {"-h", "--help"} for word in words):
        return []
    given: list[str] = []
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of its options
        flag = action.option_strings[-1] if action.option_strings else ""
        name = flag.removeprefix("--") or action.dest
        value = environ.get(PREFIX + name.upper().replace("-", "_"), "").strip()
        if value:
            given += _words(action, flag, name, value)
    # A positional of the command line and one of an input would both stand: the line's wins.
    has_path = any(not word.startswith("-") for word in words[:1])
    return [word for word in given if word.startswith("--") or not has_path]


def _words(action: argparse.Action, flag: str, name: str, value: str) -> list[str]:
    if not flag:
        return [value]
    if action.nargs != 0:
        return [f"{flag}={value}"]
    if value not in {"true", "false"}:
        raise UsageError(
            f"input {name}: {value!r} is neither true nor false", advice="write true or false"
        )
    return [flag] if value == "true" else []


def _as_inputs(message: str, given: list[str]) -> str:
    for word in given:
        flag = word.partition("=")[0]
        message = message.replace(f"argument {flag}:", f"input {flag.removeprefix('--')}:")
    return message

"""From words and a workflow's inputs to one namespace.

An action hands its inputs over as ``AGENTRAMP_INPUT_<NAME>``; an empty one means not given, and a
word on the command line wins. A fault is told by the name its writer knows: ``--weight`` on the
command line, ``input weight`` in a workflow.
"""

import argparse
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple, NoReturn

from agentramp import inputs
from agentramp.diagnostics import ConfigError
from agentramp.errors import AgentrampError, UsageError

_ON_GITHUB = frozenset({"--github-environment", "--comment"})
"""What only writes on GitHub's pages: the command that does the same elsewhere leaves it out."""

_COMMAND = re.compile(r"([^;()]*?)((?:\bagentramp [^;()]*)?(?:[;()]|$))")
"""A part of an advice, and the command to run that it ends with: that one keeps its words."""


class _Parser(argparse.ArgumentParser):
    """Raises instead of ending the process; the boundary in ``cli`` does that."""

    def error(self, message: str) -> NoReturn:
        advice = f"see: {self.prog} --help"
        takes_folder = any(one.dest == "path" for one in self._actions)
        if takes_folder and message.startswith("unrecognized arguments: --path"):
            advice = f"the folder stands by itself: {self.prog} FOLDER"
        raise UsageError(message, advice=advice)


class Command(NamedTuple):
    """A verb as its help shows it."""

    name: str
    about: str
    example: str
    add_arguments: Callable[[argparse.ArgumentParser], None]


def spelled_out(command: Command, words: list[str], environ: Mapping[str, str]) -> list[str]:
    """The words that say on any command line what words and inputs say here."""
    parser = _parser(command)
    typed = _cut(parser, words)[0]
    given, rest = _inputs(parser, typed, environ), words[len(typed) :]
    left_out = _ON_GITHUB
    if inputs.value("artifact-digest", environ):  # a build has the same bytes, and is held to them
        left_out |= {"--artifact"}
    kept = [word for word in given if word.partition("=")[0] not in left_out]
    return [*kept, *_without(_ON_GITHUB, parser, typed), *rest]


def _without(flags: Collection[str], parser: _Parser, words: list[str]) -> Iterator[str]:
    """``words`` without these options, nor the word after one that takes a value."""
    valued = {flag for one in _actions(parser) if one.nargs != 0 for flag in one.option_strings}
    left = iter(words)
    for word in left:
        if word.partition("=")[0] not in flags:
            yield word
        elif word in valued:
            next(left, None)


def parse(command: Command, words: list[str], environ: Mapping[str, str]) -> argparse.Namespace:
    """Raises UsageError for what makes no sense; SystemExit(0) after ``--help``."""
    parser = _parser(command)
    words, rest = _cut(parser, words)
    given = _inputs(parser, words, environ)
    try:
        args = parser.parse_args([*given, *words])
    except UsageError as error:
        message = _as_inputs(error.message, given)
        if inputs.are_given(environ):
            what, mark, names = message.partition("arguments are required: ")
            message = f"{what}inputs are required: {names.replace('--', '')}" if mark else what
        raise UsageError(message, advice=error.advice) from error
    vars(args).update(rest)
    return args


def check(command: Command, environ: Mapping[str, str]) -> None:
    """Raises UsageError for an input that makes no sense; what is not known yet may be missing."""

    def add(parser: argparse.ArgumentParser) -> None:
        command.add_arguments(parser)
        for action in _actions(parser):
            action.required = False

    look(parse(command._replace(add_arguments=add), [], environ), environ)


def by_inputs(command: Command, error: AgentrampError, environ: Mapping[str, str]) -> None:
    """Puts ``error`` in the words of a workflow's author, who has inputs and no options."""
    known = _options(command)
    if known is None or not inputs.are_given(environ):
        return

    def named(text: str) -> str:
        return known.sub(lambda found: f"input {found[0][2:]}", text)

    # What stands under the first line is quoted: options there are those of another program.
    first, mark, quoted = error.message.partition("\n")
    error.message = f"{named(first)}{mark}{quoted}"
    error.args = (error.message,)
    if isinstance(error, ConfigError):
        error.retell(named)
    error.advice = _COMMAND.sub(
        lambda found: known.sub(lambda flag: f"the input {flag[0][2:]}", found[1]) + found[2],
        error.advice,
    )


def look(args: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """Raises UsageError for an input that can be none here: a place that is not there, a login."""
    if not inputs.are_given(environ):
        return
    said = vars(args)
    if {"github_environment", "comment"} & said.keys():
        inputs.token(environ)
    if isinstance(artifact := said.get("artifact"), str):
        inputs.found_artifact(artifact)
    named = said.get("runtime") and said.get("region")  # then no file is read
    if isinstance(path := said.get("path"), str) and not named:
        inputs.found(path, said.get("template"))


def _options(command: Command) -> re.Pattern[str] | None:
    """The verb's own, which a workflow has as inputs; --help and its like it has not."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    command.add_arguments(parser)
    options = {flag for action in _actions(parser) for flag in action.option_strings}
    flags = sorted((flag for flag in options if flag.startswith("--")), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(flags)})(?![\w-])") if flags else None


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


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return parser._actions  # noqa: SLF001 - argparse has no public list of its options


def _inputs(parser: _Parser, words: list[str], environ: Mapping[str, str]) -> list[str]:
    """The words that stand for the workflow's inputs; raises UsageError for what is no text."""
    if any(word in {"-h", "--help"} for word in words):
        return []
    given: list[str] = []
    for action in _actions(parser):
        flag = action.option_strings[-1] if action.option_strings else ""
        name = flag.removeprefix("--") or action.dest
        value = inputs.value(name, environ)
        if value:
            given += _words(action, flag, name, value)
    # A positional of the command line and one of an input would both stand: the line's wins.
    has_path = any(not word.startswith("-") for word in words[:1])
    return [word for word in given if word.startswith("--") or not has_path]


def _words(action: argparse.Action, flag: str, name: str, value: str) -> list[str]:
    if not flag:
        return [value]
    if action.nargs == 0:
        return [flag] if inputs.truth(name, value) else []
    repeatable = isinstance(action, argparse._AppendAction)  # noqa: SLF001 - it has no other name
    each = inputs.words(value) if repeatable else [value]
    if action.type is float:
        for one in each:
            inputs.number(name, one)
    return [f"{flag}={one}" for one in each]


def _as_inputs(message: str, given: list[str]) -> str:
    for word in given:
        flag = word.partition("=")[0]
        message = message.replace(f"argument {flag}:", f"input {flag.removeprefix('--')}:")
    return message

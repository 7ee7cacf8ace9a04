"""judge: windows of counts as JSON lines in, a verdict on each of them out."""

import argparse
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from agentramp.errors import UsageError
from agentramp.judge.docket import Docket
from agentramp.judge.entry import NotAWindowError, parse_entry
from agentramp.judge.verdict import Rules
from agentramp.report.result import Streamed
from agentramp.wiring import rules
from agentramp.wiring.context import Context

EXAMPLE = "agentramp judge --alpha 0.05 windows.jsonl"
_SHOWN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        nargs="?",
        default="-",
        help='lines such as {"ramp": "a", "window": 0, "canary": {"sessions": 20, "bad": 1}, '
        '"stable": {"sessions": 180, "bad": 2}}; a text and a number never name the same '
        "ramp or window (default: - for standard input)",
    )
    rules.add_arguments(parser)


def run(args: argparse.Namespace, context: Context) -> Streamed:
    given = rules.chosen(args)
    docket = Docket(given)
    with _opened(args.file, context) as lines:
        refused = [
            number
            for number, line in enumerate(_read(lines, args.file), 1)
            if line.strip() and not _answered(docket, given, number, line, context)
        ]
    if refused:
        raise _refusal(refused)
    return Streamed("judge")


def _answered(docket: Docket, given: Rules, number: int, line: bytes, context: Context) -> bool:
    try:
        entry = parse_entry(line.decode("utf-8-sig" if number == 1 else "utf-8"), given)
    except NotAWindowError as error:
        context.console.say(f"line {number}: {error}")
        return False
    except UnicodeDecodeError:
        context.console.say(f"line {number}: not UTF-8 text")
        return False
    context.lines.write(docket.hear(entry))
    return True


def _refusal(numbers: list[int]) -> UsageError:
    named = ", ".join(map(str, islice(numbers, _SHOWN)))
    more = ", …" if len(numbers) > _SHOWN else ""
    what = "1 line is" if len(numbers) == 1 else f"{len(numbers)} lines are"
    return UsageError(
        f"{what} no window of a ramp and had no answer: line {named}{more}",
        advice='each line is a JSON object with "ramp", "window", "canary" and "stable"',
    )


def _opened(name: str, context: Context) -> AbstractContextManager[BinaryIO]:
    if name == "-":
        return nullcontext(context.stdin())
    try:
        return Path(context.cwd, name).open("rb")
    except OSError as error:
        raise _unread(name, error) from error


def _read(lines: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        yield from lines
    except OSError as error:
        raise _unread("standard input" if name == "-" else name, error) from error


def _unread(name: str, error: OSError) -> UsageError:
    return UsageError(
        f"{name} cannot be read: {error.strerror or error}",
        advice="name a file of JSON lines, or - for standard input",
    )

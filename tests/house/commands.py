"""Writes docs/reference/commands.md from the verbs' parsers: python -m tests.house.commands."""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from agentramp import cli, parser

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "commands.md"
MANY = 5
"""An option that this many verbs have, with the same words, is told once for all of them."""
PREFACE = """\
# The commands

<!-- Made from the verbs' own parsers by `make docs`; a test fails when it is out of date. -->

`agentramp VERB [PATH] [options]`. `agentramp VERB --help` tells the same in a terminal. How a run
ends is in [exit codes](exit-codes.md); the verbs as steps of a workflow are in
[the actions](actions.md). The result is on standard output, everything else on standard error.
"""
SHARED = """\
## Options of many verbs

They mean the same wherever they are. Each verb below names those that it takes.
"""


def page() -> str:
    parsers = {name: _parser(name) for name in cli.VERBS}
    count = Counter(row for one in parsers.values() for row in rows(one))
    shared = {row: None for row, times in count.items() if times >= MANY}
    lines = [PREFACE, SHARED, *table(shared), ""]
    for group, verbs in cli.GROUPS.items():
        lines += [f"## {group}", ""]
        for name in verbs:
            lines += section(name, parsers[name], shared)
    return "\n".join(lines)


def _parser(name: str) -> argparse.ArgumentParser:
    verb = cli._load(name)  # noqa: SLF001 - as the command line itself makes it
    command = parser.Command(name, cli.VERBS[name], verb.EXAMPLE, verb.add_arguments)
    return parser._parser(command)  # noqa: SLF001 - as above


def section(
    name: str, made: argparse.ArgumentParser, shared: dict[tuple[str, str], None]
) -> Iterator[str]:
    own = [row for row in rows(made) if row not in shared]
    many = [row for row in rows(made) if row in shared]
    yield f"### `agentramp {name}`"
    yield ""
    yield cli.VERBS[name][0].upper() + cli.VERBS[name][1:] + "."
    yield ""
    if own:
        yield from table(own)
        yield ""
    if many:
        yield "Also: " + ", ".join(f"`{row[0].split(',')[-1].split()[0]}`" for row in many) + "."
        yield ""
    yield "```"
    example = cli._load(name).EXAMPLE.strip()  # noqa: SLF001 - as the command line itself does
    yield from (line.removeprefix("  ") for line in example.splitlines())
    yield "```"
    yield ""


def rows(made: argparse.ArgumentParser) -> list[tuple[str, str]]:
    """How each word is written, and what it means."""
    return [
        (_written(one), (one.help or "").replace("%%", "%"))
        for one in made._actions  # noqa: SLF001 - argparse has no public list of its options
        if "--help" not in one.option_strings
    ]


def _written(one: argparse.Action) -> str:
    value = str(one.metavar or "")
    if one.choices is not None:
        value = "|".join(map(str, one.choices))
    if not one.option_strings:
        word = value or one.dest
        return f"[{word}]" if one.nargs == "?" else word
    flags = ", ".join(one.option_strings)
    return flags if one.nargs == 0 else f"{flags} {value or one.dest.upper()}"


def table(found: "list[tuple[str, str]] | dict[tuple[str, str], None]") -> Iterator[str]:
    yield "| word | meaning |"
    yield "|---|---|"
    for written, meaning in found:
        yield f"| `{_cell(written)}` | {_cell(meaning).replace('<', '&lt;')} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())

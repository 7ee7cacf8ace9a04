"""Words of users and platforms, made to stand for themselves wherever GitHub reads a language.

Markdown is GitHub's (https://github.github.com/gfm); workflow commands are escaped as GitHub's own
toolkit does it (``@actions/core``, ``command.ts``).
"""

import re
from collections.abc import Iterable

from agentramp.report.plain import cannot_act, harmless

_MARKS = re.compile(r"([\\`*_\[\]|~$!])")
_FIRST = re.compile(r"^(?:([-+=#])|(\d+)([.)]))")
_REFERENCE = re.compile(r"(?<=[@#])(?=[\w-])")
_RUN = re.compile(r"`+")
_LINK = re.compile(r"https?://[\w.:\[\]-]+(?:/[\w.~/%:@+=&?#,-]*)?", re.ASCII)
_WITHOUT_WIDTH = "&#8203;"
LONGEST = 4000
"""Characters of one text: more than anybody reads, and a table stays a table."""


def text(said: str) -> str:
    """One line of Markdown that shows ``said``: no mark acts, nobody is mentioned."""
    line = _bounded(harmless(said)).replace("&", "&amp;")
    line = _FIRST.sub(_first, _MARKS.sub(r"\\\1", line))
    line = line.replace("<", "&lt;").replace(">", "&gt;")
    return _REFERENCE.sub(_WITHOUT_WIDTH, line)


def _first(found: re.Match[str]) -> str:
    mark, number, end = found.groups()
    return f"\\{mark}" if mark else f"{number}\\{end}"


def code(said: str) -> str:
    """A code span in a paragraph; its fence is longer than any in ``said``."""
    line = _bounded(harmless(said))
    if not line:
        return ""
    fence = _fence(line, 1)
    room = " " if line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{room}{line}{room}{fence}"


def code_cell(said: str) -> str:
    """A code span in a table, where a pipe would end the cell even in code."""
    return code(said).replace("|", "\\|")


def block(lines: Iterable[str], most: int) -> list[str]:
    """Lines as they are, at most ``most`` characters of them."""
    shown: list[str] = []
    for line in lines:
        shown.append(cannot_act(line))
        most -= len(line) + 1
        if most < 0:
            shown[-1] = "(the rest is in the log and in result-json)"
            break
    fence = _fence("\n".join(shown), 3)
    return [f"{fence}text", *shown, fence]


def link(url: str) -> str:
    """A link where the address is one beyond doubt, else the words."""
    return f"[{text(url)}](<{url}>)" if _LINK.fullmatch(url) else code_cell(url)


def data(said: str) -> str:
    """The message of a workflow command."""
    return said.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def value(said: str) -> str:
    """One property of a workflow command."""
    return data(said).replace(":", "%3A").replace(",", "%2C")


def _bounded(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."


def _fence(said: str, least: int) -> str:
    longest = max((len(run) for run in _RUN.findall(said)), default=0)
    return "`" * max(least, longest + 1)

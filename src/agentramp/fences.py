"""Blocks of code in Markdown that is cut somewhere."""

_LEAST = len("```")


def open_fence(text: str) -> str:
    """The backticks that a block of code was opened with and never closed, if there is one."""
    fence = ""
    for line in text.splitlines():
        mark = line[: len(line) - len(line.lstrip("`"))]
        if not fence and len(mark) >= _LEAST:
            fence = mark
        elif fence and line == fence:
            fence = ""
    return fence

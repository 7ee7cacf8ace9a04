"""What a YAML parser complains of, in words a person can act on."""

from typing import Final

from yaml import MarkedYAMLError

from agentramp.diagnostics import Position

# The parser's words (libyaml's and PyYAML's own differ) → ours. The first that fits counts.
_KNOWN: Final = {
    ("mapping values are not allowed",): (
        "a ':' is not possible here; usual cause: wrong indentation, or a value with ': '"
        " in it that needs quotes"
    ),
    ("did not find expected key", "expected <block end>", "did not find expected '-'"): (
        "this line does not fit the lines above; usual cause: indentation that differs "
        "from its neighbours by a space or two"
    ),
    ("could not find expected ':'",): (
        "a key without ': ' after it; usual cause: a missing colon, or a text over "
        "several lines without quotes"
    ),
    ("unexpected end of stream", "unexpected document indicator"): (
        "a quote that was opened is never closed"
    ),
    ("expected ',' or ']'", "expected ',' or '}'"): (
        "a bracket that was opened is not closed, or a comma is missing"
    ),
    ("escape",): (
        "an unknown escape in a text in double quotes; write \\\\ for a backslash, or use "
        "single quotes"
    ),
    ("tag",): (
        "a tag is written wrongly; usual cause: a value that begins with ! and needs quotes"
    ),
    ("anchor", "alias"): (
        "an anchor or alias is written wrongly; usual cause: a value that begins with & "
        "or * and needs quotes"
    ),
    ("exceeded max depth", "nesting"): ("this is nested too deeply"),
}
# The place to look is where this began, not where the parser gave up.
_TOLD_AT_ITS_START: Final = (
    "unexpected end of stream",
    "unexpected document indicator",
    "expected ',' or",
    "escape",
)
_NO_START: Final = "cannot start any token"


def explain(error: Exception, text: str, file: str) -> tuple[Position, str]:
    """Give place and cause. The text around the place is never shown: it may be a secret."""
    if not isinstance(error, MarkedYAMLError):
        return Position(file, 1, 1), "this is not valid YAML: an escape or a number is out of range"
    problem = f"{error.context or ''} {error.problem or ''}"
    mark = error.problem_mark or error.context_mark
    if error.context_mark and any(words in problem for words in _TOLD_AT_ITS_START):
        mark = error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    here = lines[line] if line < len(lines) else ""
    message = _stray_character(here, column) if _NO_START in problem else _known(problem)
    if here[: len(here) - len(here.lstrip())].count("\t"):
        message = "a tab stands in the indentation; YAML allows spaces only"
    return Position(file, min(line, len(lines)) + 1, column + 1), message


def _known(problem: str) -> str:
    for words, message in _KNOWN.items():
        if any(word in problem for word in words):
            return message
    return "this is not valid YAML here; usual cause: indentation, or a value that needs quotes"


def _stray_character(line: str, column: int) -> str:
    if line[column : column + 1] == "\t":
        return "a tab stands where YAML allows spaces only"
    return "a value without quotes cannot start with this character; put quotes around it"

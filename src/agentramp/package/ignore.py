"""The ignore files of a source folder, in the syntax of gitignore."""

from pathlib import Path

from pathspec import GitIgnoreSpec

from agentramp.package.errors import BuildError

FILES = (".fcignore", ".arignore")
"""Read in this order, so a line of the second overrules one of the first."""


class IgnoreRules:
    """Which paths of the source the user wants left out; paths are relative, with slashes."""

    def __init__(self, lines: list[str]) -> None:
        self._spec = GitIgnoreSpec.from_lines(lines)
        self._empty = not self._spec.patterns

    def leaves_out(self, path: str, *, folder: bool) -> bool:
        if self._empty:
            return False
        return self._spec.match_file(f"{path}/" if folder else path)


def read_rules(source: Path) -> IgnoreRules:
    """BuildError where an ignore file is not UTF-8 or holds a pattern that means nothing."""
    lines: list[str] = []
    for name in FILES:
        lines += _lines(source / name)
    return IgnoreRules(lines)


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        GitIgnoreSpec.from_lines(lines)
    except (FileNotFoundError, IsADirectoryError):
        return []
    except ValueError as error:  # UnicodeDecodeError, and pathspec's fault in a pattern
        raise BuildError(
            f"{path}: not a list of gitignore patterns: {error}",
            advice="mend the pattern, or save the file as UTF-8",
        ) from error
    return lines

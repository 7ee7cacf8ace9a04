"""Reading requirements.txt: enough to count, to tell what is pinned and to see a change.

The installer reads the file itself; nothing here decides what gets installed.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from agentramp.package.errors import BuildError, reading

FILE = "requirements.txt"
CONTINUED = re.compile(r"\\\r?\n")
COMMENT = re.compile(r"(^|\s)#.*$")
INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)(?:\s+|=|(?=\S))(?P<file>\S+)")
REQUIREMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
PINNED = re.compile(r"===?[^*]+$|\s@\s|^[^<>=!~;]+://|^\.{0,2}/|\.whl$")
CREDENTIALS = re.compile(r"://[^\s/@]+:[^\s/@$]+@")


@dataclass(frozen=True)
class Requirements:
    """``digest`` covers the file and all files it includes."""

    path: Path
    lines: tuple[str, ...]
    digest: str
    hashed: bool
    has_credentials: bool

    @property
    def unpinned(self) -> tuple[str, ...]:
        return tuple(_name(line) for line in self.lines if not _is_pinned(line))


def read_requirements(source: Path) -> Requirements | None:
    """None where the folder asks for nothing."""
    path = source / FILE
    if not path.is_file():
        return None
    texts = _texts(path, {})
    lines = tuple(line for text in texts.values() for line in _requirement_lines(text))
    if not lines:
        return None
    digest = hashlib.sha256()
    for text in texts.values():
        digest.update(hashlib.sha256(text.encode()).digest())
    everything = "\n".join(texts.values())
    return Requirements(
        path=path,
        lines=lines,
        digest=digest.hexdigest(),
        hashed="--hash" in everything,
        has_credentials=CREDENTIALS.search(everything) is not None,
    )


def _texts(path: Path, seen: dict[Path, str]) -> dict[Path, str]:
    """The text of the file and of all it includes, each once."""
    real = path.resolve()
    if real in seen:
        return seen
    with reading(str(path)):
        seen[real] = _decode(path)
    for line in _logical_lines(seen[real]):
        included = INCLUDE.match(line)
        if included and "://" not in included["file"]:
            _texts(path.parent / included["file"], seen)
    return seen


def _decode(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BuildError(f"{path} is not UTF-8", advice="save it as UTF-8 text") from error


def _logical_lines(text: str) -> list[str]:
    joined = CONTINUED.sub(" ", text)
    lines = (COMMENT.sub("", line).strip() for line in joined.splitlines())
    return [line for line in lines if line]


def _requirement_lines(text: str) -> list[str]:
    return [line for line in _logical_lines(text) if _asks(line)]


def _asks(line: str) -> bool:
    """An option asks for nothing, but ``-e`` does."""
    return not line.startswith("-") or line.startswith(("-e ", "--editable"))


def _is_pinned(line: str) -> bool:
    version = line.partition(";")[0].partition(" --")[0].strip()
    return PINNED.search(version) is not None


def _name(line: str) -> str:
    found = REQUIREMENT_NAME.match(line)
    return found.group() if found else line

"""Reading requirements.txt: enough to count, to tell what is pinned and to see a change.

The installer reads the file itself; nothing here decides what gets installed.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from agentramp.package import localfiles
from agentramp.package.errors import BuildError, reading
from agentramp.package.logins import login_line

FILE = "requirements.txt"
CONTINUED = re.compile(r"\\\r?\n")
COMMENT = re.compile(r"(^|\s)#.*$")
INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)(?:\s+|=|(?=\S))(?P<file>\S+)")
REQUIREMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
PINNED = re.compile(r"===?[^*]+$|\s@\s|^[^<>=!~;]+://|^\.{0,2}/|\.whl$")


@dataclass(frozen=True)
class Requirements:
    """``digest`` covers requirements.txt, all files it includes and all wheels that they name.

    ``unseen`` names what it cannot cover: a file included by its URL, a folder of code, a path
    that a variable decides. What a registry holds is not covered either. ``local`` are the
    packages that the wheels are of.
    """

    path: Path
    lines: tuple[str, ...]
    digest: str
    hashed: bool
    unseen: tuple[str, ...]
    local: tuple[str, ...] = ()
    variables: frozenset[str] = frozenset()
    """What the files name as ${NAME}, for the installer to replace."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of what is asked for, as the file writes them."""
        return tuple(_name(line) for line in self.lines)

    @property
    def unpinned(self) -> tuple[str, ...]:
        return tuple(_name(line) for line in self.lines if not _is_pinned(line))


def read_requirements(source: Path) -> Requirements | None:
    """None where the folder asks for nothing.

    Raises BuildError for a password or a token in a file that lies in ``source``.
    """
    path = source / FILE
    if not path.is_file():
        return None
    texts = _texts(path, {})
    _refuse_logins(texts, source.resolve())
    lines = tuple(line for text in texts.values() for line in _requirement_lines(text))
    if not lines:
        return None
    found = [
        localfiles.find(line, (file.parent, source))
        for file, text in texts.items()
        for line in _logical_lines(text)
    ]
    remote = (line for text in texts.values() for line in _logical_lines(text) if _is_remote(line))
    return Requirements(
        path=path,
        lines=lines,
        digest=_digest(texts, found),
        hashed="--hash" in "\n".join(texts.values()),
        unseen=(*remote, *(place for one in found for place in one.unseen)),
        local=localfiles.packages(file for one in found for file in one.files),
        variables=frozenset(name for text in texts.values() for name in VARIABLE.findall(text)),
    )


def _digest(texts: dict[Path, str], found: list[localfiles.Found]) -> str:
    total = hashlib.sha256()
    for text in texts.values():
        total.update(hashlib.sha256(text.encode()).digest())
    for file in dict.fromkeys(file for one in found for file in one.files):
        total.update(localfiles.digest(file))
    return total.hexdigest()


def _refuse_logins(texts: dict[Path, str], source: Path) -> None:
    for path, text in texts.items():
        number = login_line(text) if path.is_relative_to(source) else None
        if number is not None:
            raise BuildError(
                f"{path.relative_to(source).as_posix()}:{number}: an address with a password or a "
                "token in it, and the file is packed",
                advice="take the address out and set it in PIP_INDEX_URL or UV_INDEX, or in "
                "pip.conf or netrc of this machine; or write ${NAME} in the secret's place",
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
        if included and not _is_remote(line):
            _texts(path.parent / included["file"], seen)
    return seen


def _is_remote(line: str) -> bool:
    """An include that only the installer can open: by its URL, or by a variable."""
    included = INCLUDE.match(line)
    return included is not None and ("://" in included["file"] or "${" in included["file"])


def _decode(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BuildError(f"{path} is not UTF-8", advice="save it as UTF-8 text") from error
    if "\0" in text:  # UTF-16 of plain letters passes for UTF-8
        raise BuildError(f"{path} is not UTF-8 text", advice="save it as UTF-8 text")
    return text


def _logical_lines(text: str) -> list[str]:
    joined = CONTINUED.sub(" ", text)
    lines = (COMMENT.sub("", line).strip() for line in joined.splitlines())
    return [line for line in lines if line]


def _requirement_lines(text: str) -> list[str]:
    return [line for line in _logical_lines(text) if _asks(line)]


def _asks(line: str) -> bool:
    """An option asks for nothing, but ``-e`` does, and so may a file that cannot be opened."""
    if line.startswith(("-r", "--requirement")):
        return _is_remote(line)
    return not line.startswith("-") or line.startswith(("-e ", "--editable"))


def _is_pinned(line: str) -> bool:
    if _is_remote(line):
        return True
    version = line.partition(";")[0].partition(" --")[0].strip()
    return PINNED.search(version) is not None


def _name(line: str) -> str:
    found = REQUIREMENT_NAME.match(line)
    return found.group() if found else line

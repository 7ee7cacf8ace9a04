"""A zip that somebody hands over: whether it can be the package of an agent."""

import posixpath
import re
import zipfile
from pathlib import Path
from typing import Final

from agentramp.model import Code

_BEGINS: Final = (b"PK\x03\x04", b"PK\x05\x06")
"""A zip's first file, or its end where it holds none."""
_INTERPRETER: Final = re.compile(r"(?:.*/)?(?:python|nodejs|node|bash|sh)[\d.]*")
_FLAGS: Final = frozenset({"-u", "-B", "-E", "-I", "-O", "-s", "-S", "-e", "-x"})
"""What may stand before a script and takes no value."""
_SCRIPT: Final = re.compile(r"[^$*?]+\.(?:py|js|mjs|cjs|sh)")
_FOLDER: Final = "/code/"
"""Where the platform unpacks it, and starts the command."""
_SOURCES: Final = {"python": (".py", ".pyc"), "nodejs": (".js", ".mjs", ".cjs")}


def fault(path: Path, code: Code) -> str | None:
    """Why no agent can start from it, in words; None where nothing speaks against it.

    Raises OSError.
    """
    with path.open("rb") as file:
        if file.read(4) not in _BEGINS:
            return "begins with something else than a zip does"
    try:
        with zipfile.ZipFile(path) as opened:
            names = {
                posixpath.normpath(one.filename) for one in opened.infolist() if not one.is_dir()
            }
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return "is no zip that can be read"
    if not names:
        return "has nothing in it"
    started = _started(code.command)
    if started and started not in names:
        return f"has no {started}, which the start command of s.yaml names"
    return None if started else _of_another_language(names, code.language)


def _of_another_language(names: set[str], language: str) -> str | None:
    for family, suffixes in _SOURCES.items():
        if language.startswith(family) and not any(name.endswith(suffixes) for name in names):
            return f"holds no code of {language}"
    return None


def _started(command: tuple[str, ...]) -> str | None:
    """The file of the package that the command starts, where it can be told."""
    if not command:
        return None
    program, *words = command
    if not _INTERPRETER.fullmatch(program):
        own = program.startswith(("./", _FOLDER))
        return _inside(program) if own else None
    script = next((word for word in words if word not in _FLAGS), "")
    return _inside(script) if _SCRIPT.fullmatch(script) and not script.startswith("-") else None


def _inside(name: str) -> str | None:
    inside = posixpath.normpath(name.removeprefix(_FOLDER))
    return None if inside.startswith(("/", "..")) else inside

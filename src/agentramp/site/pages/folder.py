"""Which files of a folder are pages, which are translations of one, and what order they have."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentramp.diagnostics import Diagnostic, Position
from agentramp.errors import UsageError
from agentramp.site.pages import languages

MOST_PAGES: Final = 5000
MOST_BYTES: Final = 1024 * 1024
"""Of one page; four times the longest chapter that a person would read."""
DEEPEST: Final = 32
SIDEBAR: Final = "_sidebar.md"
OWN: Final = ("index", "readme")
"""A file of this name is the page of the folder that it lies in."""
_SKIPPED: Final = frozenset({"node_modules"})
_TRANSLATION: Final = re.compile(
    r"(?P<base>.+)\.(?P<tag>[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.md", re.IGNORECASE
)


@dataclass(frozen=True)
class Found:
    """``file`` is a page, by its path in the folder; ``translations`` are tags and files."""

    file: str
    translations: tuple[tuple[str, str], ...] = ()


def find(root: Path, faults: list[Diagnostic]) -> tuple[Found, ...]:
    """By name. Raises UsageError where there is nothing to publish, or too much."""
    files = sorted(_files(root, faults))
    if not files and not faults:
        raise UsageError(
            f"{root} has no page to publish",
            advice="name the folder that holds the Markdown: agentramp site publish docs",
        )
    deep = next((file for file in files if file.count("/") > DEEPEST), None)
    if deep is not None:
        raise UsageError(f"{deep} lies deeper than {DEEPEST} folders", advice="move it up")
    if len(files) > MOST_PAGES:
        raise UsageError(
            f"{root} has more than {MOST_PAGES} pages", advice="name a folder within it"
        )
    return tuple(_grouped(files, faults))


def _files(root: Path, faults: list[Diagnostic]) -> Iterator[str]:
    """Hidden files stay out, as do folders that are links: they may lead anywhere."""

    def unreadable(error: OSError) -> None:
        name = Path(error.filename).relative_to(root).as_posix()
        message = f"this folder cannot be read: {error.strerror}"
        faults.append(Diagnostic(Position(name, 1, 1), "", message, "folder"))

    for folder, folders, names in os.walk(root, onerror=unreadable):
        folders[:] = [one for one in folders if not one.startswith(".") and one not in _SKIPPED]
        for name in names:
            if name.lower().endswith(".md") and not name.startswith((".", "_")):
                yield (Path(folder) / name).relative_to(root).as_posix()


def _grouped(files: list[str], faults: list[Diagnostic]) -> Iterator[Found]:
    every = set(files)
    translations: dict[str, list[tuple[str, str]]] = {}
    pages: list[str] = []
    for file in files:
        page, tag = _translated(file)
        if tag and page in every:
            translations.setdefault(page, []).append((tag, file))
            continue
        if tag:
            message = f"a translation of {page}, which is not there"
            faults.append(Diagnostic(Position(file, 1, 1), "", message, "translation"))
        pages.append(file)
    for page in pages:
        yield Found(page, tuple(sorted(translations.get(page, ()))))


def _translated(file: str) -> tuple[str, str]:
    """The page that ``file`` translates by its name, and into what; both empty for none."""
    match = _TRANSLATION.fullmatch(file)
    if match is None or not languages.is_tag(match["tag"]):
        return "", ""
    return f"{match['base']}.md", match["tag"]


def original(file: str, every: frozenset[str]) -> str:
    """The page that ``file`` translates; itself, where it translates none."""
    page, _ = _translated(file)
    return page if page in every else file


def is_own(file: str) -> bool:
    return Path(file).stem.lower() in OWN


def folder_of(file: str) -> str:
    """Empty for the top."""
    return file.rpartition("/")[0]

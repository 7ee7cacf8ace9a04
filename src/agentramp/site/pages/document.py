"""What a folder of Markdown holds, and what is published of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agentramp.diagnostics import Position
from agentramp.site.pages.lexical import State


@dataclass(frozen=True)
class Picture:
    """A file that pages show. ``name`` is how messages call it, ``kind`` its media type."""

    path: Path
    name: str
    sha256: str
    size: int
    kind: str


@dataclass(frozen=True)
class Target:
    """A page that another one names: its file in the folder, and the place on it.

    ``at`` is where it is named.
    """

    link: str
    fragment: str
    at: Position


@dataclass(frozen=True)
class Writing:
    """One file, in one language. ``links`` and ``images`` say what its addresses stand for.

    ``order`` is None where the file has no opinion. ``images`` gives the sha256 of a picture.
    """

    file: str
    title: str
    h1: str
    state: State = field(repr=False)
    links: Mapping[str, Target] = field(repr=False)
    images: Mapping[str, str] = field(repr=False)
    labels: tuple[str, ...] = ()
    icon: str = ""
    order: float | None = None


@dataclass(frozen=True)
class Page:
    """``link`` is its file in the folder. A folder without a page of its own has no writing."""

    link: str
    title: str
    writing: Writing | None
    translations: tuple[tuple[str, Writing], ...] = ()
    children: tuple["Page", ...] = ()


@dataclass(frozen=True)
class Collection:
    """``notices`` are worth a look and stop nothing; ``unlisted`` the pages that are left out."""

    pages: tuple[Page, ...]
    pictures: tuple[Picture, ...]
    notices: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()

    @property
    def every(self) -> Iterator[Page]:
        yield from _every(self.pages)

    @property
    def writings(self) -> Iterator[Writing]:
        """Of every page, with its translations."""
        for page in self.every:
            if page.writing is not None:
                yield page.writing
            yield from (writing for _, writing in page.translations)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted({name for page in self.every for name, _ in page.translations}))


def _every(pages: tuple[Page, ...]) -> Iterator[Page]:
    for page in pages:
        yield page
        yield from _every(page.children)


@dataclass(frozen=True)
class Translation:
    language: str
    h1: str
    content: str = field(repr=False)


@dataclass(frozen=True)
class Document:
    """A page as it is published. ``content`` is the editor's state as JSON text."""

    title: str
    link: str
    slug: str
    h1: str
    content: str = field(repr=False)
    labels: tuple[str, ...] = ()
    icon: str = ""
    translations: tuple[Translation, ...] = ()
    children: tuple["Document", ...] = ()

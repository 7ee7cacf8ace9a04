"""The tree of pages and its order.

With a ``_sidebar.md`` that list is the whole truth. Without one, folders are branches. In each,
what has ``order`` in its front matter comes first, by that; then what has a number before its
name, by that; then the rest by name. The page of a folder's own speaks for the folder, else the one
beside it that has its name; at the top it comes first.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, count
from posixpath import normpath
from typing import Final
from urllib.parse import unquote

from agentramp.diagnostics import Diagnostic
from agentramp.site.pages import sidebar, slugs
from agentramp.site.pages.document import Page
from agentramp.site.pages.folder import OWN, SIDEBAR, folder_of, is_own
from agentramp.site.pages.targets import ELSEWHERE

_NUMBERED: Final = re.compile(r"(\d{1,9})[-_. ]+(?=.)")
_ENDLESS: Final = float("inf")


def spoken(link: str) -> str:
    """A title made of a file's or a folder's name: ``guide/02-first-steps.md`` is First steps."""
    name = link.rpartition("/")[2]
    if is_own(link) and folder_of(link):
        name = folder_of(link).rpartition("/")[2]
    name = _without_ending(name)
    words = re.sub(r"[-_]+", " ", _NUMBERED.sub("", name, count=1)).strip()
    return (words[:1].upper() + words[1:]) or name


def by_name(pages: Iterable[Page]) -> tuple[Page, ...]:
    return _Folders(tuple(pages)).branch("")


@dataclass(frozen=True)
class _Folders:
    pages: tuple[Page, ...]

    def branch(self, folder: str) -> tuple[Page, ...]:
        depth = len(folder) + 1 if folder else 0
        front = f"{folder}/" if folder else ""
        below = [page for page in self.pages if page.link.startswith(front)]
        own = self.own(folder) if folder else None
        names = dict.fromkeys(
            page.link[depth:].split("/")[0] for page in below if "/" in page.link[depth:]
        )
        inner = _Folders(tuple(below))
        folders = [inner.folder(f"{front}{one}") for one in names]
        taken = {page.link for page in folders} | ({own.link} if own else set())
        here = [page for page in below if "/" not in page.link[depth:] and page.link not in taken]
        return tuple(sorted([*here, *folders], key=_key))

    def folder(self, folder: str) -> Page:
        children = self.branch(folder)
        own = self.own(folder) or self.beside(folder)
        if own is not None:
            return replace(own, children=children)
        return Page(folder, spoken(folder), None, children=children)

    def own(self, folder: str) -> Page | None:
        here = [page for page in self.pages if folder_of(page.link) == folder and is_own(page.link)]
        return min(here, key=lambda page: OWN.index(_stem(page.link)), default=None)

    def beside(self, folder: str) -> Page | None:
        """``guide.md`` speaks for ``guide/`` where nothing in the folder does."""
        return next((page for page in self.pages if _without_ending(page.link) == folder), None)


def _without_ending(link: str) -> str:
    return re.sub(r"\.md$", "", link, flags=re.IGNORECASE)


def _stem(link: str) -> str:
    return link.rpartition("/")[2].rpartition(".")[0].lower()


def _key(page: Page) -> tuple[float, float, str]:
    top = is_own(page.link) and not folder_of(page.link)
    place = folder_of(page.link) if is_own(page.link) and folder_of(page.link) else page.link
    name = place.rpartition("/")[2]
    numbered = _NUMBERED.match(name)
    said = page.writing.order if page.writing else None
    first = -_ENDLESS if top and said is None else _ENDLESS if said is None else said
    return first, float(numbered[1]) if numbered else _ENDLESS, name.casefold()


def by_sidebar(
    text: str, pages: Iterable[Page], faults: list[Diagnostic], notices: list[str]
) -> tuple[tuple[Page, ...], tuple[str, ...]]:
    """The tree, and the pages that are not in it."""
    by_link = {page.link: page for page in pages}
    names = {slugs.slug(link) for link in by_link}
    builder = _Listed(by_link, faults, notices, set(), names)
    tree = tuple(builder.pages_of(sidebar.read(text, faults)))
    left = tuple(link for link in by_link if link not in builder.used)
    notices += [f"{link}: not in {SIDEBAR}, and not published" for link in left]
    return tree, left


@dataclass(frozen=True)
class _Listed:
    """``names`` are the addresses that are taken, with those of pages that are not listed."""

    pages: dict[str, Page]
    faults: list[Diagnostic]
    notices: list[str]
    used: set[str]
    names: set[str]

    def pages_of(self, lines: Iterable[sidebar.Line]) -> Iterator[Page]:
        for line in lines:
            if ELSEWHERE.match(line.link) and not line.below:
                at = f"{line.at.file}:{line.at.line}:{line.at.column}"
                self.notices.append(f"{at}: {line.link} is no page of this folder, and left out")
            else:
                yield self.page(line)

    def page(self, line: sidebar.Line) -> Page:
        if not line.link or ELSEWHERE.match(line.link):
            link = self.heading(line.title)
            return Page(link, line.title, None, children=tuple(self.pages_of(line.below)))
        children = tuple(self.pages_of(line.below))
        link = normpath(unquote(line.link).lstrip("/").split("#")[0] or ".")
        page = self.pages.get(link)
        if page is None or link in self.used:
            why = "stands in the list twice" if page else "is not there"
            self.faults.append(Diagnostic(line.at, line.link, f"the page {link} {why}", "sidebar"))
            return Page(link, line.title, None, children=children)
        self.used.add(link)
        return replace(page, title=line.title or page.title, children=children)

    def heading(self, title: str) -> str:
        """A name that leads to an address of its own, though a page is called the same."""
        tries = chain((title, f"{title}-section"), (f"{title}-section-{n}" for n in count(2)))
        link = next(one for one in tries if slugs.slug(one) not in self.names)
        self.names.add(slugs.slug(link))
        return link

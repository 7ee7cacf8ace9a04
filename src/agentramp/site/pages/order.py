"""The tree of pages and its order.

With a ``_sidebar.md`` that list is the whole truth. Without one, folders are branches. In each,
what has ``order`` in its front matter comes first, by that; then what has a number before its
name, by that; then the rest by name. The page of a folder's own speaks for the folder, and at the
top it comes first.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from posixpath import normpath
from typing import Final
from urllib.parse import unquote

from agentramp.diagnostics import Diagnostic
from agentramp.site.pages import sidebar
from agentramp.site.pages.document import Page
from agentramp.site.pages.folder import OWN, SIDEBAR, folder_of, is_own

_NUMBERED: Final = re.compile(r"(\d{1,9})[-_. ]+(?=.)")
_ENDLESS: Final = float("inf")


def spoken(link: str) -> str:
    """A title made of a file's or a folder's name: ``guide/02-first-steps.md`` is First steps."""
    name = link.rpartition("/")[2]
    if is_own(link) and folder_of(link):
        name = folder_of(link).rpartition("/")[2]
    name = re.sub(r"\.md$", "", name, flags=re.IGNORECASE)
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
        here = [page for page in below if "/" not in page.link[depth:] and page is not own]
        names = dict.fromkeys(
            page.link[depth:].split("/")[0] for page in below if "/" in page.link[depth:]
        )
        inner = _Folders(tuple(below))
        return tuple(sorted([*here, *(inner.folder(f"{front}{one}") for one in names)], key=_key))

    def folder(self, folder: str) -> Page:
        children = self.branch(folder)
        own = self.own(folder)
        if own is not None:
            return replace(own, children=children)
        return Page(folder, spoken(folder), None, children=children)

    def own(self, folder: str) -> Page | None:
        here = [page for page in self.pages if folder_of(page.link) == folder and is_own(page.link)]
        return min(here, key=lambda page: OWN.index(_stem(page.link)), default=None)


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
) -> tuple[Page, ...]:
    builder = _Listed({page.link: page for page in pages}, faults, set())
    tree = tuple(builder.page(line) for line in sidebar.read(text, faults))
    left = [link for link in builder.pages if link not in builder.used]
    notices += [f"{link}: not in {SIDEBAR}, and not published" for link in left]
    return tree


@dataclass(frozen=True)
class _Listed:
    pages: dict[str, Page]
    faults: list[Diagnostic]
    used: set[str]

    def page(self, line: sidebar.Line) -> Page:
        children = tuple(self.page(one) for one in line.below)
        if not line.link:
            return Page(line.title, line.title, None, children=children)
        link = normpath(unquote(line.link).lstrip("/").split("#")[0] or ".")
        page = self.pages.get(link)
        if page is None or link in self.used:
            why = "stands in the list twice" if page else "is not there"
            self.faults.append(Diagnostic(line.at, line.link, f"the page {link} {why}", "sidebar"))
            return Page(link, line.title, None, children=children)
        self.used.add(link)
        return replace(page, title=line.title or page.title, children=children)

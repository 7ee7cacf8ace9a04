"""What the addresses on a page stand for: another page, a picture, or something elsewhere."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Final
from urllib.parse import unquote, urlsplit

from agentramp.diagnostics import Diagnostic, Position
from agentramp.site.pages import folder
from agentramp.site.pages.document import Picture, Target
from agentramp.site.pages.markdown import Address

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of one picture."""
KINDS: Final = {
    **dict.fromkeys((".jpg", ".jpeg"), "image/jpeg"),
    ".png": "image/png",
    ".gif": "image/gif",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".ico": "image/x-icon",
    ".apng": "image/apng",
}
"""What may be sent as an image: no page can have a key or a letter sent by naming it."""
ELSEWHERE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_UP: Final = ".."


@dataclass
class Targets:
    """``within`` is the folder that pictures may lie in: that of the pages, or one above it."""

    root: Path
    within: Path
    pages: frozenset[str]
    faults: list[Diagnostic]
    notices: list[str] = field(default_factory=list)
    pictures: dict[str, Picture] = field(default_factory=dict)
    _seen: dict[Path, Picture] = field(default_factory=dict)

    def resolve(
        self, file: str, addresses: Iterable[Address]
    ) -> tuple[dict[str, Target], dict[str, str]]:
        """The pages and the pictures that ``file`` names, each by its address there."""
        links: dict[str, Target] = {}
        images: dict[str, str] = {}
        for address in addresses:
            if ELSEWHERE.match(address.text) or not address.text:
                continue
            at = Position(file, address.line, address.column)
            if address.image:
                self._image(at, address.text, images)
            elif not address.text.startswith("#"):
                self._link(at, address.text, links)
        return links, images

    def _link(self, at: Position, href: str, links: dict[str, Target]) -> None:
        parts = urlsplit(href)
        place = _place(at.file, unquote(parts.path))
        page = self._page(place)
        if page:
            links[href] = Target(page, parts.fragment, at)
        elif place.lower().endswith(".md"):
            left = place.startswith(_UP) or _is_file(self.root / place)
            why = "is not among the pages that are published" if left else "is not there"
            self.faults.append(Diagnostic(at, href, f"the page {place} {why}", "link"))
        elif not parts.path.startswith("/"):
            self.notices.append(
                f"{at.file}:{at.line}:{at.column}: {href} is no page, and stays as it is written"
            )

    def _page(self, place: str) -> str:
        """A folder stands for the page of its own."""
        if place.lower().endswith(".md"):
            page = folder.original(place, self.pages)
            return page if page in self.pages else ""
        front = "" if place == "." else f"{place}/"
        own = [f"{front}{name}.md" for name in (*folder.OWN, "README")]
        beside = [f"{place}.md"] if place in self._folders else []
        return next((one for one in (*own, *beside) if one in self.pages), "")

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(folder.folder_of(page) for page in self.pages)

    def _image(self, at: Position, src: str, images: dict[str, str]) -> None:
        place = _place(at.file, unquote(urlsplit(src).path))
        try:
            path = (self.root / place).resolve(strict=True)
            trouble = self._trouble(path)
        except (OSError, ValueError, RuntimeError):
            path, trouble = self.root, "there is no such picture"
        if not trouble:
            trouble = self._taken(path, src, images)
        if trouble:
            self.faults.append(Diagnostic(at, src, trouble, "image"))

    def _taken(self, path: Path, src: str, images: dict[str, str]) -> str:
        """What keeps it from being read; empty where nothing does."""
        try:
            picture = self._seen.get(path) or _picture(path, self.within)
        except OSError as error:
            return f"the picture cannot be read: {error.strerror}"
        self._seen[path] = self.pictures[picture.sha256] = picture
        images[src] = picture.sha256
        return ""

    def _trouble(self, path: Path) -> str:
        if not path.is_relative_to(self.within):
            return f"the picture lies outside of {self.within.name}, and is not sent from there"
        if path.suffix.lower() not in KINDS:
            return f"no picture that a site shows; it knows {', '.join(KINDS)}"
        if not path.is_file():
            return "the picture is no file"
        size = path.stat().st_size
        if not 0 < size <= LARGEST:
            return "the picture is empty" if not size else f"the picture is larger than {LARGEST} B"
        return ""


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _place(file: str, path: str) -> str:
    """From the folder of all pages; what begins with a slash is named from there."""
    if path.startswith("/"):
        return normpath(path.lstrip("/") or ".")
    return normpath(str(PurePosixPath(folder.folder_of(file)) / path))


def _picture(path: Path, within: Path) -> Picture:
    content = path.read_bytes()
    kind = KINDS[path.suffix.lower()]
    name = path.relative_to(within).as_posix()
    return Picture(path, name, hashlib.sha256(content).hexdigest(), len(content), kind)

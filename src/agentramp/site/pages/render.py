"""Pages as the documents of one board: with its addresses, and its pictures where they lie."""

from collections.abc import Mapping
from dataclasses import dataclass

from agentramp.site.pages import lexical, slugs
from agentramp.site.pages.document import Collection, Document, Page, Translation, Writing


def documents(
    collection: Collection, board_id: str, pictures: Mapping[str, str]
) -> tuple[Document, ...]:
    """``pictures`` gives the address of each picture by its sha256."""
    board = _Board(slugs.suffix(board_id), pictures)
    return tuple(board.document(page) for page in collection.pages)


@dataclass(frozen=True)
class _Board:
    suffix: str
    pictures: Mapping[str, str]

    def slug(self, link: str) -> str:
        return f"{slugs.slug(link)}-{self.suffix}"

    def document(self, page: Page) -> Document:
        slug = self.slug(page.link)
        writing = page.writing
        children = tuple(self.document(child) for child in page.children)
        if writing is None:
            content = lexical.listing(slug)
            return Document(page.title, "", slug, page.title, content, children=children)
        return Document(
            page.title,
            page.link,
            slug,
            writing.h1,
            self.content(writing),
            labels=writing.labels,
            icon=writing.icon,
            translations=tuple(self.translation(tag, one) for tag, one in page.translations),
            children=children,
        )

    def translation(self, tag: str, writing: Writing) -> Translation:
        return Translation(tag, writing.h1, self.content(writing))

    def content(self, writing: Writing) -> str:
        return writing.state.with_addresses(_Addresses(self, writing))


@dataclass(frozen=True)
class _Addresses:
    board: _Board
    writing: Writing

    def link(self, href: str) -> str:
        """Pages of one board lie beside each other, so the last part of the address is enough."""
        target = self.writing.links.get(href)
        if target is None:
            return href
        place = f"#{target.fragment}" if target.fragment else ""
        return f"{self.board.slug(target.link)}{place}"

    def image(self, src: str) -> str:
        sha256 = self.writing.images.get(src)
        return src if sha256 is None else self.board.pictures[sha256]

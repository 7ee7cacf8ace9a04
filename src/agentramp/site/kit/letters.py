"""Documents as Discuss Kit takes them."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from agentramp.site.kit.port import Board
from agentramp.site.pages.document import Document


def collection(board: Board, documents: Sequence[Document]) -> dict[str, Any]:
    docs = [_document(one) for one in documents]
    return {"boardId": board.id, "boardName": board.title, "docs": docs}


def mark(documents: Sequence[Document]) -> str:
    """The same for the same documents, whoever sends them."""
    docs = [_document(one) for one in documents]
    text = json.dumps(docs, ensure_ascii=False, sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


MOST_TOLD: Final = 32 * 1024
"""Characters of addresses that a board is given to keep: what is more would burden the site."""
_PENDING: Final = "pending:"
_UNSURE: Final = "unsure:"


def pending(nonce: str) -> str:
    """The mark of a publishing that is under way."""
    return f"{_PENDING}{nonce}"


def unsure(nonce: str) -> str:
    """The mark of a board whose pages may be those of one publishing or of another."""
    return f"{_UNSURE}{nonce}"


def is_pending(sent: str) -> bool:
    return sent.startswith(_PENDING)


def pages(documents: Sequence[Document]) -> tuple[str, ...]:
    """The addresses of all documents; none where they are too many to be kept."""
    every = tuple(_slugs(documents))
    return every if sum(len(one) for one in every) <= MOST_TOLD else ()


def _slugs(documents: Sequence[Document]) -> Iterator[str]:
    for document in documents:
        yield document.slug
        yield from _slugs(document.children)


def _document(document: Document) -> dict[str, Any]:
    """What a page has not got is not said."""
    told: dict[str, Any] = {"title": document.title, "slug": document.slug}
    if document.link:
        told |= {"link": f"/{document.link}", "h1": document.h1}
    told["content"] = document.content
    if document.labels:
        told["labels"] = list(document.labels)
    if document.icon:
        told["icon"] = document.icon
    if document.translations:
        told["i18n"] = {
            one.language: {"h1": one.h1, "content": one.content} for one in document.translations
        }
    if document.children:
        told["children"] = [_document(one) for one in document.children]
    return told

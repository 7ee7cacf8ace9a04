"""Documents as Discuss Kit takes them."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

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

"""Discuss Kit over HTTP. Source: @aigne/publish-docs 0.14.3.

The mark of what was sent lies in the board's own ``meta``, which the vendor's publisher writes too:
so it is true for everybody, and gone once somebody else has published there.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from agentramp.exchange import ExchangeError, Letter, Reply, host, post
from agentramp.site.access import Access
from agentramp.site.kit.letters import collection
from agentramp.site.kit.port import Board, KitError
from agentramp.site.pages.document import Document

MARK: Final = "agentramp"
ASK_SECONDS, PUT_SECONDS = 30.0, 300.0
_SESSION: Final = "/.well-known/service/api/did/session"
_TRIES: Final = 4
_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_DID: Final = "did:abt:"
_Tree: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class DiscussKit:
    """``url`` is where it lies, ``origin`` its site. ``sleep`` takes seconds."""

    origin: str
    url: str
    access: Access = field(repr=False)
    sleep: Callable[[float], None]

    def boards(self) -> tuple[Board, ...]:
        return tuple(_board(one) for one in self._boards())

    def me(self) -> str:
        user = self._read(f"{self.origin}{_SESSION}").get("user")
        did = user.get("did") if isinstance(user, dict) else None
        return _did(did)

    def create(self, title: str, description: str) -> Board:
        asked = {
            "title": title,
            "desc": description,
            "passports": [],
            "cover": "",
            "type": "doc",
            "translation": {"title": {}, "desc": {}},
        }
        made = _board(self._change("POST", f"{self.url}/api/boards", asked))
        if not made.id:
            raise KitError(f"{host(self.url)} does not say which board it made", lost=True)
        return Board(made.id, title, description, made.owner)

    def update(self, board: Board, instead_of: str | None = None) -> Board:
        """The site wants all of a board, so what is on it now is sent back with the change."""
        there = next((one for one in self._boards() if one.get("id") == board.id), None)
        if there is None:
            raise KitError(f"the board {board.id} is not there any more", advice="publish again")
        before = _board(there)
        if instead_of not in {None, before.sent}:
            return before
        meta = there.get("meta") if isinstance(there.get("meta"), dict) else {}
        kept = {name: value for name, value in (meta or {}).items() if name != MARK}
        mark = {"sent": board.sent, **({"pages": list(board.pages)} if board.pages else {})}
        marked = {**kept, MARK: mark} if board.sent else kept
        change = {"title": board.title, "desc": board.description, "meta": marked}
        self._change(
            "PUT", f"{self.url}/api/boards/{quote(board.id, safe='')}", {**there, **change}
        )
        return before

    def put(self, board: Board, documents: Sequence[Document]) -> None:
        url = f"{self.url}/api/docs/create-docs-collection"
        self._change("POST", url, collection(board, documents), seconds=PUT_SECONDS)

    def address(self, board: Board) -> str:
        return f"{self.url}/docs/{quote(board.id, safe='')}"

    def _boards(self) -> list[_Tree]:
        found = self._read(f"{self.url}/api/boards").get("boards")
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self._odd("gave no list of boards")
        return found

    def _read(self, url: str) -> _Tree:
        """A question may be asked again."""
        for number in range(_TRIES):
            last = number == _TRIES - 1
            try:
                reply = self._ask("GET", url, b"", ASK_SECONDS)
            except ExchangeError:
                if last:
                    raise
            else:
                if reply.status not in _AGAIN or last:
                    return self._tree(reply)
            self.sleep(2.0**number)
        raise AssertionError

    def _change(self, method: str, url: str, asked: _Tree, seconds: float = ASK_SECONDS) -> _Tree:
        content = json.dumps(asked, ensure_ascii=False).encode()
        try:
            return self._tree(self._ask(method, url, content, seconds))
        except ExchangeError as error:
            advice = error.advice or "publish again: what is there already is not made twice"
            raise KitError(error.message, advice=advice, lost=True) from error

    def _ask(self, method: str, url: str, content: bytes, seconds: float) -> Reply:
        token = self.access.sent_to(url)
        return post(Letter(url, content, token=token, method=method), timeout=seconds)

    def _tree(self, reply: Reply) -> _Tree:
        if reply.status in {401, 403}:
            raise KitError(
                f"{host(self.url)} does not let this token publish ({reply.status})",
                advice="usual cause: the token ended, or its user may not write documents there",
            )
        if not reply.status // 100 == 2:  # noqa: PLR2004 - the class of status that says yes
            raise KitError(
                f"{host(self.url)} answered {reply.status}: {_said(reply)}",
                advice="usual cause: the site is starting, or refuses what was sent",
                lost=reply.status >= 500,  # noqa: PLR2004 - the class for which the server is to blame
            )
        try:
            tree = json.loads(reply.content)
        except (ValueError, RecursionError):
            tree = None
        if not isinstance(tree, dict):
            raise self._odd("answered with no JSON object")
        return tree

    def _odd(self, what: str) -> KitError:
        return KitError(
            f"{host(self.url)} {what}",
            advice="usual cause: what answers there is no Discuss Kit, or a sign-in page",
            lost=True,
        )


def _board(tree: _Tree) -> Board:
    meta = tree.get("meta")
    mark = meta.get(MARK) if isinstance(meta, dict) else None
    sent = mark.get("sent") if isinstance(mark, dict) else None
    pages = mark.get("pages") if isinstance(mark, dict) else None
    return Board(
        _text(tree.get("id")),
        _text(tree.get("title")),
        _text(tree.get("desc")),
        _did(tree.get("createdBy")),
        _text(sent),
        tuple(one for one in pages if isinstance(one, str)) if isinstance(pages, list) else (),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _did(value: object) -> str:
    return _text(value).removeprefix(_DID)


def _said(reply: Reply) -> str:
    """What the site gives as its reason, if that is short enough to be one."""
    try:
        tree = json.loads(reply.content)
    except (ValueError, RecursionError):
        return "no reason was given"
    said = (tree.get("error") or tree.get("message")) if isinstance(tree, dict) else None
    words = " ".join(said.split()) if isinstance(said, str) else ""
    return words[:200] if words.isprintable() and words else "no reason was given"

"""GitHub's REST API on loopback, as far as bookkeeping uses it, with faults on demand.

``Site`` needs no test framework: start it, point GITHUB_API_URL at its ``url``, stop it. Its
answers are held to GitHub's own description in ``test_description.py``.
"""

import json
import re
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from typing_extensions import Self

from tests.bookkeeping import shapes

TOKEN = "ghs_token-of-the-loopback-site"
REPOSITORY = "acme/shop"
BOT, PERSON = "github-actions[bot]", "ada"
_ROUTES = (
    (r"/user", "user"),
    (r"/repos/acme/shop/deployments", "deployments"),
    (r"/repos/acme/shop/deployments/(\d+)/statuses", "statuses"),
    (r"/repos/acme/shop/issues/(\d+)/comments", "comments"),
    (r"/repos/acme/shop/issues/comments/(\d+)", "comment"),
)


@dataclass(frozen=True)
class Asked:
    """One request and what was answered to it; ``status`` is None where nothing was."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    status: int | None = None
    answer: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answered:
    """A fault: this is said and nothing is done."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    message: str = "no"


@dataclass(frozen=True)
class Lost:
    """A fault: what is asked is done, and the connection ends without an answer."""


@dataclass(frozen=True)
class Silent:
    """A fault: the request is taken and nothing is said until the site stops."""


@dataclass(frozen=True)
class Drip:
    """A fault: a blank every tenth of a second, and never an end; in the head or in the body."""

    head: bool = False


Fault: TypeAlias = Answered | Lost | Silent | Drip


class _Refused(Exception):  # noqa: N818 - an answer, and no error of the site
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass
class Site:
    """``asked`` are all requests so far. ``deployments``, newest last, and the rest are JSON.

    ``faults`` are used up one for each request, ``always`` is there for all others. ``meanwhile``
    is called with each request before it is answered: what another run does just then. ``bot`` is
    whom a token that is no person's stands for; ``unknown`` are commits that nobody ever pushed.
    """

    asked: list[Asked] = field(default_factory=list)
    faults: list[Fault | None] = field(default_factory=list)
    always: Fault | None = None
    deployments: list[dict[str, Any]] = field(default_factory=list)
    statuses: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    is_user_token: bool = False
    bot: str = BOT
    unknown: set[str] = field(default_factory=set)
    meanwhile: Callable[[Asked], None] = lambda _: None
    _ids: "count[int]" = field(default_factory=lambda: count(1), init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False)
    over: threading.Event = field(default_factory=threading.Event, init=False)
    _server: ThreadingHTTPServer | None = field(default=None, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def start(self) -> "Site":
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"site": self})
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def stop(self) -> None:
        """Every request that is still open ends too."""
        self.over.set()
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        assert self._server, "the site is not started"
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environ(self) -> dict[str, str]:
        """What a workflow's run has set, with this site for GitHub."""
        return {
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_RUN_ID": "77",
        }

    def story(self, environment: str = "production") -> list[tuple[int, list[str]]]:
        """Each deployment of ours in the order they were made: its version, its states."""
        return [
            (one["payload"]["version"], [said["state"] for said in self.statuses[one["id"]]])
            for one in self.deployments
            if one["environment"] == environment and one["task"] == "agentramp"
        ]

    def deploys(
        self, environment: str, sha: str, log: str, task: str = "deploy", state: str = "in_progress"
    ) -> int:
        """What GitHub itself records for the ``environment:`` of a job."""
        body = {"ref": sha, "environment": environment, "task": task, "payload": {}}
        made = self._deploy(body)
        self._stand(made["id"], {"state": state, "log_url": log})
        return int(made["id"])

    def says(self, pull_request: int, body: str, author: str = PERSON) -> int:
        """Somebody comments."""
        with self._lock:
            made = shapes.comment(next(self._ids), pull_request, body, author)
            self.comments.setdefault(pull_request, []).append(made)
            return int(made["id"])

    def bodies(self, pull_request: int) -> list[str]:
        return [str(one["body"]) for one in self.comments.get(pull_request, [])]

    def fault(self) -> Fault | None:
        with self._lock:
            return self.faults.pop(0) if self.faults else self.always

    def answer(self, asked: Asked) -> tuple[int, Any]:
        with self._lock:
            try:
                self._authorize(asked)
                return self._route(asked)
            except _Refused as no:
                return no.status, {"message": no.message, "documentation_url": shapes.DOCS}

    def _authorize(self, asked: Asked) -> None:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            raise _Refused(401, "Bad credentials")

    def _route(self, asked: Asked) -> tuple[int, Any]:
        for pattern, name in _ROUTES:
            found = re.fullmatch(pattern, asked.path)
            handle = getattr(self, f"_{asked.method.lower()}_{name}", None)
            if found and handle:
                answer: tuple[int, Any] = handle(asked, *map(int, found.groups()))
                return answer
        raise _Refused(404, "Not Found")

    def _get_user(self, _: Asked) -> tuple[int, Any]:
        if not self.is_user_token:
            raise _Refused(403, "Resource not accessible by integration")
        return 200, shapes.viewer(PERSON)

    def _get_deployments(self, asked: Asked) -> tuple[int, Any]:
        names = ("environment", "task", "sha")
        found = [
            one
            for one in reversed(self.deployments)
            if all(one[name] == asked.query.get(name, one[name]) for name in names)
        ]
        return 200, _page(found, asked)

    def _post_deployments(self, asked: Asked) -> tuple[int, Any]:
        ref = asked.json.get("ref", "")
        if not re.fullmatch(r"[0-9a-f]{40}", ref) or ref in self.unknown:
            raise _Refused(422, f"No ref found for: {ref}")
        return 201, self._deploy(asked.json)

    def _deploy(self, body: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            made = shapes.deployment(next(self._ids), body)
            self.deployments.append(made)
            self.statuses[made["id"]] = []
            return made

    def _known(self, deployment: int) -> None:
        if deployment not in self.statuses:
            raise _Refused(404, "Not Found")

    def _get_statuses(self, asked: Asked, deployment: int) -> tuple[int, Any]:
        self._known(deployment)
        return 200, _page(self.statuses[deployment][::-1], asked)

    def _post_statuses(self, asked: Asked, deployment: int) -> tuple[int, Any]:
        self._known(deployment)
        return 201, self._stand(deployment, asked.json)

    def _stand(self, deployment: int, body: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            about = next(one for one in self.deployments if one["id"] == deployment)
            made = shapes.status(next(self._ids), about, body)
            self.statuses[deployment].append(made)
            return made

    def _get_comments(self, asked: Asked, pull_request: int) -> tuple[int, Any]:
        return 200, _page(self.comments.get(pull_request, []), asked)

    def _post_comments(self, asked: Asked, pull_request: int) -> tuple[int, Any]:
        author = PERSON if self.is_user_token else self.bot
        made = self.says(pull_request, _text(asked.json["body"]), author)
        return 201, self._comment(made)

    def _comment(self, wanted: int) -> dict[str, Any]:
        for comments in self.comments.values():
            for one in comments:
                if one["id"] == wanted:
                    return one
        raise _Refused(404, "Not Found")

    def _patch_comment(self, asked: Asked, wanted: int) -> tuple[int, Any]:
        found = self._comment(wanted)
        found["body"] = _text(asked.json["body"])
        return 200, found

    def _delete_comment(self, _: Asked, wanted: int) -> tuple[int, Any]:
        found = self._comment(wanted)
        for comments in self.comments.values():
            if found in comments:
                comments.remove(found)
        return 204, None


def _text(body: str) -> str:
    if len(body) > 65_536:
        raise _Refused(422, "Body is too long (maximum is 65536 characters)")
    return body


def _page(items: list[dict[str, Any]], asked: Asked) -> list[dict[str, Any]]:
    size, number = int(asked.query.get("per_page", "30")), int(asked.query.get("page", "1"))
    return items[(number - 1) * size : number * size]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True
    site: Site

    def do_GET(self) -> None:
        self._any()

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def _any(self) -> None:
        asked = self._asked()
        self.site.meanwhile(asked)
        match self.site.fault():
            case Silent():
                self.site.asked.append(asked)
                self.close_connection = True
                self.site.over.wait()
            case Drip(head):
                self.site.asked.append(asked)
                self._drip(head=head)
            case Lost():
                self.site.answer(asked)
                self.site.asked.append(asked)
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            case Answered(status, headers, message):
                said = {"message": message, "documentation_url": shapes.DOCS}
                self._say(asked, status, said, headers)
            case None:
                status, answer = self.site.answer(asked)
                self._say(asked, status, answer, {})

    def _asked(self) -> Asked:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return Asked(self.command, parts.path, query, headers, body)

    def _drip(self, *, head: bool) -> None:
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        self.wfile.write(b"X-Slow: " if head else b"Content-Length: 1000000\r\n\r\n")
        with suppress(OSError):  # whoever asked has gone
            while not self.site.over.wait(0.1):
                self.wfile.write(b" ")

    def _say(self, asked: Asked, status: int, said: object, headers: Mapping[str, str]) -> None:
        answer = b"" if said is None else json.dumps(said).encode()
        self.site.asked.append(replace(asked, status=status, answer=answer))
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None: ...

"""A payment broker on loopback: what it sold is written down, and any call can go wrong.

A session goes on each time its status is asked for, so no test waits for a clock. The application
that it sells, and the page to sign in on, are served beside it.
"""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "blkt-of-the-broker"
LINK = "plink_docs"
KIT = "z2qaCNvKMv5GjouKdcDWexv6WqtHbpNPQDnAk"
MOUNT = "/payment"
CALLS = ("describe", "find", "start", "order", "application", "detail")
FAULTS = ("500", "503", "cut-before", "cut-after", "slow", "html", "list", "empty", "redirect")
"""``cut-before``: nothing was done; ``cut-after``: it was, and no answer comes; ``slow``: none in
time, though it was done."""
Said = dict[str, Any]
LARGE = "x" * 2 * 1024 * 1024


def _nothing(_: str, __: str) -> None:
    """Nobody looks on."""


@dataclass
class Emulator:
    """``course`` names how a session goes: well, empty-url, failed, expired, cancelled, error.

    ``faults`` holds for each call what goes wrong with the next ones, in turn. ``hook`` is called
    with each call's name and ``before`` or ``after`` its effect.
    """

    url: str = ""
    course: str = "well"
    link_at: str = "root"
    sites: str = ""
    """Where the sites are that are sold here; '' for here too."""
    unpaid: int = 1
    """So often a session is said to be unpaid before it is paid."""
    faults: dict[str, list[str]] = field(default_factory=dict)
    hook: Callable[[str, str], None] = _nothing
    orders: list[Said] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    tokens: set[tuple[str, str]] = field(default_factory=set)
    """Which calls came with which Authorization."""
    queries: list[str] = field(default_factory=list)
    polls: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sessions(self) -> list[str]:
        return [order["id"] for order in self.orders]

    def fail(self, call: str, *faults: str) -> None:
        self.faults[call] = list(faults)

    def fault(self, call: str) -> str:
        waiting = self.faults.get(call) or [""]
        return waiting.pop(0)

    # What each call answers.

    def describe(self, *, mounted: bool) -> Said:
        said: Said = {
            "appId": "zBroker",
            "componentMountPoints": [
                {"did": "zOther", "mountPoint": "/other", "status": "running"},
                {"did": KIT, "mountPoint": MOUNT, "status": "running"},
            ],
        }
        if mounted or self.link_at == "root":
            said["PAYMENT_LINK_ID"] = LINK
        return said

    def start(self, body: Said) -> Said:
        with self._lock:
            id_ = f"cs_{len(self.orders) + 1}"
            self.orders.append({"id": id_, "link": LINK, "body": body})
        return {"checkoutSession": {"id": id_}, "paymentUrl": f"{self.url}/s/{id_}"}

    def find(self, id_: str) -> Said:
        sessions = self.sessions
        found = id_ if id_ in sessions else (sessions[-1] if sessions and id_ == LINK else None)
        if found is None:
            return {"checkoutSession": None}
        order = self.order(found, asked=False)
        session = {
            "id": found,
            "payment_status": order["payment_status"],
            "fulfillment_status": "pending",
        }
        return {"checkoutSession": session, "paymentLink": f"{self.url}/s/{found}"}

    def order(self, id_: str, *, asked: bool = True) -> Said:
        seen = self.polls.get(id_, 0)
        if asked:
            self.polls[id_] = seen + 1
        if seen < self.unpaid:
            return {"payment_status": "unpaid", "session_status": "open", "vendors": []}
        return self._paid(id_, seen - self.unpaid)

    def _paid(self, id_: str, seen: int) -> Said:
        if self.course in {"expired", "cancelled"}:
            return {"payment_status": "unpaid", "session_status": self.course, "vendors": []}
        said: Said = {"payment_status": "paid", "session_status": "complete"}
        app = f"{self.sites or self.url}/apps/{id_}"
        if self.course == "error":
            return {**said, "vendors": [], "error": "no room on the server"}
        if seen == 0:
            return {**said, "vendors": []}
        if self.course == "failed":
            return {**said, "vendors": [_vendor("launcher", "failed", 30)]}
        if seen == 1:
            return {**said, "vendors": [_vendor("launcher", "processing", 50, appUrl=None)]}
        url = "" if self.course == "empty-url" and seen < 4 else app
        return {
            **said,
            "vendors": [
                _vendor("launcher", "fulfilled", 100, appUrl=url),
                _vendor("didnames", "fulfilled", 100),
            ],
        }

    def application(self, id_: str) -> Said:
        seen = self.polls.get(f"app {id_}", 0)
        self.polls[f"app {id_}"] = seen + 1
        state = "starting" if seen == 0 else "running"
        if self.course == "broken-app":
            state = "error"
        return {
            "appId": f"zApp{id_}",
            "ownerDid": "" if seen == 0 else "zOwner",
            "status": "stopped" if self.course == "stopped" else "running",
            "componentMountPoints": [{"did": "zDocs", "mountPoint": "/docs", "status": state}],
        }

    def detail(self, id_: str, query: str) -> Said | None:
        self.queries.append(query)
        asked = parse_qs(query)
        if asked.get("ownerDid") != ["zOwner"] or asked.get("appDid") != [f"zApp{id_}"]:
            return None
        app = f"{self.sites or self.url}/apps/{id_}"
        site = _vendor("launcher", "fulfilled", 100, appUrl=app, homeUrl=f"{app}/docs")
        site |= {"dashboardUrl": f"{app}/admin", "token": f"blkt-of-{id_}"}
        return {
            "vendors": [site, _vendor("didnames", "fulfilled", 100)],
            "subscriptionUrl": f"{self.url}/subscription",
            "metadata": {},
            "data": {"preferredLocale": "zh"},
        }


def _vendor(kind: str, status: str, progress: int, **more: str | None) -> Said:
    return {"vendorType": kind, "status": status, "progress": progress, **more}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    emulator: Emulator

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("content-length") or 0)))

    def log_message(self, *_: object) -> None: ...

    def _answer(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        call, act, free = self._route(parts.path, parts.query, body)
        emulator = self.emulator
        emulator.calls.append(call)
        emulator.tokens.add((call, self.headers.get("Authorization", "")))
        fault = emulator.fault(call)
        emulator.hook(call, "before")
        if fault == "cut-before":
            self.close_connection = True
            return
        if not free and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._send(401, b'{"error": "not allowed"}')
            return
        if fault.isdigit() or fault in {"html", "list", "empty", "404-html", "redirect", "large"}:
            self._broken(fault)
            return
        said = act()
        emulator.hook(call, "after")
        if fault == "slow":
            self._until_gone()
        if fault in {"cut-after", "slow"}:
            self.close_connection = True
        elif said is None:
            self._send(404, b'{"error": "not found"}')
        else:
            self._send(200, json.dumps(said).encode())

    def _until_gone(self) -> None:
        """Whoever asked has no patience any more."""
        with contextlib.suppress(OSError):
            self.connection.settimeout(30)
            self.connection.recv(1)

    def _broken(self, fault: str) -> None:
        match fault:
            case "html":
                self._send(200, b"<html>welcome</html>", "text/html")
            case "list":
                self._send(200, b"[]")
            case "empty":
                self._send(200, b"{}")
            case "large":
                self._send(200, json.dumps({"checkoutSession": None, "pad": LARGE}).encode())
            case "404-html":
                self._send(404, b"<html>nothing here</html>", "text/html")
            case "redirect":
                self._send(302, b"", location="http://localhost:9/elsewhere")
            case _:
                self._send(int(fault), b'{"error": "out of order"}')

    def _send(
        self, status: int, content: bytes, kind: str = "application/json", location: str = ""
    ) -> None:
        with contextlib.suppress(OSError):  # who asked may be dead: that is what is tested
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(content)))
            if location:
                self.send_header("location", location)
            self.end_headers()
            self.wfile.write(content)

    def _route(
        self, path: str, query: str, body: bytes
    ) -> tuple[str, Callable[[], Said | None], bool]:
        """The call's name, what it does, and whether it needs no token."""
        emulator = self.emulator
        words = path.strip("/").split("/")
        match words:
            case ["__blocklet__.js"]:
                return "describe", lambda: emulator.describe(mounted=False), True
            case ["payment", "__blocklet__.js"]:
                return "describe", lambda: emulator.describe(mounted=True), True
            case ["apps", id_, "__blocklet__.js"]:
                return "application", lambda: emulator.application(id_), True
            case ["payment", "api", "checkout-sessions", "start", link] if link == LINK:
                return "start", lambda: emulator.start(json.loads(body)), False
            case ["payment", "api", "checkout-sessions", "broker-status", id_]:
                return "find", lambda: emulator.find(id_), False
            case ["payment", "api", "vendors", "order", id_, "status"]:
                known = id_ in emulator.sessions
                return "order", lambda: emulator.order(id_) if known else None, False
            case ["payment", "api", "vendors", "order", id_, "detail", *_]:
                known = id_ in emulator.sessions
                return "detail", lambda: emulator.detail(id_, query) if known else None, False
            case _:
                return "unknown", lambda: None, True


@contextlib.contextmanager
def running(emulator: Emulator | None = None) -> Iterator[Emulator]:
    emulator = emulator or Emulator()

    class Handler(_Handler):
        pass

    Handler.emulator = emulator
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        emulator.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield emulator
        finally:
            server.shutdown()
            thread.join()


def bodies(orders: Sequence[Said]) -> list[Said]:
    return [order["body"] for order in orders]

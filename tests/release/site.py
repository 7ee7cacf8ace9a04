"""Somebody who releases a light agent on the embedded platform, and what their hooks are told."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from agentramp.journal.file import FileJournal
from agentramp.model import Endpoint, Split
from agentramp.plan import Subject
from agentramp.platform.agentrun.adapter import AgentRun
from agentramp.platform.agentrun.signing import Credentials
from agentramp.record import Record
from tests.release.conftest import Ended, User
from tests.release.plant import CLOCK, call, connected, edit, lay_out, settle

SETTLED = 2.0
"""Seconds: a window to be counted in, and as long to settle."""


@dataclass(frozen=True)
class Site:
    user: User

    @classmethod
    def lay_out(cls, folder: Path, name: str, ramp: str) -> "Site":
        """All sites of a ``folder`` share one platform; each has a runtime of its own."""
        return cls(User(folder / "home", lay_out(folder, name, ramp)))

    def run(self, *words: str, **environ: str) -> Ended:
        return self.user.run(*words, "--platform", "local", "--output", "json", **environ)

    def does(self, *words: str) -> dict[str, Any]:
        return self.user.does(*words)

    def releases(self, *words: str, failing: int = 0) -> dict[str, Any]:
        """Change the agent and release it."""
        edit(self.user.project, failing)
        return self.does("release", *words)

    def configure(self, ramp: str) -> None:
        (self.user.project / "agentramp.yaml").write_text(ramp)

    def is_called(self, sessions: int = 60) -> None:
        """There are ``sessions`` new ones, in windows that are closed.

        A step's first second does not count, nor one by which the platform's clock may be behind.
        """
        time.sleep(2 * CLOCK)
        call(self.found.url, sessions)
        settle(SETTLED)

    def is_moved_by_hand(self, split: Split) -> None:
        """As a console does it: nobody writes it down."""
        runtime = self._platform.observe(self._runtime).runtime
        assert runtime
        self._platform.set_split(runtime.id, self.found.id, split)

    @property
    def found(self) -> Endpoint:
        found = self._platform.observe(self._runtime).endpoint("production")
        assert found
        return found

    @property
    def split(self) -> Split:
        return self.found.split

    @property
    def versions(self) -> list[int]:
        return [version.number for version in self._platform.observe(self._runtime).versions]

    @property
    def records(self) -> Sequence[Record]:
        folder = self.user.home / "journal" / "local"
        return FileJournal(folder).read(Subject(self._runtime, "production"))

    @property
    def _runtime(self) -> str:
        return self.user.project.name

    @cached_property
    def _platform(self) -> AgentRun:
        server = self.user.server()
        key = Credentials(server["access_key_id"], server["access_key_secret"])
        return connected(server["control_url"], key)


@dataclass(frozen=True)
class Hook:
    """Where a chat service would listen; ``told`` is what it was told, in order."""

    url: str
    told: list[dict[str, Any]]

    @property
    def events(self) -> list[str]:
        return [said["event"] for said in self.told]


@contextmanager
def listening() -> Iterator[Hook]:
    told: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield Hook(f"http://127.0.0.1:{server.server_address[1]}/secret", told)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

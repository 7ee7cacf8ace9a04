"""A run that is killed at a chosen one of its calls: to the platform, or of git.

SIGKILL comes before the call is passed on, or after it had its effect and before its answer.
"""

import http.client
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tests.release.conftest import Ended
from tests.release.plant import Plant, ended

WRAPPER = """\
#!/bin/sh
if [ -z "$GIT_CALLS" ]; then exec {git} "$@"; fi
calls=$GIT_CALLS
unset GIT_CALLS
echo "$*" >> "$calls"
number=$(wc -l < "$calls")
if [ "$number" -eq "$KILL_BEFORE" ]; then kill -9 $PPID; exit 1; fi
{git} "$@"
status=$?
if [ "$number" -eq "$KILL_AFTER" ]; then kill -9 $PPID; fi
exit $status
"""


class At(Enum):
    PLATFORM = "platform"
    GIT = "git"


class Side(Enum):
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class Kill:
    """At call ``number`` of its kind, counted from 1; 0 is never reached."""

    at: At = At.PLATFORM
    number: int = 0
    side: Side = Side.BEFORE

    def is_at(self, at: At, number: int, side: Side) -> bool:
        return (self.at, self.number, self.side) == (at, number, side)

    def __str__(self) -> str:
        return f"killed {self.side.value} call {self.number} of {self.at.value}"


@dataclass
class Proxy:
    """Passes calls on to ``upstream``, names them in ``calls``, and calls ``strike`` at one."""

    upstream: str
    kill: Kill = Kill()
    strike: Callable[[], None] = lambda: None
    calls: list[str] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Gives the address, until the block ends."""
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy.relay(self)

            do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the base class looks for these names

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def relay(self, asked: BaseHTTPRequestHandler) -> None:
        self.calls.append(f"{asked.command} {asked.path.partition('?')[0]}")
        number = len(self.calls)
        if self.kill.is_at(At.PLATFORM, number, Side.BEFORE):
            self._end(asked)
            return
        status, headers, body = self._passed_on(asked)
        if self.kill.is_at(At.PLATFORM, number, Side.AFTER):
            self._end(asked)
            return
        asked.send_response_only(status)
        for name, value in headers:
            asked.send_header(name, value)
        asked.end_headers()
        asked.wfile.write(body)

    def _passed_on(self, asked: BaseHTTPRequestHandler) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection(urlsplit(self.upstream).netloc, timeout=30)
        body = asked.rfile.read(int(asked.headers.get("content-length", 0)))
        self.sent.append(body)
        upstream.putrequest(asked.command, asked.path, skip_host=True, skip_accept_encoding=True)
        for name, value in asked.headers.items():
            upstream.putheader(name, value)
        upstream.endheaders(body)
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        left = {"transfer-encoding", "content-length", "connection"}
        headers = [pair for pair in answer.getheaders() if pair[0].lower() not in left]
        return answer.status, [*headers, ("content-length", str(len(content)))], content

    def _end(self, asked: BaseHTTPRequestHandler) -> None:
        self.strike()
        asked.close_connection = True


@dataclass
class Turnstile(Proxy):
    """Keeps the first call whose path ends in ``path`` waiting: ``arrived`` there until ``go``."""

    path: str = ""
    arrived: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def relay(self, asked: BaseHTTPRequestHandler) -> None:
        if asked.path.partition("?")[0].endswith(self.path) and not self.arrived.is_set():
            self.arrived.set()
            assert self.go.wait(60)
        super().relay(asked)


@dataclass
class _Victim:
    process: "subprocess.Popen[str] | None" = None
    known: threading.Event = field(default_factory=threading.Event)

    def strike(self) -> None:
        assert self.known.wait(30)
        assert self.process
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(30)


@dataclass(frozen=True)
class Killed:
    """How it ended, and each call it made, of the platform and of git."""

    ended: Ended
    platform: tuple[str, ...]
    git: tuple[str, ...]

    @property
    def is_dead(self) -> bool:
        return self.ended.code == -signal.SIGKILL


def run_killed(plant: Plant, folder: Path, kill: Kill, *words: str) -> Killed:
    """Run a verb that is killed as ``kill`` says; ``folder`` must be new."""
    victim = _Victim()
    proxy = Proxy(plant.control_url, kill, victim.strike)
    folder.mkdir()
    counted, program = folder / "calls", folder / "git"
    program.write_text(WRAPPER.format(git=shutil.which("git")))
    program.chmod(0o755)
    own = kill.number if kill.at is At.GIT else 0
    with proxy.serving() as address:
        victim.process = plant.start(
            *words,
            AGENTRUN_CONTROL_ENDPOINT=address,
            PATH=f"{folder}{os.pathsep}{os.environ['PATH']}",
            GIT_CALLS=str(counted),
            KILL_BEFORE=str(own if kill.side is Side.BEFORE else 0),
            KILL_AFTER=str(own if kill.side is Side.AFTER else 0),
        )
        victim.known.set()
        done = ended(victim.process)
    calls = counted.read_text().splitlines() if counted.exists() else []
    return Killed(done, tuple(proxy.calls), tuple(calls))

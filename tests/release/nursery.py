"""Verbs as processes of their own that need not read all of the program anew.

One process has read every verb and forks for each run. A fork is what a process is to a user: its
own pid, environment, folder and streams, signals that reach it alone, and an end of its own. What
starting costs, and whether a verb imports what it uses, ``tests/test_cli.py``, ``tests/examples``
and ``tests/actions`` see, which start the command line itself.
"""

import atexit
import functools
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import IO, Any

_NUMBER = 4
"""Bytes of a number on a line."""


class Verb(subprocess.Popen[str]):
    """What ``subprocess.Popen`` would give, as far as the tests use it."""

    def __init__(self, control: socket.socket, words: Sequence[str], **where: Any) -> None:
        self.args = list(words)
        self.returncode: int | None = None
        self.stdin = None
        self._ended = threading.Event()
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        self._line, line_end = socket.socketpair()
        asked = json.dumps({"words": self.args, **where}).encode()
        socket.send_fds(
            control, [len(asked).to_bytes(_NUMBER, "big")], [line_end.fileno(), out_end, err_end]
        )
        control.sendall(asked)
        line_end.close()
        os.close(out_end)
        os.close(err_end)
        self.stdout: IO[str] = os.fdopen(out, encoding="utf-8")
        self.stderr: IO[str] = os.fdopen(err, encoding="utf-8")
        self.pid = _number(self._line)
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        with self._line:
            self.returncode = _number(self._line)
        self._ended.set()

    def poll(self) -> int | None:
        return self.returncode if self._ended.is_set() else None

    def wait(self, timeout: float | None = None) -> int:
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def communicate(self, _: object = None, timeout: float | None = None) -> tuple[str, str]:
        with ThreadPoolExecutor(2) as pool:
            out, err = pool.submit(self.stdout.read), pool.submit(self.stderr.read)
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            told = out.result(), err.result()
        self.stdout.close()
        self.stderr.close()
        return told

    def send_signal(self, sig: int) -> None:
        if not self._ended.is_set():
            os.kill(self.pid, sig)

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        self.stderr.close()
        self.wait()


def _number(line: socket.socket) -> int:
    return int.from_bytes(_exactly(line, _NUMBER), "big", signed=True)


def _exactly(line: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = line.recv(size - len(found))
        if not more:
            raise EOFError("the other side is gone")
        found += more
    return found


@functools.cache
def _mother() -> tuple[socket.socket, threading.Lock]:
    """Started at the first verb of this process; it ends with its line, whatever ends us."""
    here, there = socket.socketpair()
    process = subprocess.Popen([sys.executable, __file__], stdin=there.fileno())
    there.close()

    def end() -> None:
        here.close()
        process.wait(60)

    atexit.register(end)
    return here, threading.Lock()


def start(words: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> Verb:
    control, turn = _mother()
    with turn:
        return Verb(control, words, cwd=str(cwd), environ=dict(environ))


# --- the process that forks ----------------------------------------------------------------------


@dataclass
class _Mother:
    control: socket.socket
    woken: socket.socket
    lines: dict[int, socket.socket] = field(default_factory=dict)

    def serve(self) -> None:
        """Until nobody can ask any more, or this is a child whose verb has ended."""
        while True:
            ready, _, _ = select.select([self.control, self.woken], [], [])
            if self.woken in ready:
                self.woken.recv(4096)
                self._tell_ends()
            if self.control in ready and not self._bear():
                return

    def _tell_ends(self) -> None:
        while self.lines:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            with self.lines.pop(pid) as line:
                _tell(line, os.waitstatus_to_exitcode(status))

    def _bear(self) -> bool:
        head, (line_end, *streams), _, _ = _received(self.control)
        if not head:
            return False
        asked = json.loads(_exactly(self.control, int.from_bytes(head, "big")))
        line = socket.socket(fileno=line_end)
        pid = os.fork()
        if pid == 0:
            for one in (*self.lines.values(), line, self.control, self.woken):
                one.close()
            _live(asked, streams)
            return False
        for stream in streams:
            os.close(stream)
        self.lines[pid] = line
        _tell(line, pid)
        return True


def _received(control: socket.socket) -> tuple[bytes, list[int], int, Any]:
    head, fds, flags, address = socket.recv_fds(control, _NUMBER, 3)
    return head, fds or [-1], flags, address


def _tell(line: socket.socket, number: int) -> None:
    line.sendall(number.to_bytes(_NUMBER, "big", signed=True))


def _live(asked: dict[str, Any], streams: Sequence[int]) -> None:
    """The rest of this process is the verb."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for stream, number in zip((os.open(os.devnull, os.O_RDONLY), *streams), range(3), strict=True):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environ"])
    sys.argv = ["agentramp", *asked["words"]]
    from agentramp.cli import main  # noqa: PLC0415 - read before the fork

    _CODE.append(main())


_CODE: list[int] = []
"""What the verb ended with, once it has, in the process that is the verb."""


def _leave() -> None:
    """The last thing that is called at exit: to take all that was read apart would take longer."""
    for code in _CODE:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _read_all() -> None:
    import jsonschema  # noqa: F401, PLC0415 - read where it is used, and dear

    import agentramp  # noqa: PLC0415 - of no use to the tests' side

    for found in walk_packages(agentramp.__path__, "agentramp."):
        if not found.name.endswith("__main__"):
            import_module(found.name)


def _main() -> None:
    atexit.register(_leave)  # the first that is registered is called last
    del sys.path[0]  # the folder of this file
    control, (woken, waker) = socket.socket(fileno=os.dup(0)), socket.socketpair()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.set_blocking(waker.fileno(), False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    _read_all()
    gc.freeze()
    _Mother(control, woken).serve()


if __name__ == "__main__":
    _main()

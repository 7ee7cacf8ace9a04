"""``agentramp run`` on a terminal of its own."""

import os
import pty
import select
import sys
import time
from dataclasses import dataclass, field

COMMAND = (sys.executable, "-m", "agentramp", "run")
PATIENCE = 60.0


@dataclass
class Typed:
    """``run`` on a terminal of its own."""

    pid: int
    terminal: int
    seen: str = ""
    _read: int = field(default=0, init=False)

    @classmethod
    def begin(cls, environ: dict[str, str], *words: str) -> "Typed":
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(COMMAND[0], [*COMMAND, *words], environ)
        return cls(pid, terminal)

    def types(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def shows(self, text: str) -> str:
        """Wait for ``text`` behind what was waited for before, and give what stands before it."""
        ends = time.monotonic() + PATIENCE
        while text not in self.seen[self._read :]:
            assert time.monotonic() < ends, self.seen
            ready, _, _ = select.select([self.terminal], [], [], 1)
            if ready:
                self.seen += os.read(self.terminal, 65536).decode(errors="replace")
        begin, self._read = self._read, self.seen.index(text, self._read) + len(text)
        return self.seen[begin : self._read]

    def ends(self) -> int:
        _, status = os.waitpid(self.pid, 0)
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(status)

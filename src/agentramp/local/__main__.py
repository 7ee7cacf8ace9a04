"""The server's own process: ``main([state folder, search path])`` detaches and serves."""

import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from agentramp.local.home import Home
from agentramp.local.server import serve

_LOG = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    """Write the server's process id to stdout and go on in the background."""
    root, search_path = arguments
    home = Home(Path(root))
    pid = os.fork()
    if pid:
        os.write(sys.stdout.fileno(), str(pid).encode())
        return 0
    _detach(home)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    with home.serving() as alone:
        if not alone:
            _LOG.error("another server holds this folder")
            return 1
        asyncio.run(serve(home, search_path))
    return 0


def _detach(home: Home) -> None:
    os.setsid()
    log = os.open(home.server_log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    os.close(log)
    os.chdir("/")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

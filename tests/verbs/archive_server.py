"""A folder over HTTP, for archives that a test runs agents from."""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def archived(project: Path, inside: str, folder: Path) -> Iterator[str]:
    """The address of an archive that has ``project`` at ``inside``; it lies in ``folder``."""
    folder.mkdir()
    with tarfile.open(folder / "agent.tar.gz", "w:gz") as archive:
        archive.add(project, inside)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/agent.tar.gz"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

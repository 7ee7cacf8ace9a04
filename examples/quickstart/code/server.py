"""An HTTP/1.1 server that keeps connections open and, told to stop, finishes what it began."""

import logging
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

Connection: TypeAlias = socket.socket | tuple[bytes, socket.socket]

log = logging.getLogger("quickstart")


class DrainingServer(ThreadingHTTPServer):
    daemon_threads = True  # a client that never reads must not keep the process alive
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._changed = threading.Condition()
        self._idle: set[Connection] = set()
        self._busy: set[Connection] = set()
        self._draining = False
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # HTTPServer would look up the host's name here, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        host, port = self.server_address[:2]
        self.server_name, self.server_port = str(host), int(port)

    def process_request(self, request: Connection, client_address: Any) -> None:  # noqa: ANN401  # the base class's own type
        with self._changed:
            self._idle.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Connection) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._idle.discard(request)
            self._changed.notify_all()

    @property
    def draining(self) -> bool:
        return self._draining

    @contextmanager
    def busy(self, connection: Connection) -> Iterator[None]:
        """Marks a connection as one whose request is being answered."""
        with self._changed:
            self._idle.discard(connection)
            self._busy.add(connection)
        try:
            yield
        finally:
            with self._changed:
                self._busy.discard(connection)
                self._idle.add(connection)
                if self._draining:
                    _hang_up(connection)

    def drain(self, grace: float) -> bool:
        """Takes no new connection, answers what is under way; False if ``grace`` seconds ran out.

        To be called once ``serve_forever`` has returned. A request already received on an idle
        connection is still read and answered: only the reading side is closed.
        """
        self._accept_the_waiting()
        self.server_close()
        with self._changed:
            self._draining = True
            for connection in self._idle:
                _hang_up(connection)
            return self._changed.wait_for(lambda: not (self._idle or self._busy), grace)

    def _accept_the_waiting(self) -> None:
        self.socket.settimeout(0)
        while True:
            try:
                connection, address = self.socket.accept()
            except OSError:
                return
            connection.settimeout(None)
            self.process_request(connection, address)

    def handle_error(self, request: Connection, client_address: Any) -> None:  # noqa: ANN401  # the base class's own type
        del request, client_address
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            log.debug("a client went away")
        else:
            log.error("a request failed", exc_info=error)


def _hang_up(connection: Connection) -> None:
    assert isinstance(connection, socket.socket)  # noqa: S101  # for mypy: we listen on TCP only
    try:
        connection.shutdown(socket.SHUT_RD)
    except OSError:
        log.debug("a client went away")

"""A loopback WebSocket server that behaves as a test wants: it runs commands, or it cheats."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request
from websockets.sync.server import ServerConnection, serve

Behaviour = Callable[[ServerConnection, list[str]], None]


@dataclass
class ExecServer:
    behaviour: Behaviour
    url: str = ""
    requests: list[Request] = field(default_factory=list)

    def answer(self, connection: ServerConnection) -> None:
        assert connection.request
        self.requests.append(connection.request)
        with suppress(ConnectionClosed):
            self.behaviour(connection, self.query()["command"])

    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.requests[-1].path).query)


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[ExecServer]:
    told = ExecServer(behaviour)
    with serve(told.answer, "127.0.0.1", 0, compression=None) as server:
        told.url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()


def runs(piece: int = 4096, *, one_by_one: bool = False) -> Behaviour:
    """Really run the command here; ``piece`` is the most bytes in one message."""

    def behave(connection: ServerConnection, words: list[str]) -> None:
        with subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdin
            assert process.stdout
            assert process.stderr
            pumps = [
                threading.Thread(target=_pump, args=(connection, 1, process.stdout, piece)),
                threading.Thread(target=_pump, args=(connection, 2, process.stderr, piece)),
            ]
            for pump in pumps:
                pump.start()
                if one_by_one:  # all of the output first, and then all of the errors
                    pump.join()
            with suppress(ConnectionClosed, BrokenPipeError):
                for message in connection:
                    assert isinstance(message, bytes)
                    process.stdin.write(message)
                    process.stdin.flush()
            with suppress(BrokenPipeError):
                process.stdin.close()
            for pump in pumps:
                pump.join()

    return behave


def _pump(connection: ServerConnection, kind: int, stream: IO[bytes], piece: int) -> None:
    with suppress(ConnectionClosed):
        while data := os.read(stream.fileno(), piece):
            connection.send(bytes([kind]) + data)
    while os.read(stream.fileno(), 65536):
        pass  # nobody listens any more, and nobody must wait for that


def says(*messages: bytes, code: int = 1000, reason: str = "") -> Behaviour:
    def behave(connection: ServerConnection, words: list[str]) -> None:  # noqa: ARG001 - it cheats
        for message in messages:
            connection.send(message)
        connection.close(code, reason)

    return behave

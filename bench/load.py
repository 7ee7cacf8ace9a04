"""A load client in a process of its own: few instructions per request, no library in the way.

``python -m bench.load URL REQUESTS CONCURRENCY`` keeps CONCURRENCY connections open, each with
one request under way, and prints one JSON object.
"""

import json
import re
import selectors
import socket
import statistics
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
GIVE_UP_SECONDS = 30


@dataclass
class Line:
    """One kept connection and what has come back on it."""

    connection: socket.socket
    received: bytes = b""
    sent_at: float = 0.0

    def send(self, request: bytes) -> None:
        self.received = b""
        self.sent_at = time.perf_counter()
        self.connection.sendall(request)

    def receive(self) -> bool:
        """True when the answer is whole."""
        data = self.connection.recv(65536)
        if not data:
            raise ConnectionError("the server hung up")
        self.received += data
        return is_whole(self.received)


def is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    if not end:
        return False
    if length:
        return len(body) >= int(length[1])
    return CHUNKED.search(head) is not None and (b"\r\n" + body).endswith(b"\r\n0\r\n\r\n")


@dataclass
class Tally:
    failed: int = 0
    latencies: list[float] = field(default_factory=list)

    def add(self, line: Line) -> None:
        self.latencies.append(time.perf_counter() - line.sent_at)
        self.failed += not line.received.startswith(b"HTTP/1.1 200")


def load(url: str, requests: int, concurrency: int) -> Tally:
    """Raises ConnectionError or TimeoutError: on loopback a lost connection is a finding."""
    parts = urlsplit(url)
    address = (str(parts.hostname), parts.port or 80)
    request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    tally, left = Tally(), requests
    with selectors.DefaultSelector() as selector:
        for _ in range(min(concurrency, requests)):
            connection = socket.create_connection(address, timeout=GIVE_UP_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line = Line(connection)
            selector.register(connection, selectors.EVENT_READ, line)
            line.send(request)
            left -= 1
        while len(tally.latencies) < requests:
            ready = selector.select(GIVE_UP_SECONDS)
            if not ready:
                raise TimeoutError(f"no answer within {GIVE_UP_SECONDS} s")
            for key, _ in ready:
                line = key.data
                if line.receive():
                    tally.add(line)
                    if left:
                        line.send(request)
                        left -= 1
        for key in list(selector.get_map().values()):
            key.data.connection.close()
    return tally


def main(url: str, requests: int, concurrency: int) -> None:
    started = time.perf_counter()
    tally = load(url, requests, concurrency)
    seconds = time.perf_counter() - started
    answer = {
        "failed": tally.failed,
        "per_second": requests / seconds,
        "median_ms": statistics.median(tally.latencies) * 1000,
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

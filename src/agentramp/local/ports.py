"""Loopback ports that are free now and unlikely to be taken by an outgoing connection."""

import secrets
import socket

LOOPBACK = "127.0.0.1"
# Below the range that systems use for outgoing connections (Linux: from 32768).
_LOW, _HIGH = 18_000, 32_000
_TRIES = 200


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose() -> int:
    for _ in range(_TRIES):
        port = _LOW + secrets.randbelow(_HIGH - _LOW)
        if is_free(port):
            return port
    with socket.socket() as any_port:
        any_port.bind((LOOPBACK, 0))
        return int(any_port.getsockname()[1])

"""Asks an agent once whether it is healthy."""

import asyncio
from collections.abc import Iterable

from agentramp.local.records import Health
from agentramp.local.upstream import ConnectError, CutError, Pool

_FIRST_BAD_STATUS = 400


async def is_healthy(hosts: Iterable[str], port: int, health: Health) -> bool:
    """An HTTP GET below 400 where a path is configured, else an accepted connection."""
    try:
        return await asyncio.wait_for(_ask(Pool(hosts, port), health.http_path), health.timeout)
    except (ConnectError, CutError, asyncio.TimeoutError):
        return False


async def _ask(pool: Pool, path: str | None) -> bool:
    connection = await pool.acquire()
    try:
        if path is None:
            return True
        connection.begin(to_head=False)
        connection.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
        head = await connection.head()
        return head.status < _FIRST_BAD_STATUS
    finally:
        connection.abort()

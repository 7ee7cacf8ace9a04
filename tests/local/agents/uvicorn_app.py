"""An ASGI agent; UVICORN_LOOP chooses the event loop."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn  # type: ignore[import-not-found]  # the test brings it

VERSION = Path("version.txt").read_text()


async def app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[..., Awaitable[None]],
) -> None:
    if scope["type"] != "http":
        return
    await receive()
    loop = type(asyncio.get_running_loop()).__module__.partition(".")[0]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": f"{VERSION} {loop}".encode()})


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=9000, loop=os.environ["UVICORN_LOOP"])

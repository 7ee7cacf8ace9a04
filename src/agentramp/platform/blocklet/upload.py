"""A file as a GraphQL upload: multipart, read from the disk while it is sent.

Source: the "GraphQL multipart request specification": the parts ``operations``, ``map`` and file.
"""

import io
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Final

from typing_extensions import Self

_BLOCK: Final = 64 * 1024


class Upload:
    """The body of one upload. ``tell`` hears how many bytes of how many are on their way.

    A body that is not sent within ``seconds`` raises TimeoutError: each part of it may take the
    line's own time, so a slow line would send for ever.
    """

    def __init__(
        self,
        file: Path,
        operations: Mapping[str, object],
        *,
        boundary: str,
        tell: Callable[[int, int], None],
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.content_type: Final = f"multipart/form-data; boundary={boundary}"
        head = _head(file.name, operations, boundary)
        tail = f"\r\n--{boundary}--\r\n".encode()
        self._total: Final = len(head) + file.stat().st_size + len(tail)
        self._part: IO[bytes] = io.BytesIO(head)
        self._parts: Final[Iterator[IO[bytes]]] = iter((file.open("rb"), io.BytesIO(tail)))
        self._done, self._tell = 0, tell
        self._clock, self._ends = clock, clock() + seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for part in (self._part, *self._parts):
            part.close()

    def __len__(self) -> int:
        return self._total

    def __iter__(self) -> Iterator[bytes]:
        while block := self.read(_BLOCK):
            yield block

    def read(self, size: int = -1, /) -> bytes:
        if self._clock() > self._ends:
            raise TimeoutError
        while not (block := self._part.read(size)):
            following = next(self._parts, None)
            if following is None:
                return b""
            self._part.close()
            self._part = following
        self._done += len(block)
        self._tell(self._done, self._total)
        return block


def _head(filename: str, operations: Mapping[str, object], boundary: str) -> bytes:
    fields = {"operations": operations, "map": {"file0": ["variables.file"]}}
    lines = []
    for name, value in fields.items():
        lines += [f"--{boundary}", f'Content-Disposition: form-data; name="{name}"', ""]
        lines += [json.dumps(value, separators=(",", ":"))]
    lines += [
        f"--{boundary}",
        f'Content-Disposition: form-data; name="file0"; filename="{filename}"',
        "Content-Type: application/octet-stream",
        "\r\n",
    ]
    return "\r\n".join(lines).encode()

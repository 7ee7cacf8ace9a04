"""Uploaded code, kept once by its digest."""

import asyncio
import hashlib
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from agentramp import crc64
from agentramp.local import archive
from agentramp.local.refusal import invalid

_CHUNK = 1024 * 1024


class Artifacts:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._arriving = 0

    @asynccontextmanager
    async def kept(self, content: BinaryIO, checksum: str) -> AsyncIterator[str]:
        """Check and store an archive and give its sha256; closes it. Raises RefusalError.

        It stays at least until the block ends, in which a snapshot has to come to refer to it.
        """
        self._arriving += 1
        try:
            yield await asyncio.to_thread(self._keep, content, checksum)
        finally:
            self._arriving -= 1

    def _keep(self, content: BinaryIO, checksum: str) -> str:
        with content:
            digest, sum_of_all = _sums(content)
            if checksum and checksum != sum_of_all:
                raise invalid("codeConfiguration.checksum is not the CRC-64 of the code")
            try:
                archive.check(content)
            except archive.ArchiveError as error:
                raise invalid(f"codeConfiguration: {error}") from error
            self._store(content, digest)
        return digest

    def _store(self, content: BinaryIO, digest: str) -> None:
        place = self._folder / f"{digest}.zip"
        if place.exists():
            return
        # Written aside and renamed: a half-written file never has a valid name.
        draft = self._folder / f"{digest}.{secrets.token_hex(4)}.part"
        content.seek(0)
        with draft.open("xb") as sink:
            shutil.copyfileobj(content, sink, _CHUNK)
        draft.replace(place)

    def prune(self, needed: set[str]) -> None:
        """Remove what no snapshot refers to, and what a killed server left half-written."""
        if self._arriving:
            return
        for place in self._folder.iterdir():
            if place.stem not in needed:
                place.unlink(missing_ok=True)


def _sums(content: BinaryIO) -> tuple[str, str]:
    """The sha256 in hex and the CRC-64 in decimal."""
    digest, total, add = hashlib.sha256(), 0, crc64.fastest()
    content.seek(0)
    while data := content.read(_CHUNK):
        digest.update(data)
        total = add(data, total)
    return digest.hexdigest(), str(total)

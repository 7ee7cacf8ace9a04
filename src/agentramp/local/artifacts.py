"""Uploaded code, kept once by its digest."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agentramp import crc64
from agentramp.local import archive
from agentramp.local.refusal import invalid


class Artifacts:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._arriving = 0

    @asynccontextmanager
    async def kept(self, content: bytes, checksum: str) -> AsyncIterator[str]:
        """Check and store an archive and give its sha256. Raises RefusalError.

        It stays at least until the block ends, in which a snapshot has to come to refer to it.
        """
        self._arriving += 1
        try:
            yield await asyncio.to_thread(self._keep, content, checksum)
        finally:
            self._arriving -= 1

    def _keep(self, content: bytes, checksum: str) -> str:
        if checksum and checksum != str(crc64.fastest()(content, 0)):
            raise invalid("codeConfiguration.checksum is not the CRC-64 of zipFile")
        try:
            archive.check(content)
        except archive.ArchiveError as error:
            raise invalid(f"codeConfiguration.zipFile: {error}") from error
        digest = hashlib.sha256(content).hexdigest()
        place = self._folder / f"{digest}.zip"
        if not place.exists():
            # Written aside and renamed: a half-written file never has a valid name.
            draft = self._folder / f"{digest}.{secrets.token_hex(4)}.part"
            draft.write_bytes(content)
            draft.replace(place)
        return digest

    def prune(self, needed: set[str]) -> None:
        """Remove what no snapshot refers to, and what a killed server left half-written."""
        if self._arriving:
            return
        for place in self._folder.iterdir():
            if place.stem not in needed:
                place.unlink(missing_ok=True)

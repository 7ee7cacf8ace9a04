"""Uploaded objects, each a file with a record; kept for a while and within a bound."""

import hashlib
import secrets
import sqlite3
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agentramp import crc64
from agentramp.local import assumptions
from agentramp.local.refusal import RefusalError
from agentramp.local.schema import transaction

_COLUMNS = "name,file,size,md5,crc64,at"


@dataclass(frozen=True)
class Object:
    """``name`` is ``bucket/key``; ``md5`` is in hex, ``crc64`` in decimal."""

    name: str
    file: str
    size: int
    md5: str
    crc64: str
    at: float


class Draft:
    """An object on its way in; what is left of it when it fails is removed by ``discard``."""

    def __init__(self, folder: Path, most: int) -> None:
        self.file = secrets.token_hex(16)
        self.size = 0
        self._most = most
        self._path = folder / self.file
        self._sink = self._path.open("xb")
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._crc, self._add = 0, crc64.fastest()

    def write(self, data: bytes) -> None:
        """Raises RefusalError when the object is larger than one may be."""
        self.size += len(data)
        if self.size > self._most:
            raise RefusalError(
                400, "EntityTooLarge", f"the object is larger than {self._most} bytes"
            )
        self._md5.update(data)
        self._crc = self._add(data, self._crc)
        self._sink.write(data)

    def close(self) -> None:
        self._sink.close()

    def discard(self) -> None:
        self._sink.close()
        self._path.unlink(missing_ok=True)

    def done(self, name: str, content_md5: str, now: float) -> Object:
        """The object that came. Raises RefusalError where it is not the one that was announced."""
        if content_md5 and content_md5 != b64encode(self._md5.digest()).decode():
            raise RefusalError(
                400, "InvalidDigest", "the Content-MD5 that was sent is not the body's"
            )
        return Object(name, self.file, self.size, self._md5.hexdigest(), str(self._crc), now)


class Objects:
    """``each`` and ``most`` are the bytes of one object and of all of them."""

    def __init__(
        self,
        folder: Path,
        connection: sqlite3.Connection,
        *,
        each: int = assumptions.MAX_OBJECT_BYTES,
        most: int = assumptions.MAX_OBJECTS_BYTES,
    ) -> None:
        self._folder = folder
        self._db = connection
        self._each, self._most = each, most
        self._arriving: set[str] = set()

    def draft(self) -> Draft:
        made = Draft(self._folder, self._each)
        self._arriving.add(made.file)
        return made

    def give_up(self, draft: Draft) -> None:
        """Forget ``draft``; harmless where it was added."""
        self._arriving.discard(draft.file)
        if self._known(draft.file):
            draft.close()
        else:
            draft.discard()

    def add(self, made: Object) -> None:
        """Replaces an object of the same name. Raises RefusalError where there is no room."""
        with transaction(self._db):
            self._db.execute("DELETE FROM objects WHERE name=?", (made.name,))
            self._make_room(made.size)
            self._db.execute(
                f"INSERT INTO objects({_COLUMNS}) VALUES(?,?,?,?,?,?)",
                (made.name, made.file, made.size, made.md5, made.crc64, made.at),
            )
        self._sweep()

    def find(self, name: str) -> Object | None:
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM objects WHERE name=?",  # noqa: S608 constant
            (name,),
        ).fetchone()
        return None if row is None else Object(*row)

    def open(self, found: Object) -> BinaryIO:
        """Its bytes, readable to the end even if the object is removed meanwhile."""
        return (self._folder / found.file).open("rb")

    def used(self, name: str, now: float) -> None:
        """It was taken over as code: it goes earlier, and first where there is no room."""
        self._db.execute("UPDATE objects SET used_at=? WHERE name=?", (now, name))

    def prune(self, now: float) -> None:
        self._db.execute(
            "DELETE FROM objects WHERE at<? OR used_at<?",
            (now - assumptions.OBJECT_SECONDS, now - assumptions.USED_OBJECT_SECONDS),
        )
        self._sweep()

    def _make_room(self, size: int) -> None:
        (taken,) = self._db.execute("SELECT coalesce(sum(size),0) FROM objects").fetchone()
        over = taken + size - self._most
        rows = self._db.execute(
            "SELECT name,size FROM objects WHERE used_at IS NOT NULL ORDER BY used_at"
        )
        for name, freed in rows.fetchall():
            if over <= 0:
                return
            self._db.execute("DELETE FROM objects WHERE name=?", (name,))
            over -= freed
        if over > 0:
            raise RefusalError(
                400, "StorageFull", f"all objects together would exceed {self._most} bytes"
            )

    def _sweep(self) -> None:
        for place in self._folder.iterdir():
            if place.name not in self._arriving and not self._known(place.name):
                place.unlink(missing_ok=True)

    def _known(self, file: str) -> bool:
        row = self._db.execute("SELECT 1 FROM objects WHERE file=?", (file,)).fetchone()
        return row is not None

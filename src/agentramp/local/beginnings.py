"""When sessions began and on which version: what evidence counts them by."""

import sqlite3
from typing import NamedTuple

from agentramp.local.records import Label

_AFTER = 1e-6
_NAMED = (("beginnings", "id"), ("sessions", "beginning"), ("requests", "beginning"))


class Beginning(NamedTuple):
    id: int
    version: Label


class Beginnings:
    """Kept in memory until ``write`` in somebody's transaction, then ``written``."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._new: list[tuple[int, str, Label, float]] = []
        # Above every number that anything names: a kill may have lost beginnings of sessions, and
        # requests outlive what they name.
        found = [
            connection.execute(f"SELECT max({name}) FROM {table}").fetchone()[0]  # noqa: S608 constants
            for table, name in _NAMED
        ]
        self._last: int = max(number or 0 for number in found)

    def __bool__(self) -> bool:
        """Whether some are not written yet."""
        return bool(self._new)

    def add(self, endpoint_id: str, version: Label, at: float) -> Beginning:
        self._last += 1
        self._new.append((self._last, endpoint_id, version, at))
        return Beginning(self._last, version)

    def write(self) -> None:
        self._db.executemany("INSERT INTO beginnings VALUES(?,?,?,?)", self._new)

    def written(self) -> None:
        self._new.clear()

    def forget(self, until: float) -> None:
        """Requests up to this time are gone: of earlier beginnings not all is known any more."""
        self._db.execute("UPDATE known SET since=max(since,?)", (until + _AFTER,))
        young = self._db.execute(
            "SELECT id FROM beginnings WHERE at>? ORDER BY id LIMIT 1", (until,)
        ).fetchone()
        if young:
            self._db.execute("DELETE FROM beginnings WHERE id<?", young)
        else:
            self._db.execute("DELETE FROM beginnings")

"""Which version each session has, and what became of every request.

A session's version is written before its first answer is sent, so it outlives the server.
Requests, and when their sessions began, are written in batches: what was recorded since the last
``flush`` is lost by a kill -9.
"""

import sqlite3
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

from agentramp.local import assumptions
from agentramp.local.beginnings import Beginning, Beginnings
from agentramp.local.records import Label
from agentramp.local.schema import transaction
from agentramp.local.totals import Place, Totals

_SESSIONS_IN_MEMORY = 20_000
_PRUNED_AT_ONCE = 20_000


class Request(NamedTuple):
    """One request that is over; ``at`` is wall time, the others are seconds.

    ``alone`` says that its session was never assigned: it is all there is of it. ``beginning`` is
    the number of its session's, None where it was served by another version than that.
    """

    at: float
    endpoint_id: str
    place: Place
    session: str
    status: int
    failed: bool
    first_byte: float
    duration: float
    alone: bool = False
    beginning: int | None = None


@dataclass
class _Session:
    version: Label
    seen_at: float
    failed: bool
    beginning: Beginning | None
    dirty: bool = False


class Ledger:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._sessions: OrderedDict[tuple[str, str], _Session] = OrderedDict()
        self._assigned: dict[tuple[str, str], tuple[Label, float, int | None]] = {}
        self._requests: list[Request] = []
        self._changed: set[Place] = set()
        self._gone: set[str] = set()
        self._beginnings = Beginnings(connection)
        self.totals: dict[Place, Totals] = {
            Place(runtime, endpoint, version): Totals.from_text(text)
            for runtime, endpoint, version, text in connection.execute(
                "SELECT runtime,endpoint,version,document FROM totals"
            )
        }

    def assigned(
        self, endpoint_id: str, session: str, now: float, idle_seconds: float
    ) -> Label | None:
        """The version this session has, None for a new or long silent one."""
        found = self._session(endpoint_id, session)
        if found is None or now - found.seen_at > idle_seconds:
            return None
        found.seen_at = now
        found.dirty = True
        return found.version

    def assign(
        self, endpoint_id: str, session: str, place: Place, now: float, *, moved: bool = False
    ) -> None:
        """Give the session this version; ``settle`` has to come before anybody learns of it.

        One that ``moved`` from a version that left goes on; every other begins.
        """
        key = (endpoint_id, session)
        former = self._session(endpoint_id, session) if moved else None
        began = former.beginning if former else None
        if not moved:
            began = self._beginnings.add(endpoint_id, place.version, now)
        self._assigned[key] = (place.version, now, began and began.id)
        self._remember(key, _Session(place.version, now, failed=False, beginning=began))
        self._at(place).sessions += 1

    def begin_alone(self, endpoint_id: str, place: Place, now: float) -> int:
        """The beginning of a request that is a session of its own."""
        return self._beginnings.add(endpoint_id, place.version, now).id

    def beginning(self, endpoint_id: str, session: str, version: Label) -> int | None:
        """The number of the session's beginning, if that was on this version."""
        found = self._session(endpoint_id, session)
        began = found.beginning if found else None
        return began.id if began and began.version == version else None

    def settle(self) -> None:
        """Write all new assignments, so that they outlive the server."""
        if self._assigned:
            with transaction(self._db):
                self._write_assigned()
            self._assigned.clear()

    def _write_assigned(self) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO sessions(endpoint_id,session,version,seen_at,beginning)"
            " VALUES(?,?,?,?,?)",
            [(*key, *assigned) for key, assigned in self._assigned.items()],
        )

    def record(self, request: Request) -> None:
        """Count a request; what an endpoint answers after it was deleted is not kept."""
        if request.endpoint_id in self._gone:
            return
        sums = self._at(request.place)
        sums.requests += 1
        sums.first_byte.add(request.first_byte)
        sums.duration.add(request.duration)
        sums.sessions += request.alone
        self._requests.append(request)
        if request.failed:
            sums.failures += 1
            self._blame(request, sums)

    def _blame(self, request: Request, sums: Totals) -> None:
        if request.alone:
            sums.failed_sessions += 1
            return
        found = self._session(request.endpoint_id, request.session)
        if found is not None and not found.failed and found.version == request.place.version:
            found.failed = True
            found.dirty = True
            sums.failed_sessions += 1

    def flush(self) -> None:
        """Write what was recorded since the last time, in one transaction."""
        touched = [(key, found) for key, found in self._sessions.items() if found.dirty]
        if not (touched or self._assigned or self._requests or self._changed or self._beginnings):
            return
        with transaction(self._db):
            self._write_assigned()
            self._beginnings.write()
            self._write_requests()
            self._db.executemany(
                "UPDATE sessions SET seen_at=?, failed=? WHERE endpoint_id=? AND session=?",
                [(found.seen_at, found.failed, *key) for key, found in touched],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO totals VALUES(?,?,?,?)",
                [(*place, self.totals[place].to_text()) for place in self._changed],
            )
        for _, found in touched:
            found.dirty = False
        self._assigned.clear()
        self._beginnings.written()
        self._requests.clear()
        self._changed.clear()

    def _write_requests(self) -> None:
        self._db.executemany(
            "INSERT INTO requests VALUES(?,?,?,?,?,?,?,?,?)",
            [
                (*r[:2], r.place.version, *r[3:8], r.beginning)  # all but ``alone``
                for r in self._requests
            ],
        )

    def prune(self, now: float, idle_seconds: float) -> bool:
        """Forget sessions silent longer than any runtime allows, and some of the oldest requests.

        True where more of them have to go: all at once would keep the gateway waiting.
        """
        self._db.execute("DELETE FROM sessions WHERE seen_at<?", (now - idle_seconds,))
        first, newest = self._db.execute("SELECT min(rowid),max(rowid) FROM requests").fetchone()
        if first is None:
            return False
        last = max(
            self._last_before(now - assumptions.REQUESTS_KEPT_SECONDS, newest),
            newest - assumptions.REQUESTS_KEPT,
        )
        if last >= first:
            self._forget_requests(min(last, first + _PRUNED_AT_ONCE - 1))
        return bool(last >= first + _PRUNED_AT_ONCE)

    def _last_before(self, oldest: float, newest: int) -> int:
        young = self._db.execute(
            "SELECT rowid FROM requests WHERE at>=? ORDER BY rowid LIMIT 1", (oldest,)
        ).fetchone()
        return int(young[0]) - 1 if young else newest

    def _forget_requests(self, last: int) -> None:
        with transaction(self._db):
            (until,) = self._db.execute(
                "SELECT max(at) FROM requests WHERE rowid<=?", (last,)
            ).fetchone()
            self._db.execute("DELETE FROM requests WHERE rowid<=?", (last,))
            self._beginnings.forget(until)

    def forget_endpoint(self, endpoint_id: str, runtime: str, endpoint: str) -> None:
        """An endpoint that is made again under the same name starts from nothing."""
        self.flush()
        self._gone.add(endpoint_id)
        for key in [key for key in self._sessions if key[0] == endpoint_id]:
            del self._sessions[key]
        for place in [place for place in self.totals if place[:2] == (runtime, endpoint)]:
            del self.totals[place]
        self._db.execute("DELETE FROM totals WHERE runtime=? AND endpoint=?", (runtime, endpoint))
        self._db.execute("DELETE FROM requests WHERE endpoint_id=?", (endpoint_id,))
        self._db.execute("DELETE FROM sessions WHERE endpoint_id=?", (endpoint_id,))
        self._db.execute("DELETE FROM beginnings WHERE endpoint_id=?", (endpoint_id,))

    def _at(self, place: Place) -> Totals:
        self._changed.add(place)
        sums = self.totals.get(place)
        if sums is None:
            sums = self.totals[place] = Totals()
        return sums

    def _session(self, endpoint_id: str, session: str) -> _Session | None:
        key = (endpoint_id, session)
        found = self._sessions.get(key)
        if found is not None:
            self._sessions.move_to_end(key)
            return found
        row = self._db.execute(
            "SELECT s.version,seen_at,failed,b.id,b.version"
            " FROM sessions s LEFT JOIN beginnings b ON b.id=beginning"
            " WHERE s.endpoint_id=? AND session=?",
            key,
        ).fetchone()
        if row is None:
            return None
        began = None if row[3] is None else Beginning(*row[3:])
        found = _Session(row[0], row[1], bool(row[2]), began)
        self._remember(key, found)
        return found

    def _remember(self, key: tuple[str, str], session: _Session) -> None:
        # What is not written yet stays: the next flush, which is soon, makes room.
        while len(self._sessions) >= _SESSIONS_IN_MEMORY:
            oldest = next(iter(self._sessions))
            if oldest in self._assigned or self._sessions[oldest].dirty:
                break
            del self._sessions[oldest]
        self._sessions[key] = session

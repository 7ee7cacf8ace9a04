"""What the control plane keeps; each change is one transaction, committed on return."""

import json
import math
import sqlite3
from dataclasses import dataclass

from agentramp.local.records import (
    LATEST,
    Endpoint,
    Label,
    Route,
    Runtime,
    Snapshot,
    Status,
    Version,
    Weighted,
    Workspace,
)
from agentramp.local.schema import transaction

_ENDPOINT = "id,runtime_id,name,document,route,wanted,status,reason,created_at,updated_at"
_RUNTIME = "id,name,workspace_id,revision,ready_revision,status,reason,created_at,updated_at"
_SWEEP_SECONDS = 60.0
"""How often nonces that need not be remembered any more are removed."""


@dataclass(frozen=True)
class Process:
    """A process that was started here; a pid alone may by now be someone else's."""

    pid: int
    started: float


class Store:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._swept = -math.inf

    def close(self) -> None:
        self._db.close()

    # workspaces

    def add_workspace(self, workspace: Workspace) -> bool:
        """False where the name is taken."""
        row = (
            workspace.id,
            workspace.name,
            workspace.description,
            workspace.is_default,
            workspace.created_at,
        )
        done = self._db.execute("INSERT OR IGNORE INTO workspaces VALUES(?,?,?,?,?)", row)
        return done.rowcount > 0

    def workspaces(self) -> list[Workspace]:
        rows = self._db.execute(
            "SELECT id,name,description,is_default,created_at FROM workspaces"
            " ORDER BY is_default DESC, created_at"
        )
        return [Workspace(a, b, c, bool(d), e) for a, b, c, d, e in rows]

    # runtimes and their snapshots

    def add_runtime(self, runtime: Runtime, snapshot: Snapshot) -> None:
        with transaction(self._db):
            self._db.execute(
                f"INSERT INTO runtimes({_RUNTIME}) VALUES(?,?,?,?,?,?,?,?,?)",
                (
                    runtime.id,
                    runtime.name,
                    runtime.workspace_id,
                    runtime.revision,
                    runtime.ready_revision,
                    runtime.status.value,
                    runtime.reason,
                    runtime.created_at,
                    runtime.updated_at,
                ),
            )
            self._add_snapshot(snapshot)

    def _add_snapshot(self, snapshot: Snapshot) -> None:
        self._db.execute(
            "INSERT INTO snapshots VALUES(?,?,?,?)",
            (snapshot.runtime_id, snapshot.revision, snapshot.document, snapshot.artifact),
        )

    def update_head(self, snapshot: Snapshot, now: float) -> None:
        """Make ``snapshot`` the head that is being brought up."""
        with transaction(self._db):
            self._add_snapshot(snapshot)
            self._db.execute(
                "UPDATE runtimes SET revision=?, status=?, reason='', updated_at=? WHERE id=?",
                (snapshot.revision, Status.UPDATING.value, now, snapshot.runtime_id),
            )

    def head_is_ready(self, runtime_id: str, revision: int, now: float) -> None:
        with transaction(self._db):
            self._db.execute(
                "UPDATE runtimes SET ready_revision=?, status=?, reason='', updated_at=?"
                " WHERE id=?",
                (revision, Status.READY.value, now, runtime_id),
            )
            self._prune_snapshots(runtime_id)

    def head_failed(self, runtime: Runtime, reason: str, now: float) -> None:
        self._db.execute(
            "UPDATE runtimes SET status=?, reason=?, updated_at=? WHERE id=?",
            (runtime.status.failed.value, reason, now, runtime.id),
        )

    def _prune_snapshots(self, runtime_id: str) -> None:
        self._db.execute(
            "DELETE FROM snapshots WHERE runtime_id=:id"
            " AND revision NOT IN (SELECT revision FROM versions WHERE runtime_id=:id)"
            " AND revision NOT IN (SELECT revision FROM runtimes WHERE id=:id)"
            " AND revision NOT IN (SELECT ready_revision FROM runtimes WHERE id=:id)",
            {"id": runtime_id},
        )

    def runtimes(self) -> list[Runtime]:
        rows = self._db.execute(f"SELECT {_RUNTIME} FROM runtimes ORDER BY created_at, id")  # noqa: S608 constant
        return [_runtime(row) for row in rows]

    def runtime(self, runtime_id: str) -> Runtime | None:
        row = self._db.execute(
            f"SELECT {_RUNTIME} FROM runtimes WHERE id=?",  # noqa: S608 constant
            (runtime_id,),
        ).fetchone()
        return None if row is None else _runtime(row)

    def delete_runtime(self, runtime_id: str) -> None:
        self._db.execute("DELETE FROM runtimes WHERE id=?", (runtime_id,))

    def snapshot(self, runtime_id: str, revision: int) -> Snapshot | None:
        row = self._db.execute(
            "SELECT runtime_id,revision,document,artifact FROM snapshots"
            " WHERE runtime_id=? AND revision=?",
            (runtime_id, revision),
        ).fetchone()
        return None if row is None else Snapshot(*row)

    def artifacts(self) -> set[str]:
        """The digests that something still needs."""
        return {digest for (digest,) in self._db.execute("SELECT artifact FROM snapshots")}

    # versions

    def publish(self, runtime: Runtime, description: str, now: float) -> Version:
        with transaction(self._db):
            (last,) = self._db.execute(
                "SELECT coalesce(max(number),0) FROM versions WHERE runtime_id=?", (runtime.id,)
            ).fetchone()
            version = Version(runtime.id, last + 1, runtime.ready_revision, description, now)
            self._db.execute(
                "INSERT INTO versions VALUES(?,?,?,?,?)",
                (version.runtime_id, version.number, version.revision, description, now),
            )
        return version

    def versions(self, runtime_id: str) -> list[Version]:
        """Newest first."""
        rows = self._db.execute(
            "SELECT runtime_id,number,revision,description,created_at FROM versions"
            " WHERE runtime_id=? ORDER BY number DESC",
            (runtime_id,),
        )
        return [Version(*row) for row in rows]

    def revision_of(self, runtime: Runtime, label: Label) -> int | None:
        """The revision that ``label`` means now; None where there is no such version."""
        if label == LATEST:
            return runtime.ready_revision or runtime.revision
        row = self._db.execute(
            "SELECT revision FROM versions WHERE runtime_id=? AND number=?",
            (runtime.id, int(label)),
        ).fetchone()
        return None if row is None else int(row[0])

    # endpoints

    def add_endpoint(self, endpoint: Endpoint) -> bool:
        """False where the runtime has an endpoint of this name."""
        done = self._db.execute(
            f"INSERT OR IGNORE INTO endpoints({_ENDPOINT}) VALUES(?,?,?,?,?,?,?,?,?,?)",
            (
                endpoint.id,
                endpoint.runtime_id,
                endpoint.name,
                endpoint.document,
                _route_text(endpoint.route),
                _route_text(endpoint.wanted),
                endpoint.status.value,
                endpoint.reason,
                endpoint.created_at,
                endpoint.updated_at,
            ),
        )
        return done.rowcount > 0

    def change_endpoint(self, endpoint_id: str, document: str, wanted: Route, now: float) -> None:
        self._db.execute(
            "UPDATE endpoints SET document=?, wanted=?, status=?, reason='', updated_at=?"
            " WHERE id=?",
            (document, _route_text(wanted), Status.UPDATING.value, now, endpoint_id),
        )

    def endpoint_is_ready(self, endpoint_id: str, route: Route, now: float) -> None:
        self._db.execute(
            "UPDATE endpoints SET route=?, wanted=NULL, status=?, reason='', updated_at=?"
            " WHERE id=?",
            (_route_text(route), Status.READY.value, now, endpoint_id),
        )

    def endpoint_failed(self, endpoint: Endpoint, reason: str, now: float) -> None:
        """Back to the route in effect; where there is none, what was wanted is still shown."""
        wanted = None if endpoint.route else _route_text(endpoint.wanted)
        self._db.execute(
            "UPDATE endpoints SET wanted=?, status=?, reason=?, updated_at=? WHERE id=?",
            (wanted, endpoint.status.failed.value, reason, now, endpoint.id),
        )

    def endpoints(self, runtime_id: str | None = None) -> list[Endpoint]:
        rows = self._db.execute(
            f"SELECT {_ENDPOINT} FROM endpoints WHERE ?1 IS NULL OR runtime_id=?1"  # noqa: S608 constant
            " ORDER BY created_at, id",
            (runtime_id,),
        )
        return [_endpoint(row) for row in rows]

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        row = self._db.execute(
            f"SELECT {_ENDPOINT} FROM endpoints WHERE id=?",  # noqa: S608 constant
            (endpoint_id,),
        ).fetchone()
        return None if row is None else _endpoint(row)

    def delete_endpoint(self, endpoint_id: str) -> None:
        self._db.execute("DELETE FROM endpoints WHERE id=?", (endpoint_id,))

    # nonces and processes

    def use_nonce(self, nonce: str, now: float, keep_seconds: float) -> bool:
        """False where this nonce was used before."""
        if now - self._swept >= _SWEEP_SECONDS:  # it reads the whole table
            self._db.execute("DELETE FROM nonces WHERE at<?", (now - keep_seconds,))
            self._swept = now
        done = self._db.execute("INSERT OR IGNORE INTO nonces VALUES(?,?)", (nonce, now))
        return done.rowcount > 0

    def add_process(self, process: Process) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO processes VALUES(?,?)", (process.pid, process.started)
        )

    def forget_process(self, pid: int) -> None:
        self._db.execute("DELETE FROM processes WHERE pid=?", (pid,))

    def processes(self) -> list[Process]:
        return [Process(*row) for row in self._db.execute("SELECT pid,started FROM processes")]


def _runtime(row: tuple[str, str, str, int, int, str, str, float, float]) -> Runtime:
    return Runtime(*row[:5], Status(row[5]), *row[6:])


def _endpoint(
    row: tuple[str, str, str, str, str | None, str | None, str, str, float, float],
) -> Endpoint:
    return Endpoint(*row[:4], _route_of(row[4]), _route_of(row[5]), Status(row[6]), *row[7:])


def _route_text(route: Route | None) -> str | None:
    """How a route is stored."""
    if route is None:
        return None
    return json.dumps([route.target, *[[entry.version, entry.weight] for entry in route.weights]])


def _route_of(text: str | None) -> Route | None:
    if text is None:
        return None
    target, *weights = json.loads(text)
    return Route(target, tuple(Weighted(version, weight) for version, weight in weights))

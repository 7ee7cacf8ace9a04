"""The log service's query, with its signature, its SQL and its limits."""

import json
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from email.utils import formatdate
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from agentramp.local.daemon import Server
from agentramp.local.ledger import Ledger, Request
from agentramp.local.logview import LogQuery, QueryError, run
from agentramp.local.records import Endpoint, Label, Route, Runtime, Snapshot, Status
from agentramp.local.schema import open_database
from agentramp.local.store import Store
from agentramp.local.totals import Place
from agentramp.platform.agentrun.log_signing import LogRequest, signature, signed_headers
from agentramp.platform.agentrun.signing import Credentials
from tests.local.client import Control

PATH = "/logstores/requests/logs"


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Path]:
    with closing(open_database(tmp_path / "db")) as database:
        store, ledger = Store(database), Ledger(database)
        runtime = Runtime("rt", "demo", "ws", 1, 1, Status.READY, "", 0, 0)
        store.add_runtime(runtime, Snapshot("rt", 1, "{}", "secret of the snapshot"))
        route = Route(Label("1"))
        store.add_endpoint(
            Endpoint("ep", "rt", "production", "{}", route, None, Status.READY, "", 0, 0)
        )
        for second in range(10, 14):
            failed = second == 12
            place = Place("demo", "production", Label("1"))
            status = 500 if failed else 200
            ledger.record(Request(second + 0.75, "ep", place, "s", status, failed, 0.1, 0.5))
        ledger.flush()
        yield tmp_path / "db"


def rows(records: Path, sql: str, start: int = 0, end: int = 100) -> list[dict[str, str]]:
    return run(records, LogQuery(f"* | {sql}", start, end))


def test_a_line_of_request_metrics(records: Path) -> None:
    (line,) = rows(records, "SELECT * FROM log", 12, 13)
    request_id = line.pop("requestId")
    assert len(request_id) == 32
    assert line == {
        "__time__": "12",
        "functionName": "agentrun-rt",
        "versionId": "1",
        "qualifier": "production",
        "operation": "InvokeFunction",
        "invocationType": "Sync",
        "durationMs": "500.0",
        "invocationStartTimestamp": "12250",
        "hasFunctionError": "true",
    }


def test_the_range_holds_its_start_and_not_its_end(records: Path) -> None:
    counted = [rows(records, "SELECT count(*) AS n FROM log", *edges)[0]["n"] for edges in EDGES]
    assert counted == ["4", "2", "1", "0"]


EDGES = [(0, 100), (11, 13), (13, 14), (14, 100)]


def test_sql_that_the_service_knows_too(records: Path) -> None:
    found = rows(
        records,
        "SELECT versionId, count(1) AS n, sum(CASE WHEN hasFunctionError = 'true' THEN 1 ELSE 0"
        " END) AS bad, floor(avg(cast(durationMs as double)) / 7) AS sevens, null AS unknown"
        " FROM log WHERE operation = 'InvokeFunction' GROUP BY versionId LIMIT 10",
    )
    assert found == [{"versionId": "1", "n": "4", "bad": "1", "sevens": "71", "unknown": "null"}]


def test_a_hundred_rows_where_no_limit_is_named(records: Path) -> None:
    many = "SELECT a.requestId FROM log a, log b, log c, log d"
    assert len(rows(records, many)) == 100
    assert len(rows(records, f"{many} LIMIT 200")) == 200


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM nonces",
        "SELECT document FROM snapshots",
        "SELECT artifact FROM snapshots",
        "SELECT session FROM requests",
        "SELECT count(*) FROM runtimes",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM sqlite_temp_master",
        "SELECT * FROM pragma_database_list",
        "SELECT requestId FROM log UNION SELECT name FROM endpoints",
        "SELECT (SELECT document FROM endpoints) FROM log",
        "WITH log AS (SELECT * FROM snapshots) SELECT artifact FROM log",
        "SELECT name AS log FROM endpoints AS log",
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n",
        "SELECT load_extension('x')",
        "DELETE FROM requests",
        "INSERT INTO nonces VALUES('a', 1)",
        "DROP VIEW log",
        "CREATE TEMP TABLE t(x)",
        "ATTACH 'other.db' AS other",
        "PRAGMA query_only=OFF",
        "PRAGMA writable_schema=ON",
        "BEGIN IMMEDIATE",
        "VACUUM INTO 'copy.db'",
        "SELECT 1 FROM log; DELETE FROM requests",
        "SELECT versionID2 FROM log",
        "",
    ],
)
def test_nothing_but_the_log_can_be_read_and_nothing_written(records: Path, sql: str) -> None:
    before = dump(records)
    with pytest.raises(QueryError):
        rows(records, sql)
    assert dump(records) == before


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@pytest.mark.parametrize("text", ["SELECT 1", "versionId: 1 | SELECT * FROM log"])
def test_a_search_is_refused_as_it_would_not_be_heeded(records: Path, text: str) -> None:
    with pytest.raises(QueryError, match=r"\* \| SELECT"):
        run(records, LogQuery(text, 0, 1))


def test_a_query_does_not_run_for_ever(records: Path) -> None:
    tables = ", ".join(f"log t{number}" for number in range(16))
    with pytest.raises(QueryError, match="interrupted"):
        run(records, LogQuery(f"* | SELECT count(*) FROM {tables}", 0, 100), seconds=0.1)


# --- over HTTP ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    status: int
    body: Any
    headers: dict[str, str]


@dataclass(frozen=True)
class LogClient:
    server: Server

    def headers(self, body: bytes, path: str = PATH, now: float | None = None) -> dict[str, str]:
        key = Credentials(self.server.access_key_id, self.server.access_key_secret)
        return signed_headers(path, body, key, time.time() if now is None else now)

    def send(
        self, body: bytes, headers: dict[str, str], path: str = PATH, method: str = "POST"
    ) -> Told:
        connection = HTTPConnection(urlsplit(self.server.control_url).netloc, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        given = {name.lower(): value for name, value in answer.headers.items()}
        if given.get("x-log-compresstype") == "gzip":
            content = zlib.decompress(content)
            assert int(given["x-log-bodyrawsize"]) == len(content)
        return Told(answer.status, json.loads(content), given)

    def ask(self, sql: str) -> Told:
        body = asked(sql)
        return self.send(body, self.headers(body))


def asked(sql: str) -> bytes:
    now = int(time.time())
    return json.dumps({"from": now - 60, "to": now + 2, "query": f"* | {sql}"}).encode()


@pytest.fixture
def log(server: Server) -> LogClient:
    return LogClient(server)


def test_what_was_just_answered_is_in_the_log(log: LogClient, control: Control) -> None:
    endpoint = control.serve("one")
    for status in (200, 503, 404):
        assert endpoint.ask(f"/status/{status}").status == status
    runtime_id = endpoint.runtime.rpartition("/")[2]
    told = log.ask(
        "SELECT hasFunctionError, versionId, qualifier FROM log"
        f" WHERE functionName = 'agentrun-{runtime_id}' ORDER BY requestId"
    )
    assert told.status == 200
    assert told.body["meta"] == {"progress": "Complete", "count": 3, "hasSQL": True}
    assert [row["hasFunctionError"] for row in told.body["data"]] == ["false", "true", "false"]
    assert {(row["versionId"], row["qualifier"]) for row in told.body["data"]} == {
        ("1", "production")
    }
    assert told.headers["x-log-requestid"]


def test_a_query_it_cannot_run(log: LogClient) -> None:
    told = log.ask("SELECT nonce FROM nonces")
    assert (told.status, told.body["errorCode"]) == (400, "ParameterInvalid")
    assert "x-log-compresstype" not in told.headers, "the vendor's client reads errors as they are"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"no json", "PostBodyInvalid"),
        (b"[]", "ParameterInvalid"),
        (b'{"from": 5, "to": 5, "query": "* | SELECT 1"}', "ParameterInvalid"),
        (b'{"from": 5}', "ParameterInvalid"),
        (b'{"from": 5, "to": 6, "query": 7}', "ParameterInvalid"),
        (b'{"from": "5", "to": 6, "query": ""}', "ParameterInvalid"),
        (b'{"from": 1, "to": 9, "query": "* | SELECT \\ud800"}', "ParameterInvalid"),
    ],
)
def test_a_body_that_is_none(log: LogClient, body: bytes, code: str) -> None:
    told = log.send(body, log.headers(body))
    assert (told.status, told.body["errorCode"]) == (400, code)
    assert told.body["errorMessage"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"authorization": ""}, 401, "Unauthorized"),
        ({"authorization": "LOG nobody:c2lnbmF0dXJl"}, 401, "Unauthorized"),
        ({"x-log-signaturemethod": "none"}, 401, "Unauthorized"),
        ({"x-log-apiversion": "0.1"}, 400, "InvalidAPIVersion"),
        ({"date": "yesterday"}, 400, "InvalidDateFormat"),
        ({"date": formatdate(1_000_000_000, usegmt=True)}, 400, "RequestTimeExpired"),
        ({"content-md5": "0" * 32}, 400, "InvalidContentMD5"),
        ({"x-log-extra": "unsigned"}, 401, "SignatureNotMatch"),
    ],
)
def test_what_was_not_signed_so(
    log: LogClient, change: dict[str, str], status: int, code: str
) -> None:
    body = asked("SELECT 1 FROM log")
    told = log.send(body, {**log.headers(body), **change})
    assert (told.status, told.body["errorCode"]) == (status, code)


def test_a_date_that_is_told_in_other_words_was_not_signed(log: LogClient) -> None:
    body = asked("SELECT 1 FROM log")
    headers = log.headers(body)
    told = log.send(body, {**headers, "date": headers["date"].replace("GMT", "-0000")})
    assert (told.status, told.body["errorCode"]) == (401, "SignatureNotMatch")


def test_a_wrong_secret(log: LogClient) -> None:
    body = asked("SELECT 1 FROM log")
    headers = log.headers(body)
    forged = signature(LogRequest("POST", PATH, headers), "a guess")
    headers["authorization"] = f"LOG {log.server.access_key_id}:{forged}"
    told = log.send(body, headers)
    assert (told.status, told.body["errorCode"]) == (401, "SignatureNotMatch")


@pytest.mark.parametrize("path", ["/logstores/requests", "/logstores//logs", "/logstores/a/b/logs"])
def test_there_is_no_other_operation(log: LogClient, path: str) -> None:
    body = asked("SELECT 1 FROM log")
    told = log.send(body, log.headers(body, path), path)
    assert (told.status, told.body["errorCode"]) == (404, "LogStoreNotExist")

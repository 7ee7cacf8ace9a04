"""The adapter against a server that pages as the log service does; the embedded one is the
conformance suite's."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from agentramp.logs.port import LogError, LogFilter
from agentramp.logs.service import UNFINISHED, UnreachedError
from agentramp.logs.sls import PAGE, SlsLogs
from agentramp.model import LogStore
from agentramp.platform.agentrun.services import Services
from agentramp.platform.agentrun.signing import Credentials
from tests.evidence.servers import Received, Respond, Said, serving

STORE = LogStore("project", "store")
Row = dict[str, str]


def row(at: int, message: str, **more: str) -> Row:
    return {"__time__": str(at), "message": message, **more}


@dataclass
class Service:
    """Rows in the order of their seconds; ``late`` come into them before the second page."""

    rows: list[Row]
    late: list[Row] = field(default_factory=list)
    asked: list[dict[str, object]] = field(default_factory=list)

    def respond(self, request: Received) -> Said:
        asked = json.loads(request.body)
        if self.asked:
            self.rows += self.late
            self.late = []
        self.asked.append(asked)
        self.rows.sort(key=lambda one: int(one["__time__"]))
        found = [one for one in self.rows if asked["from"] <= int(one["__time__"]) < asked["to"]]
        page = found[asked["offset"] :][: asked["line"]]
        meta = {"progress": "Complete", "count": len(page)}
        return Said(200, json.dumps({"meta": meta, "data": page}).encode())


@contextmanager
def logs_at(respond: Respond) -> Iterator[SlsLogs]:
    with serving(respond) as site:
        environ = {"AGENTRUN_CONTROL_ENDPOINT": site.url}
        services = Services.of("cn-hangzhou", lambda: "1", environ)
        key = Credentials("id", "secret")
        yield SlsLogs(services, lambda: key, lambda: 1000.0, lambda _: None)


def read(logs: SlsLogs, **more: str) -> list[str]:
    wanted = LogFilter(0, 1000, **more)
    return [line.message for line in logs.read(STORE, "agentrun-rt", wanted)]


@pytest.mark.parametrize("each", [1, 3, PAGE, PAGE + 1, 250])
def test_every_line_once_and_in_order(each: int) -> None:
    """So many lines in each second, up to more than one page of them."""
    written = [row(at, f"{at} {number}") for at in range(900 // each) for number in range(each)]
    service = Service(list(written))
    with logs_at(service.respond) as logs:
        assert read(logs) == [one["message"] for one in written]
    assert max(int(str(asked["offset"])) for asked in service.asked) <= max(each, PAGE)


@pytest.mark.parametrize(
    "said",
    [b"you sent x-acs-security-token: hush", b"[" * 100_000],
    ids=["an echo", "nested without end"],
)
def test_what_is_no_answer_of_the_service_is_not_shown(said: bytes) -> None:
    with (
        logs_at(lambda _: Said(403, said)) as logs,
        pytest.raises(LogError, match=r"none of the log service \(status 403\)") as told,
    ):
        read(logs)
    assert "hush" not in str(told.value)


def test_a_line_that_comes_late_moves_no_other() -> None:
    written = [row(at, str(at)) for at in range(300)]
    service = Service(list(written), late=[row(5, "late")])
    with logs_at(service.respond) as logs:
        assert read(logs) == [one["message"] for one in written]


def test_what_is_asked() -> None:
    service = Service([])
    with logs_at(service.respond) as logs:
        read(logs, search='say "hi"\\', instance="c-1", request_id="r-1")
        read(logs)
    first, second = (asked["query"] for asked in service.asked)
    topics = '(__topic__:"FCLogs:agentrun-rt" or __topic__:"FCInstanceEvents:/agentrun-rt")'
    assert first == f'{topics} and "say \\"hi\\"\\\\" and "c-1" and "r-1"'
    assert second == '__topic__:"FCLogs:agentrun-rt"'


def test_lines_of_one_version() -> None:
    service = Service([row(1, "a", versionId="1"), row(1, "b", versionId="2"), row(2, "c")])
    with logs_at(service.respond) as logs:
        assert read(logs, version="2") == ["b"]


def test_an_event_without_a_message_tells_its_fields() -> None:
    service = Service([{"__time__": "1", "__topic__": "x", "eventType": "Stopped", "code": "137"}])
    with logs_at(service.respond) as logs:
        assert read(logs) == ["eventType=Stopped code=137"]


def test_a_row_that_makes_no_sense() -> None:
    senseless = b'{"meta": {"progress": "Complete"}, "data": [{"message": "no time"}]}'
    with (
        logs_at(lambda _: Said(200, senseless)) as logs,
        pytest.raises(LogError, match="no sense"),
    ):
        read(logs)


def test_a_query_that_does_not_end_is_one_to_ask_again() -> None:
    """So a tail goes on, as it does where nobody answers."""
    unfinished = b'{"meta": {"progress": "Incomplete"}, "data": []}'
    with (
        logs_at(lambda _: Said(200, unfinished)) as logs,
        pytest.raises(UnreachedError, match=f"in {UNFINISHED} turns"),
    ):
        read(logs)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("SecurityTokenExpired", "it has ended"),
        ("Unauthorized", "the security token you provided has expired"),
    ],
)
def test_credentials_that_have_ended_are_renewed(code: str, message: str) -> None:
    service, refused = Service([row(1, "here")]), list[Credentials]()
    old, new = Credentials("old", "s", "t"), Credentials("new", "s", "t")

    def respond(request: Received) -> Said:
        if " LOG old:" in f" {request.headers['authorization']}":
            told = {"errorCode": code, "errorMessage": message}
            return Said(401, json.dumps(told).encode())
        return service.respond(request)

    with logs_at(respond) as logs:
        renewing = replace(logs, credentials=lambda: new if refused else old, renew=refused.append)
        assert read(renewing) == ["here"]
    assert refused == [old]


def test_what_is_there_already_is_not_made() -> None:
    made: list[str] = []

    def respond(request: Received) -> Said:
        made.append(request.path)
        if request.path != "/logstores":
            told = {"errorCode": "ProjectAlreadyExist", "errorMessage": "it is there"}
            return Said(400, json.dumps(told).encode())
        if made.count("/logstores") < 3:
            told = {"errorCode": "ProjectNotExist", "errorMessage": "not here yet"}
            return Said(404, json.dumps(told).encode())
        return Said()

    with logs_at(respond) as logs:
        assert logs.prepare(STORE)
    assert made == ["/", *["/logstores"] * 3, "/logstores/store/index"]

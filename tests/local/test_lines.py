"""What agents write, asked for as from the log service."""

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from agentramp.local import daemon
from agentramp.local.assumptions import LINE_BYTES
from agentramp.local.daemon import Server
from agentramp.local.lines import Lines, Source, open_lines
from agentramp.local.logsearch import Page, Places, Wanted, run
from tests.local.client import Control, Endpoint
from tests.local.logclient import LogService


@pytest.fixture
def log(server: Server) -> LogService:
    return LogService(server)


def topic(endpoint: Endpoint) -> str:
    return f'__topic__:"FCLogs:agentrun-{endpoint.runtime.rpartition("/")[2]}"'


def say(endpoint: Endpoint, text: str) -> None:
    assert endpoint.ask(f"/?text={quote(text)}").status == 200


def test_a_line_with_all_that_is_known_of_it(control: Control, log: LogService) -> None:
    endpoint = control.serve("one", agent="printer.py")
    say(endpoint, "Error: the moon is full\n")
    (line,) = log.until(f'{topic(endpoint)} and moon and "1"', 1)
    function = topic(endpoint).partition(":")[2].strip('"').removeprefix("FCLogs:")
    assert (line["functionName"], line["versionId"]) == (function, "1")
    assert line["message"] == "Error: the moon is full"
    assert line["instanceID"].startswith("c-")
    assert abs(int(line["__time__"]) - time.time()) < 60
    assert log.page(f'{topic(endpoint)} and "{line["instanceID"]}"').body["data"] == [line]
    assert log.page(f"{topic(endpoint)} and sun").body["data"] == []


def test_a_hundred_thousand_lines_all_once_and_in_order(control: Control, log: LogService) -> None:
    endpoint = control.serve("one", agent="printer.py")
    assert endpoint.ask("/?lines=100000&word=many").status == 200
    messages = [line["message"] for line in log.lines(topic(endpoint))]
    assert messages == [f"line {number} many" for number in range(100_000)]


def test_nothing_is_lost_when_agent_or_server_die(own_home: Path) -> None:
    control = Control(daemon.start(own_home))
    endpoint = control.serve("one", agent="printer.py")
    endpoint.ask(f"/crash?text={quote('last words')}")
    (died,) = LogService(control.server).until(f"{topic(endpoint)} and words", 1)
    assert endpoint.ask("/?lines=3&word=again").status == 200
    daemon.stop(own_home)
    log = LogService(daemon.start(own_home))
    lines = log.page(topic(endpoint)).body["data"]
    assert [line["message"] for line in lines] == [
        "last words",
        *(f"line {number} again" for number in range(3)),
    ]
    assert lines[1]["instanceID"] != died["instanceID"]


def test_the_older_form_of_a_query(control: Control, log: LogService) -> None:
    endpoint = control.serve("one", agent="printer.py")
    assert endpoint.ask("/?lines=3&word=old").status == 200
    log.until(topic(endpoint), 3)
    now = int(time.time())
    asked = {"type": "log", "from": str(now - 60), "to": str(now + 60), "query": topic(endpoint)}
    told = log.get("/logstores/any", {**asked, "line": "2", "offset": "0", "reverse": "true"})
    assert [line["message"] for line in told.body] == ["line 2 old", "line 1 old"]
    assert (told.headers["x-log-progress"], told.headers["x-log-count"]) == ("Complete", "2")


@pytest.mark.parametrize("query", ['"open', "(a", "a ~ b", "a and", "b*", "not"])
def test_a_search_that_is_none(log: LogService, query: str) -> None:
    told = log.page(query)
    assert (told.status, told.body["errorCode"]) == (400, "ParameterInvalid")
    assert "ParseError" in told.body["errorMessage"]


@pytest.mark.parametrize("asked", [{"line": 101}, {"offset": -1}, {"from": 9, "to": 9}])
def test_a_page_that_cannot_be(log: LogService, asked: dict[str, int]) -> None:
    told = log.page("*", **asked)
    assert (told.status, told.body["errorCode"]) == (400, "ParameterInvalid")


def test_project_store_and_index(log: LogService) -> None:
    project, store = f"p-{time.time_ns()}", f"s-{time.time_ns()}"
    index = f"/logstores/{store}/index"
    assert log.get("/", project=project).status == 404
    assert log.get(f"/logstores/{store}").status == 404
    assert log.post(index, {"keys": {}}).body["errorCode"] == "LogStoreNotExist"
    made: list[tuple[str, dict[str, object], str]] = [
        ("/", {"projectName": project, "description": "x"}, "ProjectAlreadyExist"),
        ("/logstores", {"logstoreName": store, "ttl": 7, "shardCount": 1}, "LogStoreAlreadyExist"),
        (index, {"keys": {"a": {"type": "text"}}}, "IndexAlreadyExist"),
    ]
    for path, body, code in made:
        assert log.post(path, body).status == 200
        assert log.post(path, body).body["errorCode"] == code
    assert log.get("/", project=project).body["projectName"] == project
    assert log.get(f"/logstores/{store}").body["ttl"] == 7
    assert log.get(index).body == {"keys": {"a": {"type": "text"}}}
    assert store in log.get("/logstores").body["logstores"]
    known = log.get("/")
    assert project in [one["projectName"] for one in known.body["projects"]]
    after = log.get("/", {"offset": str(known.body["total"]), "size": "10"})
    assert (after.body["projects"], after.body["count"]) == ([], 0)
    # A histogram is asked for where the index is.
    assert log.get(index, {"type": "histogram", "from": "1", "to": "2"}).status == 400


@pytest.mark.parametrize("search", [{}, {"query": None}])
def test_a_search_may_be_absent(log: LogService, search: dict[str, object]) -> None:
    """As where the vendor's client is asked for all lines."""
    now = int(time.time())
    told = log.post("/logstores/any/logs", {"from": now - 60, "to": now + 60, "line": 1, **search})
    assert (told.status, told.body["meta"]["progress"]) == (200, "Complete")


# the book-keeping itself


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Lines]:
    found = Lines(open_lines(tmp_path / "lines.db"), lambda: 1000.5)
    found.add_source(Source(0, "r", "1", "c-1"), tmp_path / "log", 0)
    yield found
    found.close()


def page(folder: Path, places: Places | None = None, **more: object) -> Page:
    wanted = Wanted(**{"text": "*", "start": 0, "end": 2000, **more})  # type: ignore[arg-type]
    return run(folder / "lines.db", wanted, places or Places())


def messages(folder: Path, **more: object) -> list[str]:
    return [row["message"] for row in page(folder, None, **more).rows]


def test_half_a_line_waits_for_its_end(lines: Lines, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\r\n\ntw")
    lines.read_all()
    assert messages(tmp_path) == ["one", ""]
    log.write_bytes(b"one\r\n\ntwo\nthr")
    lines.read_all()
    lines.read_all()
    assert messages(tmp_path) == ["one", "", "two"]
    lines.finish(log)
    assert messages(tmp_path) == ["one", "", "two", "thr"]


def test_lines_that_are_long_or_no_text(lines: Lines, tmp_path: Path) -> None:
    text = "é" * LINE_BYTES + "!"
    (tmp_path / "log").write_bytes(b"\xff\x00\n" + b"x" + text.encode() + b"\nend\n")
    lines.read_all()
    first, *pieces, last = messages(tmp_path)
    assert (first, last) == ("\ufffd\x00", "end")
    assert "".join(pieces) == f"x{text}"
    assert max(len(piece.encode()) for piece in pieces) <= LINE_BYTES


def test_pages_stand_still_while_lines_come_and_go(lines: Lines, tmp_path: Path) -> None:
    log, places = tmp_path / "log", Places()
    log.write_text("".join(f"{number}\n" for number in range(150)))
    lines.read_all()
    first = page(tmp_path, places)
    with log.open("a") as stream:
        stream.write("150\n")
    lines.read_all()
    second = page(tmp_path, places, offset=100)
    found = [row["message"] for row in (*first.rows, *second.rows)]
    assert found == [str(number) for number in range(151)]
    assert page(tmp_path, offset=100).rows == second.rows, "without what was remembered, too"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("red", ["a red cat", "RED:dog"]),
        ("red not dog", ["a red cat"]),
        ("cat or dog", ["a red cat", "RED:dog"]),
        ("(cat or dog) and not a", ["RED:dog"]),
        ('"red dog"', ["RED:dog"]),
        ("re", []),
        ('message:"cat" and versionId:1', ["a red cat"]),
        ("versionId:2", []),
        ('not __topic__:"FCLogs:agentrun-r"', []),
        ('__topic__:"FCLogs:agentrun-r" and "c-1" and blue', ["blue"]),
        ('(__topic__:"FCLogs:agentrun-r" or __topic__:"FCInstanceEvents:/x") and blue', ["blue"]),
        ("", ["a red cat", "RED:dog", "blue"]),
    ],
)
def test_searches(lines: Lines, tmp_path: Path, text: str, found: list[str]) -> None:
    (tmp_path / "log").write_text("a red cat\nRED:dog\nblue\n")
    lines.read_all()
    assert messages(tmp_path, text=text) == found


def test_a_span_has_its_first_second_and_not_its_last(lines: Lines, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("now\n")
    lines.read_all()
    assert messages(tmp_path, start=1000, end=1001) == ["now"]
    assert messages(tmp_path, start=1001, end=1002) == []
    assert messages(tmp_path, start=999, end=1000) == []

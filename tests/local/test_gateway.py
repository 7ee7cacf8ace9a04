import json
import socket
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import IncompleteRead
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from agentramp.local.daemon import Server
from tests.local.client import Control, Endpoint


@pytest.fixture(scope="module")
def echo(server: Server) -> Endpoint:
    """One version, never changed by a test."""
    return Control(server).serve("one")


@pytest.fixture
def two(control: Control) -> Endpoint:
    """Two versions, all traffic to version 1."""
    return control.serve("one", "two")


def events(endpoint: Endpoint, path: str, **more: str) -> Iterator[tuple[float, str]]:
    """When each line of an event stream arrived."""
    connection, response = endpoint.open(path, headers=more)
    while line := response.readline():
        if line.strip():
            yield time.time(), line.decode().strip()
    connection.close()


# --- one request -------------------------------------------------------------------------------


def test_the_agent_sees_what_was_sent(echo: Endpoint) -> None:
    reply = echo.ask(
        "/v1/chat%20x?a=1&b=%2F",
        method="DELETE",
        headers={"X-Mine": "zwölf", "Connection": "X-Hop", "X-Hop": "1", "TE": "trailers"},
    )
    assert reply.status == 200
    assert reply.json["path"] == "/v1/chat%20x?a=1&b=%2F"
    assert reply.json["method"] == "DELETE"
    headers = reply.json["headers"]
    assert headers["x-mine"] == "zwölf"
    assert headers["host"] == urlsplit(echo.url).netloc
    assert not {"x-hop", "te", "connection"} & set(headers)


def test_without_an_app_path(echo: Endpoint) -> None:
    assert echo.ask("").json["path"] == "/"
    assert echo.ask("?a=1").json["path"] == "/?a=1"


def test_the_answer_comes_as_it_was(echo: Endpoint) -> None:
    reply = echo.ask("/status/418")
    assert (reply.status, reply.content) == (418, b"as asked")
    assert reply.response.headers.get_all("x-twice") == ["a", "b"]
    assert reply.response.getheader("content-type") == "application/json"
    assert reply.response.getheader("content-length") == "8"
    assert reply.version == "1"


@pytest.mark.parametrize(("path", "status"), [("/status/204", 204), ("/status/304", 304)])
def test_answers_without_a_body(echo: Endpoint, path: str, status: int) -> None:
    reply = echo.ask(path)
    assert (reply.status, reply.content) == (status, b"")


def test_head(echo: Endpoint) -> None:
    reply = echo.ask("/big?bytes=5000", method="HEAD")
    assert reply.response.getheader("content-length") == "5000"
    assert reply.content == b""


def test_many_requests_on_one_connection(echo: Endpoint) -> None:
    connection = echo.connect()
    path = urlsplit(echo.url).path
    for method, place, length in (
        ("GET", "/big?bytes=10", 10),
        ("HEAD", "/big?bytes=10", 0),
        ("GET", "/status/204", 0),
        ("POST", "/", 7),
        ("GET", "/big?bytes=3000000", 3_000_000),
        ("GET", "/big?bytes=1", 1),
    ):
        connection.request(method, path + place, b"content" if method == "POST" else None)
        assert len(connection.getresponse().read()) == length
    connection.close()


@pytest.mark.parametrize("size", [0, 1, 70_000, 5_000_000])
def test_uploads_with_a_length(echo: Endpoint, size: int) -> None:
    content = b"u" * size
    reply = echo.ask("/", method="POST", body=content)
    assert (reply.status, reply.content == content) == (201, True)


def test_a_chunked_upload(echo: Endpoint) -> None:
    pieces = [b"first", b"second" * 20_000, b"third"]
    reply = echo.ask("/", method="POST", body=iter(pieces))
    assert reply.content == b"".join(pieces)


def test_an_upload_that_asks_first(echo: Endpoint) -> None:
    place = urlsplit(echo.url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as raw:
        raw.sendall(
            f"POST {place.path}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
            "Expect: 100-continue\r\nConnection: close\r\n\r\n".encode()
        )
        assert raw.recv(1000).startswith(b"HTTP/1.1 100 ")
        raw.sendall(b"hello")
        answer = b"".join(iter(lambda: raw.recv(1000), b""))
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert answer.endswith(b"hello")


def test_http_1_0(echo: Endpoint) -> None:
    place = urlsplit(echo.url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as raw:
        raw.sendall(f"GET {place.path}/stream?events=2&pause=0 HTTP/1.0\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(1000), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"chunked" not in head.lower()
    assert body.count(b"data: one") == 2


@pytest.mark.parametrize(
    "path",
    [
        "/agent-runtimes/nobody/endpoints/production/invocations/",
        "/agent-runtimes/nobody",
        "/agent-runtimes/a/b/c/d/e",
        "/elsewhere",
    ],
)
def test_where_nothing_is(echo: Endpoint, path: str) -> None:
    connection = echo.connect()
    connection.request("GET", path)
    response = connection.getresponse()
    assert response.status == 404
    assert json.load(response)["code"] == "ERR_NOT_FOUND"
    connection.close()


def test_websockets_are_told_no(echo: Endpoint) -> None:
    reply = echo.ask("/", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
    assert (reply.status, reply.json["code"]) == (501, "ERR_NOT_IMPLEMENTED")


def test_a_body_that_breaks_off_does_not_keep_its_version_alive(two: Endpoint) -> None:
    pid = two.ask().json["pid"]
    place = urlsplit(two.url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as raw:
        raw.sendall(
            f"POST {place.path}/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\nhello\r\n".encode()
        )
        time.sleep(0.2)  # until the exchange began
        raw.sendall(b"no size\r\n")
        answer = b"".join(iter(lambda: raw.recv(1000), b""))
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert metric(two, "agentramp_failures_total") == 0
        assert two.shift("2")["status"] == "READY"
        assert ends(pid)


# --- streams -----------------------------------------------------------------------------------


def test_events_are_not_held_back(echo: Endpoint) -> None:
    arrived = list(events(echo, "/stream?events=5&pause=0.2"))
    assert [line.split()[2] for _, line in arrived] == ["0", "1", "2", "3", "4"]
    delays = [at - float(line.split()[3]) for at, line in arrived]
    assert max(delays) < 0.15


def test_an_upload_is_not_held_back(echo: Endpoint) -> None:
    seen = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield b"first"
        seen.wait(10)
        yield b"second"

    timer = threading.Timer(0.3, seen.set)
    timer.start()
    assert echo.ask("/", method="POST", body=pieces()).content == b"firstsecond"
    timer.join()


def cut(endpoint: Endpoint) -> None:
    """Ask for an answer that the agent does not finish, and see that it is not whole."""
    connection, response = endpoint.open("/cut")
    with closing(connection), response:
        assert response.status == 200
        with pytest.raises((IncompleteRead, ConnectionResetError)):
            response.read()


def test_an_answer_that_is_cut_is_seen_to_be_cut(echo: Endpoint) -> None:
    cut(echo)
    assert echo.ask().status == 200


def test_a_client_that_leaves_takes_the_stream_with_it(control: Control) -> None:
    endpoint = control.serve("one")
    cwd = Path(endpoint.ask().json["cwd"])
    connection, response = endpoint.open("/stream?events=200&pause=0.05")
    response.readline()
    response.close()
    connection.close()
    deadline = time.monotonic() + 5
    while not (cwd / "left.txt").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (cwd / "left.txt").exists()


# --- sessions and weights ----------------------------------------------------------------------


def test_a_new_session_gets_a_cookie(two: Endpoint) -> None:
    two.shift("1", v2=0.5)
    first = two.ask()
    cookie = first.response.getheader("set-cookie") or ""
    assert cookie.startswith("agentrun-session=")
    assert "HttpOnly" in cookie
    for _ in range(20):
        again = two.ask(headers={"Cookie": f"other=1; {cookie.partition(';')[0]}"})
        assert again.version == first.version
        assert again.response.getheader("set-cookie") is None


def sessions(endpoint: Endpoint, names: list[str]) -> dict[str, str]:
    def version(name: str) -> str:
        return endpoint.ask(headers={"x-agentrun-session-id": name}).version or ""

    with ThreadPoolExecutor(8) as pool:
        return dict(zip(names, pool.map(version, names), strict=True))


def test_a_ramp_moves_nobody_back_and_nobody_without_need(two: Endpoint) -> None:
    old = [f"old {n}" for n in range(60)]
    two.shift("1", v2=0.1)
    first = sessions(two, old)
    two.shift("1", v2=0.5)
    assert sessions(two, old) == first, "known sessions stay whatever the weights are"
    new = [f"new {n}" for n in range(200)]
    drawn = Counter(sessions(two, new).values())
    assert 65 < drawn["2"] < 135
    two.shift("2")
    assert set(sessions(two, old + new).values()) == {"2"}, "version 1 left"
    two.shift("1")
    assert set(sessions(two, old).values()) == {"1"}, "version 2 left"


def test_the_configured_header_carries_the_session(control: Control) -> None:
    endpoint = control.serve(
        "one", "two", sessionAffinityType="HEADER_FIELD", headerFieldName="X-Chat"
    )
    endpoint.shift("1", v2=0.5)
    versions = {endpoint.ask(headers={"x-chat": "mine"}).version for _ in range(10)}
    assert len(versions) == 1


def test_without_affinity_every_request_is_drawn(control: Control) -> None:
    endpoint = control.serve("one", "two", disableSessionAffinity=True)
    endpoint.shift("1", v2=0.5)
    replies = [endpoint.ask(headers={"x-agentrun-session-id": "same"}) for _ in range(30)]
    assert {reply.version for reply in replies} == {"1", "2"}
    assert replies[0].response.getheader("set-cookie") is None
    assert endpoint.ask("/status/500").status == 500
    counted = [metric(endpoint, "agentramp_sessions_total", version) for version in ("1", "2")]
    assert sum(counted) == 31, "every request counts as a session"
    rows = "SELECT (SELECT count(*) FROM sessions WHERE endpoint_id=e), count(*) FROM requests"
    assert written(endpoint, f"{rows}, (SELECT ? AS e) WHERE endpoint_id=e", 31) == [(0, 31)]


@pytest.mark.parametrize("other", ['theme={"a":1}', "a b=1", "foo[bar]=1", "x=é", "just", 'x="o'])
def test_other_cookies_do_not_hide_the_session(two: Endpoint, other: str) -> None:
    two.shift("1", v2=0.5)
    headers = {"Cookie": f"{other}; agentrun-session=abc".encode()}
    replies = [two.ask(headers=headers) for _ in range(12)]
    assert len({reply.version for reply in replies}) == 1
    assert replies[0].response.getheader("set-cookie") is None


def test_a_session_that_is_no_text_is_a_session(two: Endpoint) -> None:
    two.shift("1", v2=0.5)
    replies = [two.ask(headers={"x-agentrun-session-id": b"\xff\xfe"}) for _ in range(12)]
    assert {reply.status for reply in replies} == {200}
    assert len({reply.version for reply in replies}) == 1


def test_long_sessions_that_begin_alike_are_not_one(two: Endpoint) -> None:
    for end in "ab":
        two.ask(headers={"x-agentrun-session-id": "s" * 256 + end})
    assert metric(two, "agentramp_sessions_total") == 2


# --- records -----------------------------------------------------------------------------------


def metric(endpoint: Endpoint, name: str, version: str = "1") -> float:
    place = urlsplit(endpoint.url)
    runtime = place.path.split("/")[2]
    text = urlopen(f"http://{place.netloc}/metrics").read().decode()
    labels = f'{{runtime="{runtime}",endpoint="production",version="{version}"}}'
    found = [line for line in text.splitlines() if line.startswith(name + labels)]
    return float(found[0].split()[1]) if found else 0.0


def written(endpoint: Endpoint, query: str, requests: int) -> list[tuple[int, ...]]:
    """What the database says, with the endpoint's id as the query's parameter.

    It is written a moment after the answers: as soon as there are so many ``requests``.
    """
    path = endpoint.control.server.home / "local" / "platform.db"
    own = (endpoint.path.rpartition("/")[2],)
    there = "SELECT count(*) FROM requests WHERE endpoint_id=?"
    deadline = time.monotonic() + 30
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        while database.execute(there, own).fetchone()[0] < requests:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return database.execute(query, own).fetchall()


def test_what_is_counted(two: Endpoint) -> None:
    two.ask()
    two.ask("/status/500", headers={"x-agentrun-session-id": "bad"})
    two.ask("/status/503", headers={"x-agentrun-session-id": "bad"})
    two.ask("/status/404", headers={"x-agentrun-session-id": "good"})
    list(events(two, "/stream?events=3&pause=0.1"))
    cut(two)
    assert metric(two, "agentramp_requests_total") == 6
    assert metric(two, "agentramp_failures_total") == 3
    assert metric(two, "agentramp_sessions_total") == 5
    assert metric(two, "agentramp_failed_sessions_total") == 2
    assert 0.3 < metric(two, "agentramp_duration_seconds_sum") < 30, "seconds"
    assert metric(two, "agentramp_first_byte_seconds_count") == 6
    assert metric(two, "agentramp_requests_total", version="2") == 0
    rows = written(two, "SELECT status, failed FROM requests WHERE endpoint_id=? ORDER BY at", 6)
    assert rows == [(200, 0), (500, 1), (503, 1), (404, 0), (200, 0), (200, 1)]


# --- no request is lost ------------------------------------------------------------------------


def test_shifting_all_the_way_and_back_loses_nothing(two: Endpoint) -> None:
    stop = threading.Event()
    failures: list[str] = []
    streams: list[int] = []

    def ask() -> int:
        asked = 0
        while not stop.is_set():
            reply = two.ask()
            asked += 1
            if reply.status != 200:
                failures.append(f"{reply.status} {reply.content!r}")
        return asked

    def stream() -> None:
        while not stop.is_set():
            # Read as a whole: reading line by line takes a cut stream for one that ended.
            streams.append(two.ask("/stream?events=6&pause=0.1").content.count(b"data: "))

    with ThreadPoolExecutor(6) as pool:
        counts = [pool.submit(ask) for _ in range(4)]
        streaming = [pool.submit(stream) for _ in range(2)]
        for weight in (0.1, 0.3, 0.5):
            assert two.shift("1", v2=weight)["status"] == "READY"
            time.sleep(0.3)
        assert two.shift("2")["status"] == "READY"
        time.sleep(0.5)
        assert two.shift("1")["status"] == "READY"
        time.sleep(0.3)
        stop.set()
    assert failures == []
    assert sum(count.result() for count in counts) > 100
    for worker in streaming:
        worker.result()
    assert set(streams) == {6}
    assert len(streams) >= 4, "some ran through every change"


def test_a_slow_stream_outlives_its_version(two: Endpoint) -> None:
    pid = two.ask().json["pid"]
    stream = events(two, "/stream?events=15&pause=0.1")
    next(stream)
    assert two.shift("2")["status"] == "READY"
    assert two.ask().json["version"] == "two"
    rest = [line for _, line in stream]
    assert len(rest) == 14
    assert {line.split()[1] for line in rest} == {"one"}
    assert ends(pid), "with its last stream the version ends"


def ends(pid: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not Path(f"/proc/{pid}").exists()


def test_a_version_that_comes_back_while_it_drains(two: Endpoint) -> None:
    pid = two.ask().json["pid"]
    stream = events(two, "/stream?events=20&pause=0.1")
    next(stream)
    two.shift("2")
    two.shift("1")
    assert two.ask().json["pid"] == pid, "the draining process serves again"
    assert len(list(stream)) == 19
    time.sleep(0.3)
    assert two.ask().json["pid"] == pid


def test_requests_wait_for_an_agent_that_is_started_again(echo: Endpoint) -> None:
    first = echo.ask().json["pid"]
    assert echo.ask("/crash").status == 502
    again = echo.ask()
    assert again.status == 200
    assert again.json["pid"] != first

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench import gateway, pack
from bench.figures import BenchError, Figure, at_least, at_most, table
from bench.load import is_whole, load
from bench.processes import interleaved, peak_mb, run
from bench.workshop import parsed

ROOT = Path(__file__).parents[2]


def test_a_bound_is_kept_or_broken() -> None:
    assert Figure("a", 4.0, "x", at_most(4)).ok
    assert not Figure("a", 4.01, "x", at_most(4)).ok
    assert Figure("a", 25.0, "%", at_least(25)).ok
    assert not Figure("a", 24.9, "%", at_least(25)).ok
    assert Figure("a", 1e9, "s").ok


def test_the_table_says_what_failed() -> None:
    text = table([Figure("time", 3, "x", at_most(2), "of three"), Figure("size", 1, "MB")])
    _, broken, shown = text.splitlines()
    assert broken.split() == ["time", "3.00", "x", "at", "most", "2", "FAIL", "of", "three"]
    assert shown.split() == ["size", "1.00", "MB", "-"]


def test_jobs_take_turns() -> None:
    order: list[str] = []

    def job(name: str) -> float:
        order.append(name)
        return float(len(order))

    figures = interleaved(2, {"a": lambda: job("a"), "b": lambda: job("b")})
    assert order == ["a", "b", "a", "b"]
    assert figures == {"a": [1, 3], "b": [2, 4]}


def test_a_command_that_fails_is_named_with_what_it_said() -> None:
    with pytest.raises(BenchError, match="ended with 3: because"):
        run([sys.executable, "-c", "import sys; print('because', file=sys.stderr); sys.exit(3)"])
    with pytest.raises(BenchError, match="is not there"):
        run(["/nowhere/agentramp"])


def test_the_peak_is_the_commands_own_and_not_ours() -> None:
    ballast = bytearray(80_000_000)
    small = peak_mb([sys.executable, "-c", "pass"], env={})
    large = peak_mb([sys.executable, "-c", "bytearray(60_000_000)"], env={})
    del ballast
    assert small < 40
    assert 50 < large - small < 65


def test_what_is_not_one_json_object_is_refused() -> None:
    assert parsed('{"a": 1}') == {"a": 1}
    for text in ("", "[]", "ready\n{}"):
        with pytest.raises(BenchError, match="not one JSON object"):
            parsed(text)


@pytest.mark.parametrize(
    ("answer", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Le", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", True),
    ],
)
def test_where_an_answer_ends(answer: bytes, whole: bool) -> None:  # noqa: FBT001  # a table's column
    assert is_whole(answer) is whole


@contextmanager
def server_that_fails_every_fifth() -> Iterator[str]:
    numbers = iter(range(1000))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(500 if next(numbers) % 5 == 4 else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_load_sends_just_what_was_asked_and_counts_failures() -> None:
    with server_that_fails_every_fifth() as url:
        tally = load(url, 50, 8)
    assert len(tally.latencies) == 50
    assert tally.failed == 10


def test_two_sides_that_answer_differently_are_not_compared() -> None:
    with (
        gateway.direct_agent() as direct,
        server_that_fails_every_fifth() as other,
        pytest.raises(BenchError, match="answer differently"),
    ):
        gateway.compare(direct, other)


def test_an_artifact_that_lacks_a_file_is_refused(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "a.py").write_text("1")
    archive = tmp_path / "a.zip"
    subprocess.run([sys.executable, "-m", "zipfile", "-c", archive, code / "a.py"], check=True)
    pack.check_whole(archive, code)
    (code / "b.py").write_text("2")
    with pytest.raises(BenchError, match="lacks 1 files, first b"):
        pack.check_whole(archive, code)


def test_a_row_that_cannot_be_measured_ends_with_1() -> None:
    command = [sys.executable, "-m", "bench", "startup", "--agentramp", "/nowhere/agentramp"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "FAIL  not measured: /nowhere/agentramp is not there." in done.stdout

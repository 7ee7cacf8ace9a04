import gzip
import json
import socket
import threading
import time
from pathlib import Path

import pytest

from agentramp.errors import UsageError
from agentramp.evidence.answers import question_json
from agentramp.evidence.port import EvidenceError
from agentramp.evidence.url import UrlEvidence
from agentramp.judge.window import Unit, Window
from tests.evidence.questions import document, question, told
from tests.evidence.servers import Said, serving

TOKEN = "t0ken-of-the-evidence"


def failure(evidence: UrlEvidence) -> EvidenceError:
    with pytest.raises(EvidenceError) as raised:
        evidence.read(question())
    assert TOKEN not in f"{raised.value.message} {raised.value.advice}"
    return raised.value


def test_the_question_is_posted_and_the_body_is_the_answer() -> None:
    with serving(lambda _: Said(body=document(told()))) as site:
        (answer,) = UrlEvidence(f"{site.url}/counts?of=all").read(question())
    assert isinstance(answer, Window)
    (request,) = site.received
    assert (request.method, request.path) == ("POST", "/counts?of=all")
    assert request.body == question_json(question())
    assert request.headers["content-type"] == "application/json"
    assert "authorization" not in request.headers


def test_a_token_goes_into_the_header_whatever_netrc_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(lambda _: Said(body=document(told()))) as site:
        UrlEvidence(site.url, token=TOKEN).read(question())
    assert site.received[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_redirect_is_refused_and_nobody_else_is_told_the_token() -> None:
    with serving(lambda _: Said(body=document(told()))) as other:
        there = {"Location": f"{other.url}/"}
        for status in (301, 302, 303, 307, 308):
            with serving(lambda _, status=status: Said(status, b"", there)) as site:  # type: ignore[misc]
                error = failure(UrlEvidence(site.url, token=TOKEN))
            assert f"redirect (status {status})" in error.message
    assert other.received == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503])
def test_an_error_shows_the_end_of_its_body(status: int) -> None:
    with serving(lambda _: Said(status, b"first\nlast words\n")) as site:
        error = failure(UrlEvidence(site.url, token=TOKEN))
    assert error.message.splitlines()[1:] == [
        "last words",
        f"{site.url.removeprefix('http://')} answered {status}",
    ]
    assert ("token" in error.advice) == (status in {401, 403})


def test_what_is_not_json_is_an_error() -> None:
    with serving(lambda _: Said(body=b"<html>")) as site:
        assert "is not JSON" in failure(UrlEvidence(site.url)).message


def test_a_body_too_large_is_not_read_to_its_end() -> None:
    with serving(lambda _: Said(body=b" " * 3_000_000)) as site:
        assert "more than 1000000 bytes" in failure(UrlEvidence(site.url, most=1_000_000)).message


def test_a_body_that_swells_when_unpacked_is_bounded_too() -> None:
    body = gzip.compress(b" " * 30_000_000)
    with serving(lambda _: Said(200, body, {"Content-Encoding": "gzip"})) as site:
        assert "more than 1000000 bytes" in failure(UrlEvidence(site.url, most=1_000_000)).message


def test_a_body_cut_short_is_an_error() -> None:
    with serving(lambda _: Said(200, document(told()), {"Content-Length": "9000"})) as site:
        assert "broke off" in failure(UrlEvidence(site.url)).message


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = failure(UrlEvidence(f"http://127.0.0.1:{port}/very-secret-path"))
    assert error.message.startswith(f"127.0.0.1:{port} cannot be reached")
    assert "secret" not in str(error)


def test_an_answer_that_never_comes() -> None:
    leave = threading.Event()

    def wait(_: object) -> Said:
        leave.wait(20)
        return Said()

    with serving(wait) as site:
        began = time.monotonic()
        error = failure(UrlEvidence(site.url, timeout=0.5))
        leave.set()
    assert "did not answer within 0.5 s" in error.message
    assert time.monotonic() - began < 15


def test_an_answer_that_drips_is_too_late_as_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for _ in range(100):
                    try:
                        connection.sendall(b"1\r\n \r\n")
                    except OSError:
                        return
                    time.sleep(0.05)

        thread = threading.Thread(target=drip)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        error = failure(UrlEvidence(url, timeout=0.5))
        thread.join()
    assert "did not answer within 0.5 s" in error.message


@pytest.mark.parametrize(
    "url",
    [
        "http://counts.example.com/",
        "ftp://127.0.0.1/",
        "counts.example.com",
        "https://",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.1@counts.example.com/",
        "http://[::1",
    ],
)
def test_only_https_or_this_machine(url: str) -> None:
    with pytest.raises(UsageError):
        UrlEvidence(url)


def test_https_is_fine() -> None:
    assert UrlEvidence("https://counts.example.com/", Unit.REQUESTS).unit is Unit.REQUESTS


@pytest.mark.parametrize("token", ["", "two\nlines", "gr\u00fcn"])
def test_a_token_no_header_may_hold(token: str) -> None:
    with pytest.raises(UsageError) as raised:
        UrlEvidence("https://counts.example.com/", token=token)
    assert not token or token not in str(raised.value)


def test_neither_address_nor_token_is_shown() -> None:
    shown = repr(UrlEvidence("https://counts.example.com/s3cret", token=TOKEN))
    assert "s3cret" not in shown
    assert TOKEN not in shown
    assert json.dumps(shown)

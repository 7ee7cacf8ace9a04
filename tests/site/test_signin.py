"""A sign-in as the vendor's sites have it, and every way in which it can end."""

import json
import threading
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from agentramp.errors import UsageError
from agentramp.exchange import host
from agentramp.site.signin import PAGE, SESSION, Desk, SignInError
from agentramp.site.tokens import Token
from tests.node.installed import node_modules, run

SECRET = "blkt-a-site-s-token"
KEY, CHALLENGE = "zNKkeyOfASite", "a challenge/+="
ENCRYPT = Path(__file__).parents[1] / "node" / "encrypted_key.mjs"


@pytest.fixture(scope="module")
def encrypted() -> str:
    """By CryptoJS itself."""
    text = json.dumps({"secret": SECRET, "accessKeyId": KEY, "challenge": CHALLENGE})
    return run(ENCRYPT, str(node_modules("broker")), text=text).strip()


@dataclass
class Site:
    """``answers`` are those to each look at the session, the last for ever; '' is a cut line."""

    url: str = ""
    session: str = "s/1+é"
    begins: int = 200
    answers: list[tuple[int, str]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def site() -> Iterator[Site]:
    one = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.answer("POST", one.begins, json.dumps({"id": one.session}))

        def do_DELETE(self) -> None:
            self.answer("DELETE", 200, "{}")

        def do_GET(self) -> None:
            status, text = one.answers[0]
            if len(one.answers) > 1:
                one.answers.pop(0)
            self.answer("GET", status, text)

        def answer(self, method: str, status: int, text: str) -> None:
            parts = urlsplit(self.path)
            assert parts.path == SESSION
            one.calls.append((method, parse_qs(parts.query).get("sid", [""])[0]))
            if status == 0:
                return
            self.send_response(status)
            self.send_header("content-length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        one.url = f"http://127.0.0.1:{server.server_port}"
        yield one
        server.shutdown()
        thread.join()


@dataclass
class Clock:
    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def desk(site: Site, show: Callable[[str], None] = lambda _: None, roles: str = "") -> Desk:
    clock = Clock()
    return Desk(f"{site.url}/docs", show, lambda: clock.now, clock.sleep, roles, "zh")


def given(secret: str, **more: str) -> tuple[int, str]:
    said = {"accessKeyId": KEY, "accessKeySecret": secret, "challenge": CHALLENGE, **more}
    return 200, json.dumps(said)


def test_a_person_signs_in(site: Site, encrypted: str) -> None:
    """Answers that make no sense, and none at all, are waited out."""
    waiting = json.dumps({"challenge": CHALLENGE})
    site.answers = [(200, waiting), (0, ""), (503, "x"), (200, "<html>"), given(encrypted)]
    pages: list[str] = []
    token = desk(site, pages.append, "owner,admin").sign_in()
    assert token == Token.of(site.url, SECRET)
    parts = urlsplit(pages[0])
    assert (f"{parts.scheme}://{parts.netloc}", parts.path) == (site.url, PAGE)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    mark = asked.pop("__token__")
    assert urlsafe_b64decode(mark + "=" * (-len(mark) % 4)).decode() == site.session
    assert asked == {
        "source": "agentramp",
        "closeOnSuccess": "true",
        "cli": "true",
        "appName": "agentramp",
        "locale": "zh",
        "required_roles": "owner,admin",
    }
    assert site.calls[0] == ("POST", "")
    assert site.calls[-1] == ("DELETE", site.session)
    assert set(site.calls[1:-1]) == {("GET", site.session)}


def test_nobody_signs_in(site: Site) -> None:
    site.answers = [(200, "{}")]
    with pytest.raises(SignInError, match=r"nobody signed in to .* within 300 s") as caught:
        desk(site).sign_in()
    assert "--from-stdin" in caught.value.advice
    assert len([call for call in site.calls if call[0] == "GET"]) == 100


def test_a_session_that_is_gone_is_told_at_once(site: Site) -> None:
    site.answers = [(404, "{}")]
    with pytest.raises(SignInError, match="forgot the session"):
        desk(site).sign_in()
    assert [method for method, _ in site.calls] == ["POST", "GET"]


@pytest.mark.parametrize(
    ("begins", "session", "told"),
    [
        (0, "s", "does not answer"),
        (404, "s", "answers 404 when asked to sign somebody in"),
        (500, "s", "answers 500 when asked to sign somebody in"),
        (200, "", "begins no session to sign in with"),
        (200, "\ud800", "begins no session to sign in with"),
        (200, "s" * 1001, "begins no session to sign in with"),
    ],
)
def test_a_site_that_has_no_such_door(site: Site, begins: int, session: str, told: str) -> None:
    site.begins, site.session = begins, session
    with pytest.raises(SignInError) as caught:
        desk(site).sign_in()
    assert caught.value.message == f"{host(site.url)} {told}"
    assert site.calls == [("POST", "")]


@pytest.mark.parametrize("odd", ["x", "AAAA", "U2FsdGVkX18=", "é"])
def test_what_is_no_token_is_told_without_it(site: Site, odd: str) -> None:
    site.answers = [given(odd)]
    with pytest.raises(SignInError, match="cannot be read as a token") as caught:
        desk(site).sign_in()
    assert odd not in str(caught.value).split("cannot")[1]


def test_another_challenge_opens_nothing(site: Site, encrypted: str) -> None:
    site.answers = [given(encrypted, challenge="another")]
    with pytest.raises(SignInError, match="cannot be read"):
        desk(site).sign_in()


def test_no_sign_in_over_open_http() -> None:
    with pytest.raises(UsageError, match="neither https"):
        Desk("http://docs.example.com", lambda _: None, lambda: 0.0, lambda _: None).sign_in()

"""What the client does when things go wrong, against real sockets."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NameResolutionError

from agentramp.platform.agentrun.again import ATTEMPTS
from agentramp.platform.agentrun.client import (
    Action,
    Client,
    OutcomeUnknownError,
)
from agentramp.platform.agentrun.sending import LIMITS, Limits
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.calls import Call, untold
from agentramp.platform.port import (
    AlreadyExistsError,
    NotFoundError,
    PlatformError,
    UnreachableError,
)
from tests.platform.agentrun.scripted import Asked, Say, Script, scripted

GET = Action("GetThing", "GET", ("things", "a b"))
PUT = Action("PutThing", "PUT", ("things", "1"))
POST = Action("MakeThing", "POST", ("things",))
OK = Say(200, {"code": "SUCCESS", "data": {"id": "1"}})
BUSY = Say(429, {"Code": "Throttling.User", "Message": "slow down", "RequestId": "r-1"})
BROKEN = Say(503, {"code": "ERR_INTERNAL", "message": "broken", "requestId": "r-2"})
LOST = Say(0)


@dataclass
class Time:
    waits: list[float] = field(default_factory=list)

    def now(self) -> float:
        return 1_700_000_000 + sum(self.waits)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


def client(
    url: str, time: Time, limits: Limits = LIMITS, tell: Callable[[Call], None] = untold
) -> Client:
    return Client(
        url=url,
        credentials=lambda: Credentials("id", "secret"),
        now=time.now,
        sleep=time.sleep,
        nonce=lambda: "nonce",
        jitter=lambda: 0.5,
        tell=tell,
        limits=limits,
    )


def in_turn(*answers: Say) -> Script:
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize("trouble", [BUSY, BROKEN, LOST])
@pytest.mark.parametrize("action", [GET, PUT])
def test_reads_and_full_writes_are_asked_again(action: Action, trouble: Say) -> None:
    time = Time()
    with scripted(in_turn(trouble, trouble, OK)) as (url, seen):
        assert client(url, time).call(action) == {"id": "1"}
    assert len(seen) == 3
    assert time.waits == [0.5, 1.0]  # half (the jitter) of 1 and 2 seconds


def test_a_post_is_asked_again_only_when_throttled() -> None:
    time = Time()
    with scripted(in_turn(BUSY, OK)) as (url, seen):
        assert client(url, time).call(POST) == {"id": "1"}
    assert len(seen) == 2


@pytest.mark.parametrize("trouble", [BROKEN, LOST])
def test_a_post_without_an_answer_is_unknown_and_not_repeated(trouble: Say) -> None:
    with scripted(in_turn(trouble, OK)) as (url, seen), pytest.raises(OutcomeUnknownError):
        client(url, Time()).call(POST)
    assert len(seen) == 1


def test_to_be_asked_to_wait_does_not_make_a_post_safe() -> None:
    broken = Say(503, {"code": "ERR_INTERNAL", "message": "broken"}, {"x-acs-retry-after": "10"})
    with scripted(in_turn(broken, OK)) as (url, seen), pytest.raises(OutcomeUnknownError):
        client(url, Time()).call(POST)
    assert len(seen) == 1
    throttled = Say(503, {"Code": "Throttling.Api", "Message": "slowly"}, broken.headers)
    with scripted(in_turn(throttled, OK)) as (url, seen):
        assert client(url, Time()).call(POST) == {"id": "1"}
    assert len(seen) == 2


def test_attempts_are_bounded_and_the_last_refusal_is_told() -> None:
    time = Time()
    with scripted(in_turn(BROKEN)) as (url, seen), pytest.raises(PlatformError) as told:
        client(url, time).call(GET)
    assert len(seen) == ATTEMPTS
    assert "broken" in str(told.value)
    assert told.value.request_id == "r-2"
    assert max(time.waits) <= 8


def test_the_platforms_own_wait_is_kept() -> None:
    time = Time()
    slow = Say(400, {"code": "Throttled"}, {"x-acs-retry-after": "7000"})
    with scripted(in_turn(slow, OK)) as (url, _):
        client(url, time).call(GET)
    assert time.waits == [7.5]


def test_nobody_listens() -> None:
    with socket.socket() as taken:  # bound but not listening: a connection is refused
        taken.bind(("127.0.0.1", 0))
        time = Time()
        with pytest.raises(UnreachableError, match="no answer") as told:
            client(f"http://127.0.0.1:{taken.getsockname()[1]}", time).call(POST)
    assert not isinstance(told.value, OutcomeUnknownError)
    assert len(time.waits) == ATTEMPTS - 1
    assert told.value.exit_code == 3


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (
            Say(404, {"code": "ERR_NOT_FOUND", "message": "it does not exist", "requestId": "r"}),
            NotFoundError,
            "it does not exist (ERR_NOT_FOUND, request id r)",
        ),
        (
            Say(500, {"code": "ERR", "message": "x already exists", "requestId": "r"}),
            AlreadyExistsError,
            "x already exists",
        ),
        (
            Say(403, {"Code": "Forbidden.RAM", "Message": "no", "RequestId": "R"}),
            PlatformError,
            "no (Forbidden.RAM, request id R)",
        ),
    ],
)
def test_refusals_in_the_platforms_own_words(
    said: Say, kind: type[PlatformError], words: str
) -> None:
    with scripted(in_turn(said)) as (url, seen), pytest.raises(kind) as told:
        client(url, Time()).call(POST)
    assert words in str(told.value)
    assert told.value.advice
    assert len(seen) == 1


class Nowhere(requests.Session):
    """No name is known, as where a resolver is busy."""

    def send(self, *_: object, **__: object) -> requests.Response:
        why = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        unknown = NameResolutionError("a.test", HTTPConnection("a.test"), why)
        raise requests.ConnectionError(MaxRetryError(HTTPConnectionPool("a.test"), "/", unknown))


def test_a_name_that_is_not_known_at_the_moment_is_looked_up_again() -> None:
    """Nobody was asked, so nothing can have been done."""
    time = Time()
    one = client("http://a.test", time)
    one.session = Nowhere()
    with pytest.raises(UnreachableError) as told:
        one.call(POST)
    assert not isinstance(told.value, OutcomeUnknownError)
    assert len(time.waits) == ATTEMPTS - 1


def test_an_answer_nested_without_end_is_no_answer() -> None:
    said = Say(200, raw=b"[" * 100_000)
    with scripted(in_turn(said)) as (url, _), pytest.raises(PlatformError, match="no JSON"):
        client(url, Time()).call(GET)


def test_a_refusal_that_is_no_json() -> None:
    said = Say(404, raw=b"<html>no</html>")
    with scripted(in_turn(said)) as (url, _), pytest.raises(NotFoundError, match="404"):
        client(url, Time()).call(GET)


def test_a_success_that_is_no_json_is_no_success() -> None:
    said = Say(200, raw=b"<html>log in first</html>")
    with scripted(in_turn(said)) as (url, _), pytest.raises(PlatformError, match="no JSON"):
        client(url, Time()).call(GET)


def test_an_answer_cut_in_the_middle_is_lost() -> None:
    cut = Say(200, raw=b'{"data": {', short=100)
    with scripted(in_turn(cut, OK)) as (url, seen):
        assert client(url, Time()).call(GET) == {"id": "1"}
        assert len(seen) == 2
        seen.clear()
    with scripted(in_turn(cut)) as (url, seen), pytest.raises(OutcomeUnknownError):
        client(url, Time()).call(POST)
    assert len(seen) == 1


def test_a_body_with_secrets_follows_no_redirect() -> None:
    with scripted(in_turn(OK)) as (elsewhere, seen):
        moved = Say(307, headers={"location": f"{elsewhere}/x"})
        with scripted(in_turn(moved)) as (url, _), pytest.raises(PlatformError, match="307"):
            client(url, Time()).call(PUT, body={"secret": "x"})
    assert seen == []


def test_the_environment_is_not_asked_about_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither a proxy nor a .netrc may come between; the latter would replace the signature."""
    (tmp_path / "netrc").write_text("default login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with scripted(in_turn(OK)) as (url, seen):
        client(url, Time()).call(GET)
    assert seen[0].headers["authorization"].startswith("ACS3-HMAC-SHA256 ")


@pytest.mark.parametrize(("asked", "waited"), [("7200000", 60.5), ("soon", 0.5), ("", 0.5)])
def test_a_wait_nobody_can_wait_for_is_cut(asked: str, waited: float) -> None:
    time = Time()
    slow = Say(429, {"code": "Throttled"}, {"x-acs-retry-after": asked})
    with scripted(in_turn(slow, OK)) as (url, _):
        client(url, time).call(GET)
    assert time.waits == [waited]


def test_paths_and_queries_are_encoded_as_they_are_signed() -> None:
    asked: list[Asked] = []

    def script(request: Asked) -> Say:
        asked.append(request)
        return OK

    with scripted(script) as (url, _):
        client(url, Time()).call(GET, query={"name": "ä b~*"})
    assert asked[0].path == "/2025-09-10/things/a%20b?name=%C3%A4%20b~%2A"


def test_credentials_are_asked_for_each_request() -> None:
    used: list[str] = []

    def fresh() -> Credentials:
        used.append("x")
        return Credentials("id", "secret", "token")

    make: Callable[[], Credentials] = fresh
    with scripted(in_turn(BROKEN, OK)) as (url, _):
        one = client(url, Time())
        one.credentials = make
        one.call(GET)
    assert len(used) == 2

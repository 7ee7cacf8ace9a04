"""The platform's clock, known from its answers, whatever happens to this machine's."""

from dataclasses import dataclass
from email.utils import formatdate
from io import BytesIO
from typing import Any

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from agentramp.platform.agentrun.client import Action, Client
from agentramp.platform.agentrun.signing import Credentials

GET = Action("GetThing", "GET", ("things", "1"))
NOON = 1_700_000_000.0


@dataclass
class Clocks:
    """All three run alike; the wall clock of this machine may be set, and is ``wrong`` by as much.

    The answers' date is cut to the second.
    """

    passed: float = 0.0
    wrong: float = 0.0
    up: float = 50.0

    def wall(self) -> float:
        return NOON + self.passed + self.wrong

    def monotonic(self) -> float:
        return self.up + self.passed

    def platform(self) -> float:
        return NOON + self.passed


class Answering(BaseAdapter):
    """A platform at the other end, with its own clock; a real server would put its date first."""

    def __init__(self, clocks: Clocks) -> None:
        super().__init__()
        self.clocks = clocks

    def send(self, request: requests.PreparedRequest, *_: object, **__: Any) -> requests.Response:
        answer = requests.Response()
        answer.status_code, answer.request = 200, request
        answer.headers["Date"] = formatdate(int(self.clocks.platform()), usegmt=True)
        said = BytesIO(b'{"code": "SUCCESS", "data": {}}')
        answer.raw = HTTPResponse(said, preload_content=False)
        return answer

    def close(self) -> None: ...


def client(clocks: Clocks) -> Client:
    one = Client(
        url="http://127.0.0.1",
        credentials=lambda: Credentials("id", "secret"),
        now=clocks.wall,
        sleep=lambda _: None,
        nonce=lambda: "nonce",
        jitter=lambda: 0.0,
        monotonic=clocks.monotonic,
    )
    one.session.mount("http://", Answering(clocks))
    return one


def test_before_the_first_answer_it_is_this_machines() -> None:
    clocks = Clocks(wrong=600)
    assert client(clocks).server_time() == clocks.wall()


def test_a_wrong_clock_of_this_machine_does_not_matter() -> None:
    clocks = Clocks(wrong=-600)
    one = client(clocks)
    one.call(GET)
    assert one.server_time() == clocks.platform()


def test_a_step_of_this_machines_clock_does_not_matter() -> None:
    clocks = Clocks()
    one = client(clocks)
    one.call(GET)
    for step in (-600, 600, 0):
        clocks.wrong = step
        clocks.passed += 10
        one.call(GET)
        assert one.server_time() == clocks.platform(), step
        clocks.passed += 10
        assert one.server_time() == clocks.platform(), "between two answers"


def test_of_many_answers_the_truest_counts() -> None:
    """A date is cut to the second: the one that was least cut is nearest."""
    clocks = Clocks()
    one = client(clocks)
    for part in (0.75, 1.5, 3.0, 4.5):
        clocks.passed = part
        one.call(GET)
        assert clocks.platform() - 1 < one.server_time() <= clocks.platform()
    assert one.server_time() == clocks.platform()

"""Ten thousand requests while the weights go up and back: none may fail, none may be cut."""

import math
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from demo.traffic import Absence, Traffic, problems, wanderers
from tests.release.conftest import User

REQUESTS = 10_000
SESSIONS = 250
SIGMAS = 5


@pytest.mark.timeout(300)
def test_a_ramp_under_traffic(make_user: Callable[[], User]) -> None:
    user = make_user()
    user.does("deploy")
    user.does("publish-version")
    url = user.does("shift-traffic", "--version", "1", "--weight", "100")["url"]
    absences: list[Absence] = []
    with Traffic(url) as traffic:
        user.says_version(2)
        user.does("deploy")
        assert user.does("publish-version")["version"] == 2
        for weight in (10, 30, 50, 100):
            begun = time.monotonic()
            user.does("shift-traffic", "--version", "2", "--weight", str(weight))
            absences = [Absence(1, begun)] if weight == 100 else []
            expect(traffic.let_flow(f"at {weight}", SESSIONS), weight)
        begun = time.monotonic()
        assert user.does("rollback")["weights"] == {"1": 100}
        absences = [replace(absences[0], until=time.monotonic()), Absence(2, begun)]
        expect(traffic.let_flow("rolled back", SESSIONS), 0)
        while len(traffic.answers) < REQUESTS:
            time.sleep(0.1)

    answers = traffic.answers
    assert problems(answers) == []
    assert wanderers(answers, absences) == []
    assert sum(answer.streamed for answer in answers) > REQUESTS / 4
    said = {answer.version for answer in answers}
    assert said == {1, 2}


def expect(got: dict[int, int], weight: int) -> None:
    total = sum(got.values())
    share = weight / 100
    slack = SIGMAS * math.sqrt(share * (1 - share) / total)
    assert abs(got.get(2, 0) / total - share) <= slack, got

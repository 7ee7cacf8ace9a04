"""How many calls of the platform's API each verb makes, as --debug tells; more is a fault.

How often a status is read until a change has ended is chance: of such reads two are counted.
"""

import re
from collections.abc import Callable

import pytest

from tests.release.conftest import User

TOLD = re.compile(r"^  (\d+) API calls?(?:: (.*))?$", re.MULTILINE)
EACH = re.compile(r"(\w+) (\d+)")
POLLED = {"GetAgentRuntime", "GetAgentRuntimeEndpoint"}

MOST: dict[str, int] = {
    "deploy": 4,
    "publish-version": 6,
    "shift-traffic --version 1 --weight 100": 8,
    "history": 0,
    "status": 8,
    "versions list": 4,
    "endpoints list": 4,
}
"""In this order, on a runtime that was deployed before."""


@pytest.fixture(scope="module")
def user(make_user: Callable[[], User]) -> User:
    found = make_user()
    assert found.run("local", "start").code == 0
    found.does("deploy")
    return found


@pytest.mark.parametrize("words", MOST)
def test_a_verb_asks_no_more_than_it_must(user: User, words: str) -> None:
    ended = user.run(*words.split(), "--platform", "local", "--debug")
    assert ended.code == 0, ended.err
    told = TOLD.search(ended.err)
    assert told, ended.err
    calls = [(name, int(number)) for name, number in EACH.findall(told[2] or "")]
    assert sum(number for _, number in calls) == int(told[1])
    counted = sum(min(number, 2) if name in POLLED else number for name, number in calls)
    assert counted <= MOST[words], told[0]
    assert "authorization" not in ended.err.lower()
    assert "PutObject" not in ended.err, "nothing is uploaded twice"

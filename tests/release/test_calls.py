"""How many calls of the platform's API each verb makes, as --debug tells; more is a fault.

How often a status is read until a change has ended is chance: of such reads two are counted. A
runtime is also read once for each time that it is looked for by its name; those are all counted.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import yaml

from tests.release.conftest import User

TOLD = re.compile(r"^  (\d+) API calls?(?:: (.*))?$", re.MULTILINE)
EACH = re.compile(r"(\w+) (\d+)")
CHANCE = 2


def edits(user: User) -> None:
    user.says_version(2)


def names_endpoints(user: User) -> None:
    """And a log store, so that there are lines to read."""
    path = user.project / "s.yaml"
    whole = yaml.safe_load(path.read_text())
    agent = whole["resources"]["quickstart"]["props"]["agent"]
    agent["endpoints"] = [{"name": "production", "version": 1}, {"name": "second", "version": 2}]
    agent["logConfig"] = {"project": "kept-here", "logstore": "agents"}
    path.write_text(yaml.safe_dump(whole))


@dataclass(frozen=True)
class Case:
    words: str
    most: int
    before: Callable[[User], None] | None = None


LOOK = 4
"""A runtime by its name, itself, its versions and its endpoints."""
CASES = (
    Case("deploy", LOOK),
    Case("publish-version", LOOK + 1),
    Case("shift-traffic --version 1 --weight 100", LOOK + 1 + CHANCE),
    Case("history", 0),
    Case("status", LOOK),
    Case("versions list", LOOK),
    Case("endpoints list", LOOK),
    Case("verify", LOOK),
    Case("instances list", LOOK + 1),
    Case("concurrency put --reserved-concurrency 5 -y", LOOK + 3),
    Case("concurrency get", LOOK + 1),
    Case("concurrency remove -y", LOOK + 3),
    Case("endpoints publish extra --target-version 1", LOOK + 1 + CHANCE),
    Case("endpoints get extra", LOOK),
    Case("endpoints remove extra -y --force", LOOK + 1 + CHANCE),
    # A deploy, a publish and a shift, each of what is there by then; and the ramp looks once.
    Case("release", 4 * LOOK + 3 + 2 * CHANCE, edits),
    Case("promote", LOOK),
    Case("rollback", 2 * LOOK + 1 + CHANCE),
    Case("deploy", LOOK + 2 + 2 * CHANCE, names_endpoints),
    Case("deploy", LOOK),
    Case("logs", LOOK + 1),
    Case("sync --runtime quickstart --target-dir found", LOOK),
    # Two endpoints and the runtime, which is then looked for once more.
    Case("remove -y --force", LOOK + 2 + 3 + 2 * CHANCE),
)
"""In this order, on a runtime that was deployed before."""


@pytest.fixture(scope="module")
def user(make_user: Callable[[], User]) -> User:
    found = make_user()
    assert found.run("local", "start").code == 0
    found.does("deploy")
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.words)
def test_a_verb_asks_no_more_than_it_must(user: User, case: Case) -> None:
    if case.before:
        case.before(user)
    ended = user.run(*case.words.split(), "--platform", "local", "--debug")
    assert ended.code == 0, ended.err
    told = TOLD.search(ended.err)
    assert told, ended.err
    calls = {name: int(number) for name, number in EACH.findall(told[2] or "")}
    assert sum(calls.values()) == int(told[1])
    assert without_chance(calls) <= case.most, told[0]
    assert "authorization" not in ended.err.lower()
    assert "PutObject" not in ended.err, "nothing is uploaded twice"


def without_chance(calls: dict[str, int]) -> int:
    looks = {"GetAgentRuntime": calls.get("ListAgentRuntimes", 0), "GetAgentRuntimeEndpoint": 0}
    return sum(
        min(number, looks[name] + CHANCE) if name in looks else number
        for name, number in calls.items()
    )

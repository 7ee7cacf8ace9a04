"""Which pull request a run is for, and what the comment on it says."""

import argparse
import json
from pathlib import Path

import pytest

from agentramp.bookkeeping.port import BookkeepingError
from agentramp.errors import RefusedError
from agentramp.report.github.page import Page
from agentramp.report.result import Result
from agentramp.wiring import pull_request
from tests.verbs.scene import arguments

PAGE = Page("agentramp release --dry-run")


def environ(folder: Path, name: str, event: object) -> dict[str, str]:
    file = folder / "event.json"
    file.write_text(json.dumps(event))
    return {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(file)}


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("pull_request", {"number": 5, "pull_request": {"number": 5}}),
        ("pull_request_target", {"number": 5, "pull_request": {"number": 5}}),
        ("pull_request_review", {"pull_request": {"number": 5}}),
        ("issue_comment", {"issue": {"number": 5, "pull_request": {"url": "https://x"}}}),
        ("workflow_run", {"workflow_run": {"pull_requests": [{"number": 5}]}}),
    ],
)
def test_the_number_is_in_the_event(tmp_path: Path, name: str, event: object) -> None:
    assert pull_request.number(environ(tmp_path, name, event)) == 5


@pytest.mark.parametrize(
    ("name", "event", "why"),
    [
        ("push", {"ref": "refs/heads/main"}, "the event push is of no pull request"),
        ("schedule", [], "the event schedule is of no"),
        ("issue_comment", {"issue": {"number": 5}}, "is of no pull request"),
        ("pull_request", {"pull_request": {"number": "5"}}, "is of no pull request"),
        ("workflow_run", {"workflow_run": {"pull_requests": []}}, "is of 0 pull requests"),
        (
            "workflow_run",
            {"workflow_run": {"pull_requests": [{"number": 5}, {"number": 6}]}},
            "is of 2 pull requests",
        ),
        ("workflow_run", {"workflow_run": None}, "is of 0 pull requests"),
    ],
)
def test_other_events_are_refused_with_the_reason(
    tmp_path: Path, name: str, event: object, why: str
) -> None:
    with pytest.raises(BookkeepingError, match=why):
        pull_request.number(environ(tmp_path, name, event))


def test_an_event_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(BookkeepingError, match="cannot be read"):
        pull_request.number({"GITHUB_EVENT_PATH": str(tmp_path / "none")})


def test_a_plan_mentions_nobody_and_is_as_the_summary_has_it() -> None:
    result = Result("release", "for @acme/team | `x` <b>", dry_run=True, runtime="shop")
    said = pull_request.comment(arguments("release", "."), "release", PAGE, 5, result)
    assert said.text == PAGE.of(result)
    assert "@acme" not in said.text
    assert "<b>" not in said.text


def test_a_plan_that_cannot_be_made_says_why() -> None:
    error = RefusedError("the platform is down", advice="wait")
    said = pull_request.comment(arguments("release", "."), "release", PAGE, 5, error)
    assert "the platform is down" in said.text
    assert "failed (exit 3)" in said.text


def test_each_agent_and_each_verb_has_a_comment_of_its_own() -> None:
    words: tuple[list[str], ...] = (
        [],
        ["agents/two"],
        ["--resource=two"],
        ["--endpoint=staging"],
        ["-t", "s.prod.yaml"],
    )
    markers = {pull_request.marker(arguments("release", *one), "release") for one in words}
    markers.add(pull_request.marker(arguments("deploy"), "deploy"))
    assert len(markers) == len(words) + 1
    again = pull_request.marker(arguments("release", "--dry-run", "--comment"), "release")
    assert again in markers
    assert all(marker.startswith("<!-- agentramp plan ") for marker in markers)


def test_what_a_user_names_never_ends_the_marker() -> None:
    hostile = at("--><script>")
    assert "script" not in pull_request.marker(hostile, "release")


def at(path: str) -> argparse.Namespace:
    found = arguments("release", ".")
    found.path = path
    return found

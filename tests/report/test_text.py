from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.errors import UsageError
from agentramp.model import LATEST, Artifact, Code, RuntimeSpec, Split
from agentramp.plan import (
    AwaitRuntime,
    Change,
    CreateEndpoint,
    CreateRuntime,
    MoveTraffic,
    Plan,
    PublishVersion,
    Step,
    Subject,
    UpdateRuntime,
)
from agentramp.report import steps, text
from agentramp.report.result import Failure, Result
from tests.report.results import MOVED

SPEC = RuntimeSpec("agent", Code("python3.12"))
PACKAGE = Artifact(Path("/here/agent.zip"), "a" * 64, "1", 1_234_567)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (CreateRuntime(SPEC, None), "create runtime agent"),
        (CreateRuntime(SPEC, PACKAGE), "create runtime agent with a package of 1.2 MB"),
        (
            UpdateRuntime("rt", SPEC, None, (Change("memory", "1", "2"), Change("cpu", "1", "4"))),
            "update runtime agent: memory: 1 -> 2; cpu: 1 -> 4",
        ),
        (UpdateRuntime("rt", SPEC, None, ()), "update runtime agent: again, as it had failed"),
        (AwaitRuntime("rt"), "wait for the change an earlier run began"),
        (
            PublishVersion("rt", f"sha256:{'0123456789abcdef' * 4} git:{'f' * 40}-dirty"),
            "publish the head as a version: sha256:0123456789ab git:ffffffffffff-dirty",
        ),
        (CreateEndpoint("rt", "production", Split(1)), "create endpoint production: v1 100 %"),
        (
            MoveTraffic("rt", "ep", "production", Split(LATEST), Split(LATEST, ((2, 10),))),
            "move production: LATEST 100 % -> LATEST 90 %, v2 10 %",
        ),
    ],
)
def test_each_step_in_words(step: Step, words: str) -> None:
    assert steps.step(step) == words


def test_a_dry_run_does_not_say_that_its_plan_serves() -> None:
    would = list(text.result(replace(MOVED, dry_run=True), Path("/here")))
    assert "  would serve v1 90 %, v2 10 %" in would
    assert "  serves  v1 90 %, v2 10 %" in text.result(MOVED, Path("/here"))
    nothing = replace(MOVED, dry_run=True, after=MOVED.before)
    assert "  serves  v1 100 %" in text.result(nothing, Path("/here"))


def test_a_plan_that_touches_no_traffic_says_so() -> None:
    plan = Plan("deploy", Subject("agent"), (AwaitRuntime("rt"),), notes=("because",))
    assert list(steps.plan(plan)) == [
        "  will   wait for the change an earlier run began",
        "  back   not needed: no traffic is touched",
        "  note   because",
    ]


def test_a_plan_without_steps_is_its_reason() -> None:
    assert list(steps.plan(Plan("x", Subject("agent"), notes=("all is so",)))) == [
        "  note   all is so"
    ]


def test_paths_are_as_a_person_would_type_them() -> None:
    lines = list(text.result(Result("build", "built", artifact=PACKAGE), Path("/here")))
    assert lines[:2] == ["built", "  package agent.zip (1.2 MB)"]


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (5 * 10**10, "50.0 GB")],
)
def test_sizes(count: int, words: str) -> None:
    assert text.size(count) == words


def test_the_last_line_is_the_reason_and_the_fix() -> None:
    error = UsageError("it has no wheel:\nfirst quoted\nsecond quoted", advice="pin another")
    assert list(text.failure(Failure("build", error, ""))) == [
        "  first quoted",
        "  second quoted",
        "agentramp build: it has no wheel; pin another",
    ]

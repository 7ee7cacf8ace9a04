from dataclasses import replace

import pytest

from agentramp.errors import UsageError
from agentramp.model import Code, Observed, Runtime, RuntimeSpec, Status, Version
from agentramp.plan import PublishVersion
from agentramp.planning import plan_publish

SPEC = RuntimeSpec("agent", Code("python3.12", (), "111"))
HEAD = Observed(Runtime("rt", SPEC))


def test_a_new_head_becomes_a_version() -> None:
    older = (Version(1), replace(SPEC, memory=4096))
    plan, existing = plan_publish("agent", HEAD, [older], "sha256:x git:y")
    assert plan.steps == (PublishVersion("rt", "sha256:x git:y"),)
    assert existing is None


def test_a_head_that_is_published_gives_its_number() -> None:
    plan, existing = plan_publish("agent", HEAD, [(Version(3), SPEC), (Version(1), SPEC)], "x")
    assert plan.steps == ()
    assert plan.notes == ("the head is already published as version 3",)
    assert existing == 3


def test_no_runtime() -> None:
    with pytest.raises(UsageError, match="runtime agent does not exist") as told:
        plan_publish("agent", Observed(), [], "x")
    assert told.value.advice == "deploy it first"


def test_a_broken_head_is_never_published() -> None:
    broken = Observed(Runtime("rt", SPEC, Status.UPDATE_FAILED, "port 9000 stays closed"))
    with pytest.raises(UsageError, match="UPDATE_FAILED: port 9000 stays closed"):
        plan_publish("agent", broken, [], "x")

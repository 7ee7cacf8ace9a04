"""A verb's end is written down, and stays the verb's own."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.errors import AgentrampError, RefusedError, UsageError, WayBackFailedError
from agentramp.platform.port import UnreachableError
from agentramp.report.result import Facts, Report, Result
from agentramp.wiring.bookkeeping import Command, recorded
from tests.bookkeeping.site import Answered, Site
from tests.verbs.scene import Scene, arguments

COMMAND = Command("promote", "agentramp promote")


@pytest.fixture
def scene(tmp_path: Path, site: Site) -> Scene:
    found = Scene(tmp_path)
    found.context = replace(found.context, environ=site.environ | {"GITHUB_ACTIONS": "true"})
    return found


def asked(*words: str) -> argparse.Namespace:
    return arguments("promote", "--github-environment", "production", *words)


def ends(error: BaseException) -> Callable[[], Report]:
    def run() -> Report:
        raise error

    return run


def test_what_is_no_result_is_passed_on(scene: Scene, site: Site) -> None:
    facts = Facts("status", "all is well", changed=False, facts=())
    assert recorded(COMMAND, asked(), scene.context, lambda: facts) is facts
    assert site.asked == []


@pytest.mark.parametrize("error", [UsageError("what?"), KeyboardInterrupt()])
def test_what_nobody_waits_for_is_not_written(
    scene: Scene, site: Site, error: BaseException
) -> None:
    with pytest.raises(type(error)):
        recorded(COMMAND, asked(), scene.context, ends(error))
    assert site.asked == []


def test_a_failure_is_written_with_the_run_s_own_commit_where_the_platform_is_silent(
    scene: Scene, site: Site
) -> None:
    keys = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"}
    environ = {**scene.context.environ, **keys, "GITHUB_SHA": "c" * 40}
    where = ("--runtime=agent", "--region=cn-hangzhou", "--journal=file")
    words = ("--version=9", "--weight=10", "--github-environment=production")
    args = arguments("shift-traffic", *words, *where)
    error = UnreachableError("no answer " * 50)
    with pytest.raises(UnreachableError) as caught:
        recorded(
            Command("shift-traffic", ""), args, replace(scene.context, environ=environ), ends(error)
        )
    assert caught.value is error
    assert site.story() == [(9, ["failure"])]
    (made,) = site.deployments
    assert (made["sha"], made["payload"]["subject"]) == ("c" * 40, "cn-hangzhou/agent/production")
    (said,) = site.statuses[made["id"]]
    assert len(said["description"]) <= 140
    assert said["description"].startswith("no answer no answer")


@pytest.mark.parametrize("error", [RefusedError("down"), WayBackFailedError("where is it")])
def test_a_failure_stays_the_one_it_was_where_nothing_can_be_looked_at(
    scene: Scene, site: Site, error: AgentrampError
) -> None:
    """There is no s.yaml here, so that the runtime cannot even be named."""
    with pytest.raises(type(error)) as caught:
        recorded(COMMAND, asked(), scene.context, ends(error))
    assert caught.value is error
    assert scene.said.count("warning: ") == 1
    assert site.asked == []


def test_a_bug_of_bookkeeping_hides_no_result(scene: Scene) -> None:
    args = asked()
    del args.path  # nobody else's fault can be made more easily
    result = Result("promote", "done", runtime="agent", version=1, after=scene.split())
    assert recorded(COMMAND, args, scene.context, lambda: result) is result
    assert "warning: GitHub was not told: AttributeError, which is a bug" in scene.said


def test_a_run_that_plans_nothing_has_nothing_to_comment(scene: Scene, site: Site) -> None:
    args = arguments("shift-traffic", "--version=2", "--weight=10", "--comment")
    result = Result("shift-traffic", "done")
    assert recorded(COMMAND, args, scene.context, lambda: result) is result
    assert "no comment is written: this is no dry run" in scene.said
    assert "warning" not in scene.said
    assert site.asked == []


def test_a_comment_outside_a_workflow_is_refused_before_anything_is_done(scene: Scene) -> None:
    done: list[str] = []

    def run() -> Report:
        done.append("moved")
        return Result("shift-traffic", "done")

    args = arguments("shift-traffic", "--version=2", "--weight=10", "--dry-run", "--comment")
    laptop = replace(scene.context, environ={})
    with pytest.raises(UsageError, match="this is no workflow"):
        recorded(COMMAND, args, laptop, run)
    assert done == []


def test_a_plan_that_failed_is_told_on_the_pull_request(
    scene: Scene, site: Site, tmp_path: Path
) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"pull_request": {"number": 5}}')
    told = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event)}
    context = replace(scene.context, environ={**scene.context.environ, **told})
    args = arguments("shift-traffic", "--version=2", "--weight=10", "--dry-run", "--comment")
    with pytest.raises(RefusedError, match="down"):
        recorded(COMMAND, args, context, ends(RefusedError("the platform is down")))
    assert "the platform is down" in site.bodies(5)[0]

    site.always = Answered(403)
    with pytest.raises(RefusedError, match="gone"):
        recorded(COMMAND, args, context, ends(RefusedError("it is gone")))
    assert "warning: GitHub's API answered 403: no; the job lacks" in scene.said

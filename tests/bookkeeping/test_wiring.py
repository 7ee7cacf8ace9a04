"""A verb's end is written down, and stays the verb's own."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from agentramp import tick
from agentramp.errors import (
    AgentrampError,
    RefusedError,
    SupersededError,
    UsageError,
    WayBackFailedError,
)
from agentramp.journal.port import JournalError
from agentramp.model import Split
from agentramp.platform.port import UnreachableError
from agentramp.record import Moved, Moving, Queued, Record
from agentramp.report.result import Facts, Report, Result
from agentramp.wiring.bookkeeping import Command, recorded
from agentramp.wiring.context import Context
from agentramp.wiring.sight import Sight, Watched
from agentramp.wiring.watch import watched
from tests.bookkeeping.site import Answered, Site
from tests.verbs.scene import Scene, arguments

COMMAND = Command("promote", "agentramp promote")


def watching(scene: Scene) -> Watched:
    return Watched(scene.where.region, scene.where.subject, scene.where.platform)


@pytest.fixture
def scene(tmp_path: Path, site: Site) -> Scene:
    found = Scene(tmp_path)
    found.context = replace(found.context, environ=site.environ | {"GITHUB_ACTIONS": "true"})
    return found


def asked(*words: str) -> argparse.Namespace:
    return arguments("promote", "--github-environment", "production", *words)


def ends(error: BaseException) -> Callable[[Context], Report]:
    def run(_: Context) -> Report:
        raise error

    return run


def looks(scene: Scene, *ends: Result | BaseException) -> Callable[[Context], Report]:
    """A verb that sees how all stands and has these ends in turn, as a watch has ticks."""

    def run(context: Context) -> Report:
        assert context.sight
        context.sight.where = watching(scene)
        platform = context.sight.platform(scene.platform)
        tick.look(platform, context.sight.journal(scene.journal), scene.subject)
        for end in ends[:-1]:
            assert isinstance(end, Result)
            context.sight.ticked(end)
        if isinstance(ends[-1], BaseException):
            raise ends[-1]
        return ends[-1]

    return run


@dataclass
class Away:
    """A platform or a journal that is not to be asked."""

    asked: int = 0

    def __getattr__(self, name: str) -> object:
        self.asked += 1
        raise UnreachableError(f"{name}: nobody answers")


def test_what_is_no_result_is_passed_on(scene: Scene, site: Site) -> None:
    facts = Facts("status", "all is well", changed=False, facts=())
    assert recorded(COMMAND, asked(), scene.context, lambda _: facts) is facts
    assert site.asked == []


@pytest.mark.parametrize("error", [UsageError("what?"), KeyboardInterrupt()])
def test_what_nobody_waits_for_is_not_written(
    scene: Scene, site: Site, error: BaseException
) -> None:
    with pytest.raises(type(error)):
        recorded(COMMAND, asked(), scene.context, ends(error))
    assert site.asked == []


@pytest.mark.parametrize("error", [UnreachableError, JournalError, WayBackFailedError])
def test_a_failure_is_written_with_what_the_verb_saw_and_nothing_is_asked_again(
    scene: Scene, site: Site, error: type[AgentrampError]
) -> None:
    context = replace(scene.context, environ={**scene.context.environ, "GITHUB_SHA": "c" * 40})
    words = ("--version=9", "--weight=10", "--github-environment=production")
    sees, away, failure = looks(scene, error("no answer " * 50)), Away(), error

    def run(seen: Context) -> Report:
        try:
            return sees(seen)
        finally:
            assert seen.sight
            seen.sight.where = replace(watching(scene), platform=away)  # type: ignore[arg-type]  # it is not

    with pytest.raises(failure):
        recorded(Command("shift-traffic", ""), arguments("shift-traffic", *words), context, run)
    assert away.asked == 0
    state = "error" if error is WayBackFailedError else "failure"
    assert site.story() == [(9, [state])]
    (made,) = site.deployments
    assert made["sha"] == "c" * 40
    assert made["payload"]["subject"] == "cn-hangzhou/agent/production"
    assert made["payload"]["runtime"] == scene.runtime
    (said,) = site.statuses[made["id"]]
    assert len(said["description"]) <= 140
    assert "no answer no answer" in said["description"]


def shift(scene: Scene, version: int) -> tuple[Command, argparse.Namespace, Context]:
    words = (f"--version={version}", "--weight=10", "--github-environment=production")
    context = replace(scene.context, environ={**scene.context.environ, "GITHUB_SHA": "c" * 40})
    return Command("shift-traffic", ""), arguments("shift-traffic", *words), context


def test_what_another_run_has_moved_by_now_is_looked_at(scene: Scene, site: Site) -> None:
    sees = looks(scene, SupersededError("lost"))

    def run(context: Context) -> Report:
        try:
            return sees(context)
        finally:
            scene.is_moved(Split(1, ((2, 30),)))

    with pytest.raises(SupersededError):
        recorded(*shift(scene, 2), run)
    assert site.story() == []
    with pytest.raises(SupersededError):
        recorded(*shift(scene, 3), looks(scene, SupersededError("lost")))
    assert site.story() == [(3, ["failure"])]
    assert "warning" not in scene.said


def test_a_version_that_serves_has_not_failed_though_the_journal_is_empty(
    scene: Scene, site: Site
) -> None:
    with pytest.raises(RefusedError):
        recorded(*shift(scene, 1), looks(scene, RefusedError("no")))
    assert site.asked == []


def test_each_tick_of_a_watch_is_written(scene: Scene, site: Site) -> None:
    some, more = Split(1, ((2, 10),)), Split(1, ((2, 30),))
    ticks = [
        Result("promote", "on", version=2, verdict="advance", before=some, after=after)
        for after in (some, some, more, Split(2))
    ]
    context = replace(scene.context, environ={**scene.context.environ, "GITHUB_SHA": "c" * 40})
    recorded(COMMAND, asked("--watch"), context, looks(scene, *ticks))
    assert site.story() == [(2, ["in_progress", "in_progress", "success"])]
    assert "warning" not in scene.said


def test_a_watch_tells_of_each_tick_that_is_not_its_last(scene: Scene) -> None:
    scene.begins()
    on = Result("promote", "on", version=2, verdict="hold", before=Split(1), after=Split(1))
    told: list[Result] = []

    def once() -> Result:
        if told:
            scene.is_moved(Split(2))
        return replace(on, message=f"tick {len(told)}")

    context = replace(scene.context, sight=Sight(told.append))
    watched(asked("--watch"), context, scene.where, once)
    assert [one.message for one in told] == ["tick 0"]


def test_a_watch_that_is_interrupted_says_what_stands(scene: Scene, site: Site) -> None:
    some = Split(1, ((2, 10),))
    one = Result("promote", "on", version=2, verdict="advance", before=some, after=some)
    context = replace(scene.context, environ={**scene.context.environ, "GITHUB_SHA": "c" * 40})
    with pytest.raises(KeyboardInterrupt):
        recorded(COMMAND, asked("--watch"), context, looks(scene, one, KeyboardInterrupt()))
    assert site.story() == [(2, ["in_progress"])]
    assert "version 2 stands there as in_progress (10 % of the sessions)" in scene.said


def test_a_watch_warns_of_the_same_once(scene: Scene, site: Site) -> None:
    site.always = Answered(403)
    some = Split(1, ((2, 10),))
    one = Result("promote", "on", version=2, verdict="advance", before=some, after=some)
    context = replace(scene.context, environ={**scene.context.environ, "GITHUB_SHA": "c" * 40})
    recorded(COMMAND, asked("--watch"), context, looks(scene, one, one, one))
    assert scene.said.count("warning: ") == 1


def test_a_gate_that_refuses_what_waits_is_told_of_that_version(scene: Scene, site: Site) -> None:
    scene.wrote(Queued(3), verb="release")
    context = replace(scene.context, environ={**scene.context.environ, "GITHUB_SHA": "c" * 40})
    said = Result("promote", "version 3 gets no traffic: no", version=1, verdict="rollback")
    end = replace(said, before=Split(1), after=Split(1), exit_code=4)
    recorded(COMMAND, asked(), context, looks(scene, end))
    assert site.story() == [(3, ["failure"])]


def test_a_version_that_a_rollback_sets_aside_waits_no_longer(scene: Scene, site: Site) -> None:
    scene.begins()
    scene.wrote(Queued(3), verb="release")
    sees = looks(scene, Result("rollback", "back", version=1, before=Split(2), after=Split(1)))

    def run(context: Context) -> Report:
        end = sees(context)
        assert context.sight
        journal = context.sight.journal(scene.journal)
        known = journal.read(scene.subject)
        told = (Moving(Split(2), Split(1), "back"), Moved(Split(2), Split(1)))
        records = [Record("rollback", 0, one, "me") for one in told]
        journal.append(scene.subject, *records, expected=len(known))
        return end

    context = replace(scene.context, environ={**scene.context.environ, "GITHUB_SHA": "c" * 40})
    args = arguments("rollback", "--github-environment=production")
    recorded(Command("rollback", ""), args, context, run)
    assert (3, ["inactive"]) in site.story()


@pytest.mark.parametrize("error", [RefusedError("down"), WayBackFailedError("where is it")])
def test_a_failure_stays_the_one_it_was_where_nothing_can_be_looked_at(
    scene: Scene, site: Site, error: AgentrampError
) -> None:
    """The run ended before it saw anything."""
    with pytest.raises(type(error)) as caught:
        recorded(COMMAND, asked(), scene.context, ends(error))
    assert caught.value is error
    assert scene.said.count("warning: ") == 1
    assert site.asked == []


def test_a_bug_of_bookkeeping_hides_no_result(scene: Scene) -> None:
    args = asked()
    del args.path  # nobody else's fault can be made more easily
    result = Result("promote", "done", runtime="agent", version=1, after=scene.split())
    assert recorded(COMMAND, args, scene.context, looks(scene, result)) is result
    assert "warning: GitHub was not told: AttributeError, which is a bug" in scene.said


def test_a_run_that_plans_nothing_has_nothing_to_comment(scene: Scene, site: Site) -> None:
    args = arguments("shift-traffic", "--version=2", "--weight=10", "--comment")
    result = Result("shift-traffic", "done")
    assert recorded(COMMAND, args, scene.context, lambda _: result) is result
    assert "no comment is written: this is no dry run" in scene.said
    assert "warning" not in scene.said
    assert site.asked == []


def test_a_comment_outside_a_workflow_is_refused_before_anything_is_done(scene: Scene) -> None:
    done: list[str] = []

    def run(_: Context) -> Report:
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

"""The verbs by which a person steps in: they must win, make sense, and say what comes next."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from agentramp.errors import SupersededError, UnsupportedError, UsageError, WayBackFailedError
from agentramp.journal.memory import MemoryJournal
from agentramp.journal.port import HeldError
from agentramp.model import LATEST, Split
from agentramp.plan import Plan, Subject
from agentramp.planning import Seen, plan_adopt, plan_restore, plan_say
from agentramp.platform.memory import MemoryPlatform
from agentramp.platform.port import PlatformError
from agentramp.policy import DEFAULT_POLICY, OnRelease, Policy, Rung
from agentramp.record import Approved, Moving, Paused, Queued, Record
from agentramp.report.result import Result
from agentramp.verbs import abort, pause, promote, release, resume, rollback
from agentramp.wiring import ramping
from agentramp.wiring.notify import Teller
from tests.verbs.scene import Scene, arguments

APPROVED = Policy(rungs=(Rung(10, 0, 0, approval=True), Rung(100, 0, 0)))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def promoted(scene: Scene, *words: str) -> Result:
    args = arguments("promote", *words)
    tell = Teller(scene.context, scene.where)
    return promote.once(args, scene.context, scene.where, tell)


def aborted(scene: Scene, *words: str) -> Result:
    return abort.ended(arguments("abort", *words), scene.context, scene.where)


def gone_back(scene: Scene, *words: str) -> Result:
    return rollback.gone_back(arguments("rollback", *words), scene.context, scene.where)


def says(verb: str, plan: Callable[[Seen], Plan]) -> Callable[[Scene], Result]:
    args = arguments(verb)
    return lambda scene: ramping.said(args, scene.context, scene.where, plan)


@pytest.mark.parametrize(
    "verb",
    [
        promoted,
        aborted,
        gone_back,
        says("adopt", plan_adopt),
        says("restore", plan_restore),
        says("pause", lambda seen: plan_say("pause", seen, Paused())),
    ],
)
def test_a_runtime_that_does_not_exist_ends_with_2(
    scene: Scene, verb: Callable[[Scene], Result]
) -> None:
    scene.platform.shelves.clear()
    with pytest.raises(UsageError, match="runtime agent does not exist") as refused:
        verb(scene)
    assert refused.value.advice
    assert scene.journal.records == {}


def test_a_canary_is_not_promoted_by_a_rollback(scene: Scene) -> None:
    scene.begins()
    with pytest.raises(UsageError, match="without evidence") as refused:
        gone_back(scene, "--version", "2")
    assert "shift-traffic --version 2 --weight 100" in refused.value.advice
    assert scene.split() == Split(1, ((2, 10),))
    assert gone_back(scene, "--version", "1").after == Split(1)
    assert gone_back(scene, "--version", "2").after == Split(2), "no ramp is in progress any more"


@dataclass
class Contested(MemoryJournal):
    """Another run writes first, ``times`` times."""

    times: int = 1

    def append(self, subject: Subject, *records: Record, expected: int) -> None:
        if self.times:
            self.times -= 1
            super().append(subject, Record("promote", 0, Queued(3), "another"), expected=expected)
        super().append(subject, *records, expected=expected)


def contest(scene: Scene, times: int) -> None:
    scene.begins()
    scene.journal = Contested(scene.journal.records, times=times)


def test_a_pause_and_its_end_that_lose_a_swap_try_again(scene: Scene) -> None:
    contest(scene, 2)
    pause.paused(arguments("pause", "--reason", "lunch"), scene.context, scene.where)
    assert paused(scene) == Paused("lunch")
    scene.journal = Contested(scene.journal.records, times=2)
    resume.resumed(arguments("resume"), scene.context, scene.where)
    assert paused(scene) is None


def paused(scene: Scene) -> Paused | None:
    ramp = scene.standing.ramp
    assert ramp
    return ramp.paused


def test_what_follows_a_word_of_a_person(scene: Scene) -> None:
    """Nothing where no ramp is in progress; a paused one goes on when it is resumed."""
    approve = says("approve", lambda seen: plan_say("approve", seen, Approved(30)))
    assert says("restore", plan_restore)(scene).next is None
    scene.begins()
    assert says("restore", plan_restore)(scene).next == "agentramp promote"
    scene.wrote(Paused("lunch"))
    assert approve(scene).next == "agentramp resume"


def test_a_dry_restore_says_what_would_serve(scene: Scene) -> None:
    scene.begins()
    scene.by_hand(Split(1))
    args = arguments("restore", "--dry-run")
    said = ramping.said(args, scene.context, scene.where, plan_restore)
    assert said.message == (
        "restore would be written down: agent/production would serve v1 90 %, v2 10 %"
    )


def test_an_approval_is_for_what_was_seen(scene: Scene) -> None:
    """It names a step, so whoever lost the swap looks again first."""
    contest(scene, 1)
    with pytest.raises(HeldError):
        says("approve", lambda seen: plan_say("approve", seen, Approved(30)))(scene)


class Failing(MemoryPlatform):
    """Answers nothing once ``dead``, and fails for good with ``error``."""

    dead: bool = False
    error: type[Exception] = PlatformError

    def observe(self, runtime_name: str) -> object:  # type: ignore[override]
        if self.dead:
            raise self.error("no answer")
        return super().observe(runtime_name)


def overtaken(scene: Scene) -> Failing:
    """An advance to 30 % was begun by a run that is not known to be dead."""
    scene.begins()
    failing = Failing(scene.platform.shelves, lambda: scene.now)
    scene.platform = failing
    scene.wrote(Moving(scene.split(), Split(1, ((2, 30),)), "certified"))
    return failing


@pytest.mark.parametrize("verb", [aborted, gone_back])
def test_what_was_done_stands_where_the_look_out_fails(
    scene: Scene, verb: Callable[[Scene], Result]
) -> None:
    failing = overtaken(scene)

    def die() -> None:
        failing.dead = True

    scene.asleep = [die]
    ended = verb(scene)
    assert (ended.exit_code, ended.changed, ended.after) == (0, True, Split(1))
    assert "looked no longer: no answer; agentramp promote looks again" in scene.said


def test_unknown_traffic_is_never_hidden(scene: Scene) -> None:
    failing = overtaken(scene)

    def die() -> None:
        failing.dead, failing.error = True, WayBackFailedError

    scene.asleep = [die]
    with pytest.raises(WayBackFailedError):
        aborted(scene)


def test_after_a_hold_for_a_person_comes_their_approval(scene: Scene) -> None:
    first = replace(
        APPROVED, rungs=(replace(APPROVED.rungs[0], approval=True), *APPROVED.rungs[1:])
    )
    scene.goes_by(policy=first)
    args = arguments("release", "agents/chat", "--platform", "local", "--journal", "file")
    begun = release.ramped(args, scene.context, scene.where, scene.seen, 2)
    command = "agentramp approve agents/chat --platform=local --journal=file --weight=10"
    assert (begun.verdict, begun.next) == ("hold", command)
    held = promoted(scene, "agents/chat", "--platform", "local", "--journal", "file")
    assert (held.verdict, held.next) == ("hold", command)


def test_a_replacement_that_waits_for_a_person_gets_no_traffic_and_says_so(scene: Scene) -> None:
    scene.begins(2)
    waits = replace(
        DEFAULT_POLICY,
        rungs=(Rung(50, 0, 0, approval=True), Rung(100, 0, 0)),
        on_release=OnRelease.REPLACE,
    )
    scene.goes_by(policy=waits)
    begun = release.ramped(arguments("release"), scene.context, scene.where, scene.seen, 3)
    assert (begun.verdict, begun.after) == ("hold", Split(1))
    assert begun.next == "agentramp approve --weight=50"


def refused_early(scene: Scene) -> None:
    release.refuse_early(arguments("release"), scene.where)


def test_a_release_is_refused_before_it_deploys(scene: Scene) -> None:
    refused_early(scene)
    scene.by_hand(Split(LATEST))
    with pytest.raises(UnsupportedError, match="follows LATEST"):
        refused_early(scene)
    scene.by_hand(Split(1, ((3, 5),)))
    with pytest.raises(SupersededError, match="no ramp began"):
        refused_early(scene)
    scene.by_hand(Split(1))
    scene.begins()
    refused_early(scene)
    scene.goes_by(policy=Policy(on_release=OnRelease.REJECT))
    with pytest.raises(SupersededError, match="version 2 is on trial"):
        refused_early(scene)


def ahead(scene: Scene, version: int = 4) -> Result:
    args: argparse.Namespace = arguments("release", "--dry-run")
    runtime = scene.seen.observed.runtime
    assert runtime
    seen = release.with_version(scene.seen, runtime.spec, version)
    return release.ramped(args, scene.context, scene.where, seen, version)


def test_a_dry_run_shows_the_first_step(scene: Scene) -> None:
    told = ahead(scene)
    assert (told.dry_run, told.changed, told.verdict) == (True, False, "advance")
    assert told.message == ("the ramp of version 4 would begin: production serves v1 90 %, v4 10 %")
    assert (scene.split(), scene.journal.records) == (Split(1), {})
    assert "will   move production: v1 100 % -> v1 90 %, v4 10 %" in scene.said


def test_a_dry_run_shows_the_queue(scene: Scene) -> None:
    scene.begins(2)
    before = dict(scene.journal.records)
    assert ahead(scene).message == "version 2 is on trial, so version 4 waits for its end"
    assert scene.journal.records == before


def test_a_dry_run_of_the_first_release(scene: Scene) -> None:
    runtime = scene.seen.observed.runtime
    assert runtime
    scene.platform.shelves.clear()
    seen = release.with_version(scene.seen, runtime.spec, 1)
    told = release.ramped(arguments("release", "--dry-run"), scene.context, scene.where, seen, 1)
    assert "so version 1 takes it all" in told.message
    assert told.after == Split(1)

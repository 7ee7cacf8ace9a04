"""What a run says it was about: its version, the one before, and the verdict."""

import io
import json
from pathlib import Path

import pytest

from agentramp.model import Split
from agentramp.plan import Plan, Subject, UpdateRuntime
from agentramp.policy import OnRelease, Policy, Rung
from agentramp.record import Moved, Paused, Queued
from agentramp.report import json as report
from agentramp.report.github.page import Page
from agentramp.report.result import Result
from agentramp.verbs import abort, promote, release, rollback, shift_traffic
from agentramp.wiring.notify import Teller
from tests.verbs.scene import RUNTIME, Scene, arguments
from tests.verbs.test_gates import program


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def promoted(scene: Scene, *words: str) -> Result:
    args = arguments("promote", *words)
    return promote.once(args, scene.context, scene.where, Teller(scene.context, scene.where))


def released(scene: Scene, version: int, *words: str) -> Result:
    args = arguments("release", *words)
    return release.ramped(args, scene.context, scene.where, scene.seen, version)


def aborted(scene: Scene) -> Result:
    return abort.ended(arguments("abort"), scene.context, scene.where)


def gone_back(scene: Scene, *words: str) -> Result:
    return rollback.gone_back(arguments("rollback", *words), scene.context, scene.where)


def shifted(scene: Scene, version: int, weight: int) -> Result:
    args = arguments("shift-traffic", f"--version={version}", f"--weight={weight}")
    return shift_traffic.shifted(args, scene.context, scene.where)


def about(result: Result) -> tuple[int | str | None, int | str | None]:
    return result.version, result.previous_version


def waiting(scene: Scene) -> None:
    scene.wrote(Moved(None, Split(1)), verb="release")
    scene.wrote(Queued(3), verb="release")


def test_a_release_is_about_the_version_that_it_puts_on_trial(scene: Scene) -> None:
    assert about(released(scene, 2, "--dry-run")) == (2, 1)
    assert about(released(scene, 2)) == (2, 1)
    assert about(released(scene, 2)) == (2, 1), "again, while it is on trial"
    assert about(released(scene, 3)) == (3, 1), "it waits"


def test_what_serves_already_has_no_version_before_it(scene: Scene) -> None:
    assert about(released(scene, 1)) == (1, None)
    assert about(promoted(scene)) == (1, None)
    assert about(aborted(scene)) == (1, None)
    assert about(gone_back(scene, "--version=1")) == (1, None)


def test_a_step_of_a_ramp_is_about_the_canary(scene: Scene) -> None:
    released(scene, 2)
    assert about(promoted(scene)) == (2, 1)


def test_a_tick_that_begins_a_ramp_is_about_the_one_that_waited(scene: Scene) -> None:
    waiting(scene)
    assert about(promoted(scene, "--dry-run")) == (3, 1)
    assert about(promoted(scene)) == (3, 1)


def test_who_goes_back_tells_which_one_lost_its_sessions(scene: Scene) -> None:
    released(scene, 2)
    assert about(aborted(scene)) == (1, 2)
    released(scene, 3)
    assert about(gone_back(scene)) == (1, 3)
    shifted(scene, 2, 100)
    assert about(gone_back(scene)) == (1, 2)


def test_a_shift_is_about_the_version_that_is_named(scene: Scene) -> None:
    assert about(shifted(scene, 2, 10)) == (2, 1)
    assert about(shifted(scene, 2, 0)) == (2, 1)
    assert about(shifted(scene, 2, 100)) == (2, 1)
    assert about(shifted(scene, 2, 100)) == (2, None)


def test_the_next_weight_is_that_of_the_file(scene: Scene) -> None:
    assert shifted(scene, 2, 10).next == "agentramp shift-traffic --version=2 --weight=30"
    scene.goes_by(policy=Policy(rungs=(Rung(25, 0, 0), Rung(100, 0, 0))))
    assert shifted(scene, 2, 12).next == "agentramp shift-traffic --version=2 --weight=25"
    assert shifted(scene, 2, 25).next == "agentramp shift-traffic --version=2 --weight=100"
    assert shifted(scene, 2, 100).next is None


def test_why_nothing_moves_is_told_once(scene: Scene) -> None:
    """The result says it; what is said before that is for what the result leaves out."""
    said = scene.context.console.stream
    assert isinstance(said, io.StringIO)
    for told in (promoted(scene), shifted(scene, 1, 100), aborted(scene)):
        assert told.message not in said.getvalue()
    released(scene, 2)
    held = promoted(scene)
    assert held.message.startswith("hold: ")
    assert held.message not in said.getvalue()


def test_a_version_that_a_gate_stops_was_never_rolled_back(scene: Scene) -> None:
    scene.goes_by(gates=(program(scene.folder, 1),))
    told = released(scene, 2)
    assert about(told) == (2, 1)
    assert (told.verdict, told.exit_code, told.stopped) == ("rollback", 4, True)
    waiting(scene)
    told = promoted(scene)
    assert about(told) == (3, 1)
    assert (told.verdict, told.exit_code, told.stopped) == ("rollback", 4, True)


def test_a_release_that_is_repeated_holds_while_its_ramp_goes_on(scene: Scene) -> None:
    released(scene, 2)
    for words in ((), ("--dry-run",)):
        told = released(scene, 2, *words)
        assert (told.verdict, told.next) == ("hold", "agentramp promote")
        assert told.message == "version 2 is on its ramp already, at 10 %"
    scene.wrote(Paused("lunch"))
    promoted(scene)
    told = released(scene, 2)
    assert told.next == "agentramp resume"
    assert told.message.startswith("version 2 is on its ramp already, at 10 %; ")
    assert released(scene, 1).verdict == "hold", "the stable version has a canary beside it"


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_a_version_that_waits_holds(scene: Scene, words: tuple[str, ...]) -> None:
    released(scene, 2)
    assert released(scene, 3, *words).verdict == "hold"
    released(scene, 3)
    told = released(scene, 3, *words)
    assert told.verdict == "hold"
    assert told.message.startswith("version 3 waits already for the ramp of 2 to end")


def test_without_a_ramp_there_is_nothing_to_rule_on(scene: Scene) -> None:
    assert released(scene, 1).verdict == "none"
    assert promoted(scene).verdict == "none"


def test_one_that_replaces_another_is_after_the_stable_one(scene: Scene) -> None:
    released(scene, 2)
    policy = Policy(rungs=(Rung(10, 0, 0), Rung(100, 0, 0)), on_release=OnRelease.REPLACE)
    scene.goes_by(policy=policy)
    assert about(released(scene, 3)) == (3, 1)


def ahead(scene: Scene) -> Result:
    """A dry run of a release that would change the head."""
    observed = scene.seen.observed
    assert observed.runtime
    change = UpdateRuntime(observed.runtime.id, observed.runtime.spec, None, ())
    deployed = Result("deploy", "would change", plan=Plan("deploy", Subject(RUNTIME), (change,)))
    args = arguments("release", "--dry-run")
    return release.ahead(args, scene.context, scene.where, observed.runtime.spec, deployed)


def test_a_dry_run_shows_the_deploy_and_the_move_with_its_way_back(scene: Scene) -> None:
    told = ahead(scene)
    assert (about(told), told.verdict) == ((4, 1), "advance")
    said = json.loads(report.result(told))
    assert [step["step"] for step in said["plan"]["steps"]] == ["UpdateRuntime"]
    move = "move production: v1 100 % -> v1 90 %, v4 10 %"
    back = "move production: v1 90 %, v4 10 % -> v1 100 %"
    (ramp,) = said["endpoints"]
    assert move in [step["text"] for step in ramp["steps"]]
    assert [step["text"] for step in ramp["way_back"]] == [back]
    page = Page("agentramp release").of(told)
    assert page.index("update runtime agent") < page.index(move) < page.index(back)


def test_a_dry_run_of_what_would_wait_holds(scene: Scene) -> None:
    released(scene, 2)
    told = ahead(scene)
    assert (about(told), told.verdict) == ((4, 1), "hold")
    assert "version 2 is on trial, so version 4 waits for its end" in told.message

"""promote --watch: how it ends when others end the ramp it watches."""

from pathlib import Path

import pytest

from agentramp.errors import SupersededError
from agentramp.judge.verdict import Decision
from agentramp.model import Split
from agentramp.planning import plan_abort
from agentramp.record import Judged
from agentramp.report.result import Result
from agentramp.verbs import promote
from agentramp.wiring.notify import Teller
from agentramp.wiring.watch import watched
from tests.verbs.scene import Scene, arguments

SENTENCE = "rolled back: 9 of 20 canary sessions failed against 1 of 180 on version 1 (E = 312)"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    scene = Scene(tmp_path)
    scene.begins()
    return scene


def watch(scene: Scene, *words: str) -> Result:
    args = arguments("promote", "--watch", "--interval", "1s", *words)
    tell = Teller(scene.context, scene.where)
    where = scene.where
    return watched(
        args, scene.context, where, lambda: promote.once(args, scene.context, where, tell)
    )


def test_what_another_run_rolled_back_ends_with_4_and_its_sentence(scene: Scene) -> None:
    def roll_back() -> None:
        ramp = scene.standing.ramp
        assert ramp
        scene.wrote(Judged(ramp.id, Decision.ROLLBACK, SENTENCE, 312, 100, scene.now))
        scene.is_moved(Split(1), reason=SENTENCE)

    scene.asleep = [roll_back]
    ended = watch(scene)
    assert (ended.exit_code, ended.verdict, ended.message) == (4, "rollback", SENTENCE)
    assert (ended.version, ended.after, ended.changed) == (2, Split(1), True)
    assert ended.next is None


def test_what_another_run_promoted_ends_with_0(scene: Scene) -> None:
    scene.asleep = [lambda: scene.is_moved(Split(2), reason="certified")]
    ended = watch(scene)
    assert (ended.exit_code, ended.verdict) == (0, "advance")
    assert ended.message == "version 2 was promoted (promote by another: certified)"


def test_what_a_person_aborted_ends_with_6_and_names_them(scene: Scene) -> None:
    scene.asleep = [lambda: scene.does(plan_abort(scene.seen, "it is late"), "ann")]
    with pytest.raises(SupersededError, match="abort by ann: it is late") as ended:
        watch(scene)
    assert ended.value.exit_code == 6
    assert ended.value.advice == "agentramp history tells what was done"


def test_another_ramp_in_its_place_is_not_the_one_that_was_watched(scene: Scene) -> None:
    def replaced() -> None:
        scene.is_moved(Split(1), verb="release", reason="replaced by version 3")
        scene.begins(3)

    scene.asleep = [replaced]
    with pytest.raises(SupersededError, match=r"the ramp of version 2 .*replaced by version 3"):
        watch(scene)
    assert scene.split() == Split(1, ((3, 10),))


def test_a_ramp_that_ended_before_is_not_the_one_that_is_watched(scene: Scene) -> None:
    scene.does(plan_abort(scene.seen, "too early"), "ann")
    scene.begins(3)
    scene.asleep = [lambda: scene.is_moved(Split(3), reason="certified")]
    ended = watch(scene)
    assert (ended.exit_code, ended.version, ended.after) == (0, 3, Split(3))


def test_where_there_is_no_ramp_nothing_is_watched(tmp_path: Path) -> None:
    ended = watch(Scene(tmp_path))
    assert (ended.exit_code, ended.verdict, ended.changed) == (0, "none", False)


def test_an_interrupted_watch_leaves_the_ramp_and_says_so(scene: Scene) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    scene.asleep = [interrupt]
    before = scene.split()
    with pytest.raises(KeyboardInterrupt):
        watch(scene)
    assert scene.split() == before
    assert "the ramp stays as it is, and promote goes on with it" in scene.said

"""An interrupted run says what serves, and who cuts a release short gets no canary by a tick."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agentramp.errors import Interrupted
from agentramp.journal.memory import MemoryJournal
from agentramp.model import Endpoint, Observed, Split
from agentramp.plan import Subject
from agentramp.planning import plan_abort
from agentramp.platform.memory import MemoryPlatform
from agentramp.platform.port import UnreachableError
from agentramp.policy import OnRelease, Policy, Rung
from agentramp.ramp import Ending
from agentramp.record import Begun, Event, Moved, Moving, Queued, Record
from agentramp.report.result import Result
from agentramp.verbs import promote, release
from agentramp.wiring import interruption
from agentramp.wiring.notify import Teller
from tests.verbs.scene import Scene, arguments

FIRST = Split(1, ((2, 10),))
STEPS = (Rung(10, 0, 0), Rung(100, 0, 0))


@dataclass
class Cut(MemoryPlatform):
    """A person's Ctrl-C comes in the next call of ``set_split``, before or after its effect."""

    when: str = ""
    silent: bool = False

    def set_split(self, runtime_id: str, endpoint_id: str, split: Split) -> Endpoint:
        when, self.when = self.when, ""
        if when == "before":
            raise KeyboardInterrupt
        found = super().set_split(runtime_id, endpoint_id, split)
        if when == "after":
            raise KeyboardInterrupt
        return found

    def observe(self, runtime_name: str) -> Observed:
        if self.silent:
            raise UnreachableError("no answer")
        return super().observe(runtime_name)


@dataclass
class CutJournal(MemoryJournal):
    """It comes in the middle of writing a record of this kind, before or after it is there."""

    kind: type[Event] | None = None
    arrives: bool = True

    def append(self, subject: Subject, *records: Record, expected: int) -> None:
        cut = self.kind is not None and any(isinstance(one.event, self.kind) for one in records)
        if cut:
            self.kind = None
        if not cut or self.arrives:
            super().append(subject, *records, expected=expected)
        if cut:
            raise KeyboardInterrupt


@dataclass
class World:
    scene: Scene
    platform: Cut = field(init=False)
    journal: CutJournal = field(default_factory=CutJournal)

    def __post_init__(self) -> None:
        there = self.scene.platform
        self.platform = Cut(there.shelves, there.clock, numbers=there.numbers)
        self.scene.platform, self.scene.journal = self.platform, self.journal

    def releases(self, version: int = 2) -> Result:
        args, scene = arguments("release"), self.scene
        with interruption.told(args, scene.where, "agentramp release"):
            return release.ramped(args, scene.context, scene.where, scene.seen, version)

    def promotes(self, *words: str) -> Result:
        args, scene = arguments("promote", *words), self.scene
        teller = Teller(scene.context, scene.where)
        with interruption.told(args, scene.where, "agentramp promote"):
            return promote.once(args, scene.context, scene.where, teller)

    def cut(self, run: Callable[[], object]) -> Interrupted:
        with pytest.raises(Interrupted) as told:
            run()
        return told.value


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(Scene(tmp_path))
    world.scene.goes_by(policy=Policy(rungs=STEPS))
    return world


def in_the_move(when: str) -> Callable[[World], None]:
    return lambda world: setattr(world.platform, "when", when)


def in_the_journal(kind: type[Event], *, arrives: bool) -> Callable[[World], None]:
    def cut(world: World) -> None:
        world.journal.kind, world.journal.arrives = kind, arrives

    return cut


@pytest.mark.parametrize(
    "comes",
    [
        in_the_move("before"),
        in_the_move("after"),
        *(
            in_the_journal(kind, arrives=arrives)
            for kind in (Begun, Moving, Moved)
            for arrives in (False, True)
        ),
    ],
)
def test_no_tick_begins_a_ramp_whose_first_step_was_cut_short(
    world: World, comes: Callable[[World], None]
) -> None:
    comes(world)
    told = world.cut(world.releases)
    assert (told.exit_code, world.scene.split()) == (130, Split(1))
    assert told.message.startswith("interrupted: production serves v1 100 %; ")
    now = world.scene.standing
    assert (now.ramp, now.open, now.rejected) == (None, None, ())
    assert now.ended is None or now.ended.ending is Ending.ROLLED_BACK
    ticked = world.promotes()
    assert (ticked.verdict, world.scene.split()) == ("none", Split(1))
    assert world.releases().verdict == "advance", "nobody has to ask for a second chance"


def test_what_a_cut_release_says_and_leaves_in_the_journal(world: World) -> None:
    world.platform.when = "after"
    told = world.cut(world.releases)
    assert told.message.endswith("; the trial of version 2 is ended")
    assert told.advice == "no tick begins it again; agentramp release does"
    assert "went back: production serves v1 100 %" in world.scene.said
    assert [(one.verb, type(one.event)) for one in world.journal.read(world.scene.subject)] == [
        ("release", Begun),
        ("release", Moving),
        ("abort", Moving),
        ("abort", Moved),
    ], "it is written once: a runner leaves a cancelled step a few seconds"


def test_a_run_that_dies_in_that_way_back_is_finished_as_an_abort(world: World) -> None:
    class Killed(CutJournal):
        def append(self, subject: Subject, *records: Record, expected: int) -> None:
            super().append(subject, *records, expected=expected)
            if records[0].verb == "abort":
                raise SystemExit  # nothing of ours runs after it

    world.platform.when = "after"
    world.scene.journal = Killed(world.journal.records)
    with pytest.raises(SystemExit):
        world.releases()
    world.scene.journal = world.journal
    assert world.scene.split() == FIRST
    world.scene.now += 3600
    world.promotes()
    assert (world.scene.split(), world.scene.standing.ramp) == (Split(1), None)


def test_a_version_that_replaces_another_is_called_off_too(world: World) -> None:
    world.releases(2)
    world.scene.goes_by(policy=Policy(rungs=STEPS, on_release=OnRelease.REPLACE))
    world.journal.kind = Begun
    world.cut(lambda: world.releases(3))
    assert (world.scene.split(), world.scene.standing.ramp) == (Split(1), None)


def test_a_tick_that_is_cut_short_may_be_run_again(world: World) -> None:
    """A schedule's tick was not asked for by anybody: the ramp that waited goes on."""
    world.releases(2)
    world.scene.does(plan_abort(world.scene.seen))
    world.scene.wrote(Queued(3), verb="release")
    world.platform.when = "after"
    told = world.cut(world.promotes)
    assert told.message == (
        "interrupted: production serves v1 100 %; the ramp of version 3 has begun, and has no"
        " traffic yet"
    )
    assert told.advice == (
        "the next tick takes its first step (agentramp promote); to stop it: agentramp abort"
    )
    assert world.promotes().after == Split(1, ((3, 10),))


@pytest.mark.parametrize(
    ("events", "message", "advice"),
    [
        ((), "; no ramp is in progress", "nothing goes on by itself; to begin anew: again"),
        (
            (Moving(Split(1), FIRST),),
            "; a move to v1 90 %, v2 10 % was begun, and no end of it is known",
            "the next tick finishes it or puts it back: agentramp promote",
        ),
        (
            (Moved(None, Split(3)),),
            ", and the journal says v3 100 %",
            "the next tick looks into it: agentramp promote",
        ),
        (
            (Moved(None, Split(1)), Queued(3)),
            "; version 3 waits for its ramp",
            "the next tick begins it: agentramp promote",
        ),
    ],
)
def test_the_last_line_is_what_serves_and_what_comes_next(
    world: World, events: tuple[Event, ...], message: str, advice: str
) -> None:
    world.scene.wrote(*events)
    args = arguments("abort")
    told = world.cut(lambda: cut(args, world))
    assert told.message == f"interrupted: production serves v1 100 %{message}"
    assert told.advice == advice


def test_a_canary_that_serves_stays_and_can_be_stopped(world: World) -> None:
    world.releases()
    told = world.cut(lambda: cut(arguments("promote"), world))
    assert told.message == (
        "interrupted: production serves v1 90 %, v2 10 %; version 2 stays on trial"
    )
    assert told.advice == (
        "the next tick goes on with it (agentramp promote); to stop it: agentramp abort"
    )


def test_where_nothing_can_be_read_that_is_said(world: World) -> None:
    world.platform.silent = True
    told = world.cut(lambda: cut(arguments("abort"), world))
    assert told.message == "interrupted, and where traffic is could not be read: no answer"
    assert told.advice == "look, then run it again to go on: agentramp status"


def test_a_dry_run_that_is_cut_short_has_nothing_to_say(world: World) -> None:
    with pytest.raises(KeyboardInterrupt) as told:
        cut(arguments("abort", "--dry-run"), world)
    assert not isinstance(told.value, Interrupted)


def cut(args: object, world: World) -> None:
    with interruption.told(args, world.scene.where, "again"):  # type: ignore[arg-type]
        raise KeyboardInterrupt

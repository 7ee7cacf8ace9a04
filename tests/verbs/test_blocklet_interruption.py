"""A run that dies anywhere is run again, and comes to the same end; of two at once one acts."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from agentramp.component import Application
from agentramp.errors import AgentrampError, SupersededError, UsageError, WayBackFailedError
from agentramp.journal.memory import MemoryJournal
from agentramp.plan import Subject
from agentramp.platform.blocklet.did import canary_did
from agentramp.platform.memory_components import MemoryComponents
from agentramp.platform.port import PlatformError
from agentramp.report.result import Result
from agentramp.wiring.blocklet import aborting, deploying, place, promoting, removing, returning
from agentramp.wiring.blocklet.place import Place
from agentramp.wiring.blocklet.project import project
from tests.blocklet.server import BlockletServer, blocklet_server
from tests.blocklet.state import State
from tests.verbs.blocklet_scene import DID, MOUNT, NAME, Scene
from tests.verbs.scene import arguments

TRIED = f"{MOUNT}-canary"
APP = "zNKapplication"
LEAST = 3
"""Calls that each verb makes at least."""


class KilledError(BaseException):
    """As SIGKILL does it: nothing of the run comes after it."""


@dataclass
class Dying:
    """A port whose calls are counted; at the ``at``-th the run dies, before or after it is done."""

    port: Any
    count: "Count"

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.port, name)
        if not callable(found) or name == "hold":
            return found

        def called(*args: Any, **named: Any) -> Any:
            self.count.step(after=False)
            made = found(*args, **named)
            self.count.step(after=True)
            return made

        return called


@dataclass
class Count:
    at: int = -1
    error: type[BaseException] = KilledError
    after: bool = False
    made: int = 0

    def step(self, *, after: bool) -> None:
        if after is not self.after:
            return
        self.made += 1
        if self.made == self.at:
            raise self.error


@dataclass
class World:
    """A server and a journal in memory that outlive each run; ``home`` outlives it too."""

    scene: Scene
    components: MemoryComponents = field(
        default_factory=lambda: MemoryComponents(
            Application(APP, "App", "https://app.example", "1.0.0")
        )
    )
    journal: MemoryJournal = field(default_factory=MemoryJournal)

    def runs(self, verb: str, *words: str, count: Count | None = None) -> Result:
        count = count or Count()
        args = arguments(verb, str(self.scene.folder), "--platform", "blocklet", *words)
        context = self.scene.context()
        made_for = project(args, context)
        dying = Dying(self.components, count)
        where = place.at(args, context, made_for, self.scene.identity, dying)
        where = replace(where, journal=Dying(self.journal, count))
        return WAYS[verb](args, context, where)

    @property
    def stands(self) -> dict[str, str]:
        found = self.components.application
        assert found
        return {one.mount_point: one.version for one in found.components}


def _tried_or_deployed(args: Any, context: Any, where: Place) -> Result:
    way = deploying.tried if args.canary else deploying.deployed
    return way(args, context, where)


WAYS: dict[str, Callable[..., Result]] = {
    "deploy": _tried_or_deployed,
    "promote": promoting.promoted,
    "abort": aborting.aborted,
    "rollback": returning.returned,
    "remove": removing.removed,
}


@dataclass
class Story:
    """What is there before the verb, and what is there once it has come to its end."""

    verb: str
    words: tuple[str, ...]
    before: Callable[[World], None]
    end: dict[str, str]
    refused: tuple[type[Exception], ...] = ()


def nothing(_: World) -> None: ...


def one(world: World) -> None:
    world.runs("deploy")
    world.scene.writes("two")


def tried(world: World) -> None:
    one(world)
    world.runs("deploy", "--canary")


def two(world: World) -> None:
    one(world)
    world.runs("deploy")


STORIES = {
    "first": Story("deploy", (), nothing, {MOUNT: "0.1.0"}),
    "second": Story("deploy", (), one, {MOUNT: "0.1.1"}),
    "canary": Story("deploy", ("--canary",), one, {MOUNT: "0.1.0", TRIED: "0.1.1"}),
    "promote": Story("promote", (), tried, {MOUNT: "0.1.1"}, (UsageError,)),
    "abort": Story("abort", (), tried, {MOUNT: "0.1.0"}),
    "rollback": Story("rollback", ("--version", "0.1.0"), two, {MOUNT: "0.1.0"}),
    "remove": Story("remove", ("--yes",), tried, {}),
}


def fresh(folder: Path) -> World:
    return World(Scene(folder / "project", BlockletServer(State(APP))))


@dataclass
class Beginning:
    """What a story begins with is made once, and copied for each time it is told."""

    folder: Path
    world: World
    made: int = 0

    def again(self) -> World:
        self.made += 1
        folder = self.folder.parent / str(self.made)
        shutil.copytree(self.folder, folder)
        scene = replace(self.world.scene, folder=folder / "project")
        journal = MemoryJournal()
        subject = Subject(NAME, "production")
        journal.append(subject, *self.world.journal.read(subject), expected=0)
        return World(scene, copy(self.world.components), journal)


@pytest.mark.parametrize(
    ("error", "after"), [(KilledError, False), (KilledError, True), (KeyboardInterrupt, True)]
)
@pytest.mark.parametrize("name", STORIES)
def test_cut_short_at_every_call(
    tmp_path: Path, name: str, *, after: bool, error: type[BaseException]
) -> None:
    story, at, is_cut = STORIES[name], 0, True
    (tmp_path / "0").mkdir()
    beginning = Beginning(tmp_path / "0", fresh(tmp_path / "0"))
    story.before(beginning.world)
    while is_cut:
        at += 1
        world = beginning.again()
        count = Count(at, error, after)
        is_cut = False
        try:
            world.runs(story.verb, *story.words, count=count)
        except (KilledError, KeyboardInterrupt):
            is_cut = True
        except WayBackFailedError:  # the way back was cut, and says so
            is_cut = True
        # A promotion that was done whole finds no canary the second time, and says so.
        with suppress(*story.refused):
            world.runs(story.verb, *story.words)
        assert world.stands == story.end, f"cut at call {at}"
    assert at > LEAST


def test_another_run_holds_it(tmp_path: Path) -> None:
    world = fresh(tmp_path)
    with (
        world.journal.hold(Subject(NAME, "production")),
        pytest.raises(SupersededError) as caught,
    ):
        world.runs("deploy")
    assert caught.value.exit_code == 6
    assert world.stands == {}


@dataclass
class Clinging(MemoryComponents):
    """One of its components cannot be removed; others can."""

    stuck: str = DID

    def remove(self, did: str) -> None:
        if did == self.stuck:
            raise PlatformError("the server will not let it go")
        super().remove(did)


def test_half_a_removal_is_told_as_such(tmp_path: Path) -> None:
    world = fresh(tmp_path)
    world.components = Clinging(world.components.application)
    tried(world)
    with pytest.raises(WayBackFailedError, match="removed for good: ") as caught:
        world.runs("remove", "--yes")
    assert caught.value.exit_code == 5
    assert world.stands == {MOUNT: "0.1.0"}


def test_a_promotion_whose_canary_stays_is_told_as_half_done(tmp_path: Path) -> None:
    world = fresh(tmp_path)
    clinging = Clinging(world.components.application, stuck=canary_did(DID))
    world.components = clinging
    tried(world)
    for code in (5, 3):  # the second run finds the new version, and changes nothing
        with pytest.raises(AgentrampError) as caught:
            world.runs("promote")
        assert (caught.value.exit_code, "0.1.1" in str(caught.value)) == (code, code == 5)
    assert world.stands == {MOUNT: "0.1.1", f"{MOUNT}-canary": "0.1.1"}
    clinging.stuck = ""
    world.runs("promote")
    assert world.stands == {MOUNT: "0.1.1"}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with blocklet_server() as server:
        yield Scene(tmp_path / "project", server)


def process(scene: Scene, *words: str) -> "subprocess.Popen[str]":
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB")}
    environ |= {**scene.environ, "AGENTRAMP_HOME": str(scene.folder.parent / "home")}
    command = [sys.executable, "-m", "agentramp", *words]
    return subprocess.Popen(
        command,
        cwd=scene.folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(run: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = run.communicate(timeout=60)
    return run.returncode, out, err


def test_two_processes_at_once(scene: Scene) -> None:
    """However they meet: one acts, and the other gives way or finds nothing left to do."""
    both = [process(scene, "deploy"), process(scene, "deploy")]
    codes = [ended(run)[0] for run in both]
    assert set(codes) <= {0, 6}
    assert 0 in codes
    assert scene.server.count("installComponent") == 1
    assert scene.stands == {MOUNT: "0.1.0"}


def stopped_at(run: "subprocess.Popen[str]", scene: Scene, number: signal.Signals) -> None:
    """Once the server has been asked to install; a run that has ended by then has ended whole."""
    while run.poll() is None and "installComponent" not in scene.server.operations:
        time.sleep(0.005)
    run.send_signal(number)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_is_stopped_while_it_installs(scene: Scene, number: signal.Signals) -> None:
    run = process(scene, "deploy")
    stopped_at(run, scene, number)
    code, _, err = ended(run)
    assert code in {0, -signal.SIGKILL, 130}
    assert code != 130 or "interrupted: " in err
    assert code != 0 or scene.stands == {MOUNT: "0.1.0"}
    assert ended(process(scene, "deploy"))[0] == 0
    assert scene.stands == {MOUNT: "0.1.0"}
    assert set(scene.server.state.mounted) == {DID}

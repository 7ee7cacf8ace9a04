"""promote killed with SIGKILL at each of its calls, and doubled: it converges every time.

A run first counts the calls of a tick, to the platform and of git. Then each of them is the one
at which a run dies, after it had its effect: what a kill before the next call leaves behind is the
same, and before the first there is nothing. The endpoints are many, so that a kill meets a journal
of its own and the waits overlap.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agentramp.model import Split
from tests.release import chronicle
from tests.release.kills import At, Kill, Killed, Side, Turnstile, run_killed
from tests.release.plant import CLOCK, Plant, call, ended, settle, together

RAMP = """\
steps: [50, 70, 90, 100]
bake: 0s
min-sessions: 1
alpha: 0.1
certify: {margin: 0.4}
lease: 3s
evidence: {source: gateway, window: 1s, settle: 0s}
"""
LADDER = [Split(1, ((2, 50),)), Split(1, ((2, 70),)), Split(1, ((2, 90),)), Split(2)]
LEASE = 3 + 2 * CLOCK + 0.1
"""Seconds: the lease above, and what the clocks of the dead run and the next one may be off."""
STABLE, HEALTHY, FAILING = 1, 2, 3
LANES = 6
MOST_TICKS = 5
PAIRS, RIVALS = 3, 2


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Three versions are published: one that serves, a healthy one and one that fails."""
    plant = Plant.build(tmp_path_factory.mktemp("plant"), RAMP)
    try:
        assert [plant.publish(), plant.publish(), plant.publish(failing=100)] == [1, 2, 3]
        yield plant
    finally:
        plant.user.run("local", "stop")


@dataclass(frozen=True)
class Lane:
    """One endpoint on which runs die, one after the other."""

    plant: Plant
    folder: Path
    endpoint: str
    url: str

    @classmethod
    def open(cls, plant: Plant, folder: Path, endpoint: str) -> "Lane":
        return cls(plant, folder, endpoint, plant.open(endpoint, STABLE))

    @property
    def split(self) -> Split:
        return self.plant.found(self.endpoint).split

    def begin(self, canary: int) -> None:
        self.plant.begin(self.endpoint, canary)

    def show(self) -> None:
        """Evidence for one step; what is called in its first second does not count."""
        time.sleep(2 * CLOCK)
        call(self.url)
        settle()

    def tick(self) -> tuple[int, dict[str, Any]]:
        done = ended(self.plant.start_at("promote", self.endpoint))
        assert done.code in {0, 4}, done.err
        return done.code, done.document

    def dies(self, kill: Kill) -> Killed:
        folder = self.folder / f"{self.endpoint}-{kill.side.value}"
        return run_killed(self.plant, folder, kill, "promote", "--endpoint", self.endpoint)

    def converge(self) -> list[tuple[int, str]]:
        """Clean ticks until nothing is open; gives how each ended."""
        ends = []
        for _ in range(MOST_TICKS):
            if self.plant.standing(self.endpoint).open:
                time.sleep(LEASE)
            code, told = self.tick()
            ends.append((code, told["verdict"]))
            if self.plant.standing(self.endpoint).open is None:
                return ends
        raise AssertionError(f"{self.endpoint} is still open after {ends}")


def counted(plant: Plant, folder: Path, endpoint: str, canary: int) -> tuple[Killed, list[Kill]]:
    """A tick that nobody kills, and each call that it made as the place of a kill."""
    lane = Lane.open(plant, folder, endpoint)
    lane.begin(canary)
    lane.show()
    whole = lane.dies(Kill())
    places = [Kill(At.PLATFORM, number + 1) for number in range(len(whole.platform))]
    places += [Kill(At.GIT, number + 1) for number in range(len(whole.git))]
    return whole, places


def in_lanes(work: Callable[[Kill], None], kills: list[Kill]) -> None:
    with ThreadPoolExecutor(LANES) as pool:
        for _ in pool.map(work, kills):
            pass


@pytest.mark.timeout(480)
def test_an_advance_killed_at_each_of_its_calls(plant: Plant, tmp_path: Path) -> None:
    whole, kills = counted(plant, tmp_path, "forward", HEALTHY)
    assert whole.ended.document["verdict"] == "advance"
    assert "PUT" in " ".join(whole.platform)
    assert sum(" push " in words for words in whole.git) == 3
    in_lanes(partial(advance_with_kills, plant, tmp_path), kills)


def advance_with_kills(plant: Plant, folder: Path, place: Kill) -> None:
    lane = Lane.open(plant, folder, f"forward-{place.at.value}-{place.number}")
    lane.begin(HEALTHY)
    lane.show()
    killed = lane.dies(replace(place, side=Side.AFTER))
    assert killed.is_dead, f"{place}: {killed}"
    ends = lane.converge()
    assert {code for code, _ in ends} == {0}, f"{place}: {ends}"
    assert LADDER.index(lane.split) in {0, 1}, f"{place}: {ends}"
    chronicle.check(plant, lane.endpoint)
    records = plant.journal.read(plant.subject(lane.endpoint))
    served = chronicle.splits(records)
    assert served == [Split(STABLE), *LADDER[: len(served) - 1]], place
    lane.show()
    assert lane.tick()[1]["verdict"] == "advance", place


@pytest.mark.timeout(480)
def test_a_rollback_killed_at_each_of_its_calls(plant: Plant, tmp_path: Path) -> None:
    whole, kills = counted(plant, tmp_path, "back", FAILING)
    assert whole.ended.code == 4
    assert sum(" push " in words for words in whole.git) == 3
    in_lanes(partial(roll_back_with_kills, plant, tmp_path), kills)


def roll_back_with_kills(plant: Plant, folder: Path, place: Kill) -> None:
    kill = replace(place, side=Side.AFTER)
    lane = Lane.open(plant, folder, f"back-{kill.at.value}-{kill.number}")
    lane.begin(FAILING)
    lane.show()
    killed = lane.dies(kill)
    assert killed.is_dead, f"{kill}: {killed}"
    ends = lane.converge()
    assert ends[-1] in {(4, "rollback"), (0, "none")}, f"{kill}: {ends}"
    assert lane.split == Split(STABLE), f"{kill}: {ends}"
    now = plant.standing(lane.endpoint)
    assert now.ramp is None
    assert now.rejected[-1][0] == FAILING
    chronicle.check(plant, lane.endpoint)
    records = plant.journal.read(plant.subject(lane.endpoint))
    trial = Split(STABLE, ((FAILING, 50),))
    assert chronicle.splits(records) == [Split(STABLE), trial, Split(STABLE)], kill


@pytest.mark.timeout(480)
@pytest.mark.parametrize("kind", ["git", "file"])
def test_of_two_promotes_at_once_one_acts(plant: Plant, tmp_path: Path, kind: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        pair = partial(promote_twice, replace(plant, kind=kind), tmp_path)
        ends = list(pool.map(pair, range(PAIRS)))
    assert {verdicts[0] for verdicts in ends} == {"advance"}
    assert {verdicts[1] for verdicts in ends} <= {"hold", "superseded"}


def promote_twice(plant: Plant, folder: Path, number: int) -> list[str]:
    """Gives both verdicts; one that comes when the other has ended finds too little to go on."""
    lane = Lane.open(plant, folder, f"twice-{plant.kind}-{number}")
    lane.begin(HEALTHY)
    lane.show()
    promote = partial(plant.start_at, "promote", lane.endpoint)
    both = together(promote, promote)
    assert [done.code for done in both] == [0, 0], both
    one_step_was_taken(lane)
    return sorted(done.document["verdict"] for done in both)


def one_step_was_taken(lane: Lane) -> None:
    assert lane.split == LADDER[1]
    chronicle.check(lane.plant, lane.endpoint)
    records = lane.plant.journal.read(lane.plant.subject(lane.endpoint))
    assert chronicle.splits(records) == [Split(STABLE), *LADDER[:2]]


@pytest.mark.parametrize("kind", ["git", "file"])
def test_a_promote_overtaken_between_evidence_and_act_is_superseded(
    plant: Plant, tmp_path: Path, kind: str
) -> None:
    plant = replace(plant, kind=kind)
    lane = Lane.open(plant, tmp_path, f"overtaken-{kind}")
    lane.begin(HEALTHY)
    lane.show()
    turnstile = Turnstile(plant.control_url, path="/agentramp/evidence")
    with turnstile.serving() as address:
        slow = plant.start_at("promote", lane.endpoint, AGENTRUN_CONTROL_ENDPOINT=address)
        assert turnstile.arrived.wait(60)
        assert lane.tick()[1]["verdict"] == "advance"
        turnstile.go.set()
        late = ended(slow)
    assert (late.code, late.document["verdict"]) == (0, "superseded"), late
    one_step_was_taken(lane)


@pytest.mark.timeout(480)
@pytest.mark.parametrize("kind", ["git", "file"])
def test_a_rollback_wins_over_a_promote_at_once(plant: Plant, tmp_path: Path, kind: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        pair = partial(promote_and_roll_back, replace(plant, kind=kind), tmp_path)
        list(pool.map(pair, range(RIVALS)))


def promote_and_roll_back(plant: Plant, folder: Path, number: int) -> None:
    lane = Lane.open(plant, folder, f"rivals-{plant.kind}-{number}")
    lane.begin(HEALTHY)
    lane.show()
    promoted, rolled_back = together(
        partial(plant.start_at, "promote", lane.endpoint),
        partial(plant.start_at, "rollback", lane.endpoint),
    )
    assert (promoted.code, rolled_back.code) == (0, 0), (promoted, rolled_back)
    assert lane.split == Split(STABLE), (promoted, rolled_back)
    assert plant.standing(lane.endpoint).ramp is None
    chronicle.check(plant, lane.endpoint)
    assert lane.tick()[1]["verdict"] == "none"

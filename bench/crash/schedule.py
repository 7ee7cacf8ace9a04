"""One schedule: drawn from its seed, run through its chaos, brought to rest, and checked."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from agentramp.errors import AgentrampError
from agentramp.ramp import standing
from bench.crash import commands
from bench.crash.commands import REAL, Claim, Run, Works
from bench.crash.invariants import Checked, check
from bench.crash.process import CALM, SKEW, Killed, Process, Weather
from bench.crash.start import POLICIES, STAGES, begin
from bench.crash.truth import SUBJECT, Truth
from bench.crash.world import World

REST_TICKS = 12
Command = Callable[[Run], Claim | None]


@dataclass
class Told:
    """What one schedule came to; ``broken`` pairs an invariant with what broke it."""

    seed: int
    counts: Counter[str]
    broken: list[tuple[str, str]] = field(default_factory=list)
    story: list[str] = field(default_factory=list)


def run(seed: int, works: Works = REAL, *, telling: bool = False) -> Told:
    schedule = _Schedule(seed, works, telling=telling)
    schedule.chaos()
    schedule.rest()
    return schedule.told()


class _Schedule:
    def __init__(self, seed: int, works: Works, *, telling: bool) -> None:
        random = Random(seed)  # noqa: S311 - a schedule, no secret
        self._seed, self._random, self._works = seed, random, works
        self._policy = random.randrange(len(POLICIES))
        stage = random.choice(STAGES)
        self._truth: Truth = begin(self._policy, stage)
        self._first = len(self._truth.records)
        self._world = World(self._truth, random, telling=telling)
        self._counts: Counter[str] = Counter()
        self._broken: list[tuple[str, str]] = []
        self._weather = _weather(random)
        self._bad = frozenset(v for v in (2, 3) if random.random() < 0.35)
        self._missing = 0.3 if random.random() < 0.2 else 0.0
        self._number = 0
        self._by_hand = stage not in {"new", "unknown"} and random.random() < 0.15
        self._lanes = _lanes(random, stage, by_hand=self._by_hand)
        self._world.tell("", f"policy {self._policy}, {stage}, bad {sorted(self._bad)}")
        self._world.tell("", str(self._weather))

    def chaos(self) -> None:
        jobs = [self._lane(number, lane) for number, lane in enumerate(self._lanes)]
        self._world.run(jobs)
        self._world.let_all_arrive()

    def _lane(self, number: int, lane: list[Command]) -> Callable[[], None]:
        def job() -> None:
            for command in lane:
                self._run(f"{'ABC'[number]}{self._next()}", command)
                self._world.pause(self._random.random() ** 2 * 240)

        return job

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _process(self, name: str, weather: Weather) -> Process:
        skew = self._random.uniform(-SKEW, SKEW)
        return Process(name, self._world, weather, skew, self._counts, blur=self._random.random())

    def _run(self, name: str, command: Command) -> None:
        process = self._process(name, self._weather)
        self._world.tell(name, f"begins {_name(command)}")
        run = Run(
            process,
            self._truth,
            POLICIES[self._policy],
            self._bad,
            self._missing,
            self._works,
        )
        try:
            claim = command(run)
        except Killed:
            return
        except KeyboardInterrupt:
            return
        except AgentrampError as error:
            self._counts[f"ended with {error.exit_code}"] += 1
            self._world.tell(name, f"ends with {error.exit_code}: {error}")
            return
        except Exception as error:  # noqa: BLE001 - any other error is a bug of the product
            self._break("no bug of ours", f"{_name(command)}: {error!r}")
            return
        self._counts["ended with 0"] += 1
        self._world.tell(name, f"ends well; serves {claim.split}" if claim else "ends well")
        if claim and not self._truth.served(claim.split, claim.since):
            words = f"{_name(command)} of {name} said {claim.split}; {self._truth.split} served"
            self._break("never success with another state", words)

    def _break(self, invariant: str, words: str) -> None:
        self._broken.append((invariant, words))
        self._world.tell("VIOLATION", f"{invariant}: {words}")

    def rest(self) -> None:
        """Clean ticks of a schedule that goes on, until there is nothing to mend."""
        for number in range(REST_TICKS):
            self._world.pause(POLICIES[self._policy].lease + 15)
            process = self._process(f"rest{number + 1}", CALM)
            resting = Run(process, self._truth, POLICIES[self._policy], self._bad, 0.0, self._works)
            ticked = self._works.tick(resting.desk(), SUBJECT)
            self._world.tell(process.name, f"{ticked.ruling.ruled.value}: {ticked.ruling.reason}")
            if self._truth.endpoint is None:
                return
            if ticked.ruling.drifted or (ticked.evidence is not None and self._is_quiet()):
                self._world.tell(process.name, f"at rest: {self._truth.split}")
                return
            if not ticked.ramp and not ticked.ruling.plan.steps and self._is_quiet():
                return
        self._break("at rest the platform serves the journal's split", "it never came to rest")

    def _is_quiet(self) -> bool:
        now = standing(self._truth.records)
        return now.open is None and now.settled in {None, self._truth.split}

    def told(self) -> Told:
        found: Checked = check(self._truth, self._first)
        for invariant, words in found.broken:
            self._break(invariant, words)
        self._counts.update(found.counts)
        self._counts["schedules with a person's hand"] += self._by_hand
        return Told(self._seed, self._counts, self._broken, self._world.story or [])


def _name(command: Command) -> str:
    return command.__name__


def _weather(random: Random) -> Weather:
    """From calm to stormy: each adversity is there in some schedules and not in others."""

    def chance(share: float, least: float, most: float) -> float:
        return random.uniform(least, most) if random.random() < share else 0.0

    return Weather(
        kill=chance(0.7, 0.01, 0.08),
        interrupt=chance(0.15, 0.005, 0.03),
        fault=chance(0.6, 0.02, 0.25),
        stall=chance(0.6, 0.01, 0.08),
        switch=random.uniform(0.1, 0.5),
        stale=chance(0.4, 0.05, 0.4),
        longest_stall=random.choice((60.0, 150.0, 600.0, 1500.0)),
    )


def release_2(run: Run) -> Claim | None:
    return commands.release(run, 2)


def release_3(run: Run) -> Claim | None:
    return commands.release(run, 3)


def release_1(run: Run) -> Claim | None:
    return commands.release(run, 1)


_OF_A_PERSON: tuple[Command, ...] = (
    commands.promote,
    commands.promote,
    commands.rollback,
    commands.rollback,
    commands.abort,
    commands.abort,
    release_2,
    release_3,
    commands.pause,
    commands.resume,
    commands.approve,
)
_BY_HAND: tuple[Command, ...] = (
    commands.move_by_hand,
    commands.move_by_hand,
    commands.adopt,
    commands.restore,
    commands.rollback,
    commands.promote,
)


def _lanes(random: Random, stage: str, *, by_hand: bool) -> list[list[Command]]:
    """A schedule's own runs, a person's or a second pipeline's, and now and then a third one's."""
    begins: dict[str, list[Command]] = {
        "new": [release_1, release_1],
        "unknown": [release_2],
        "stable": [release_2],
    }
    first = begins.get(stage, [])
    lanes: list[list[Command]] = [
        [*first, *[commands.promote] * random.randint(2, 4)],
        [*first[:1], *random.choices(_OF_A_PERSON, k=random.randint(1, 4))],
    ]
    if by_hand:
        lanes.append(random.choices(_BY_HAND, k=random.randint(1, 3)))
    elif random.random() < 0.2:
        lanes.append(random.choices(_OF_A_PERSON, k=random.randint(1, 3)))
    return lanes

"""A deterministic scheduler: the lanes are threads, one runs at a time, and time is simulated.

A lane runs until one of its calls hands the baton on; which lane is next is drawn from the
schedule's own seed, so a schedule runs the same way each time.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from threading import Lock, Thread

from bench.crash.truth import Truth


@dataclass
class Baton:
    """A thread that sleeps until it is handed the baton; reused from schedule to schedule."""

    lock: Lock = field(default_factory=Lock)
    job: Callable[[], None] | None = None
    thread: Thread | None = None

    def __post_init__(self) -> None:
        self.lock.acquire()
        self.thread = Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            self.lock.acquire()
            if self.job:
                self.job()


_BATONS: list[Baton] = []


@dataclass
class Lane:
    baton: Baton
    wake: float
    done: bool = False


class World:
    """Simulated time, the lanes that share it, and what is still on its way to arrive."""

    def __init__(self, truth: Truth, random: Random, *, telling: bool = False) -> None:
        self.truth = truth
        self.random = random
        self.story: list[str] | None = [] if telling else None
        self._began = truth.now
        self._lanes: list[Lane] = []
        self._current: Lane | None = None
        self._home = Lock()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def run(self, jobs: Sequence[Callable[[], None]]) -> None:
        """Run all jobs to their ends, interleaved."""
        while len(_BATONS) < len(jobs):
            _BATONS.append(Baton())
        self._home.acquire()
        for job, baton in zip(jobs, _BATONS, strict=False):
            lane = Lane(baton, self.truth.now + self.random.random() * 60)
            baton.job = self._whole(lane, job)
            self._lanes.append(lane)
        self._hand_on(self._next())
        self._home.acquire()
        self._current = None
        self._lanes = []

    def _whole(self, lane: Lane, job: Callable[[], None]) -> Callable[[], None]:
        def whole() -> None:
            try:
                job()
            finally:
                lane.done = True
                following = self._next()
                if following:
                    self._hand_on(following)
                else:
                    self._home.release()

        return whole

    def pause(self, seconds: float) -> None:
        """The lane that calls does nothing for ``seconds``; 0 only lets others go first."""
        me = self._current
        if me is None:
            self._advance(self.truth.now + seconds)
            return
        me.wake = self.truth.now + seconds
        following = self._next()
        if following and following is not me:
            self._hand_on(following)
            me.baton.lock.acquire()

    def pass_time(self, seconds: float) -> None:
        if self._due and self._due[0][0] <= self.truth.now + seconds:
            self._advance(self.truth.now + seconds)
        else:
            self.truth.now += seconds

    def later(self, seconds: float, arrive: Callable[[], None]) -> None:
        """Something sent now arrives when nobody waits for it any more."""
        self._number += 1
        heapq.heappush(self._due, (self.truth.now + seconds, self._number, arrive))

    def let_all_arrive(self) -> None:
        while self._due:
            self._advance(max(self.truth.now, self._due[0][0]))

    def tell(self, who: str, what: str) -> None:
        if self.story is not None:
            self.story.append(f"{self.truth.now - self._began:9.2f} s  {who:<12} {what}")

    def _hand_on(self, lane: Lane | None) -> None:
        self._current = lane
        if lane:
            lane.baton.lock.release()

    def _next(self) -> Lane | None:
        alive = [lane for lane in self._lanes if not lane.done]
        if not alive:
            return None
        soonest = min(lane.wake for lane in alive)
        if soonest > self.truth.now:
            self._advance(soonest)
        ready = [lane for lane in alive if lane.wake <= self.truth.now]
        return ready[int(self.random.random() * len(ready))]

    def _advance(self, until: float) -> None:
        while self._due and self._due[0][0] <= until:
            at, _, arrive = heapq.heappop(self._due)
            self.truth.now = max(self.truth.now, at)
            arrive()
        self.truth.now = max(self.truth.now, until)

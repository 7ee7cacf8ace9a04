"""One run of a command: it can be killed, stalled and lied to at each of its calls."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from bench.crash.world import World

T = TypeVar("T")
SKEW = 600.0
"""How far a runner's clock may be off, in seconds."""
RISK = 2.5
"""How much more befalls a write than a reading: there are fewer of them, and they matter more."""


class Killed(BaseException):
    """The process is gone; no code of it runs any more."""


@dataclass(frozen=True)
class Weather:
    """Chances for each call. ``stale`` is the greatest age of a reading, ``stall`` of a stall."""

    kill: float = 0.0
    interrupt: float = 0.0
    fault: float = 0.0
    stall: float = 0.0
    switch: float = 0.0
    stale: float = 0.0
    longest_stall: float = 600.0
    oldest: float = 55.0
    latest: float = 400.0


CALM = Weather()


@dataclass
class Process:
    """``name`` is unique, so that each record and each write can be told whose it is."""

    name: str
    world: World
    weather: Weather
    skew: float
    counts: Counter[str]
    ahead: float | None = None
    dead: bool = False
    blur: float = field(default=0.0)

    def call(
        self,
        what: str,
        effect: Callable[[], T],
        *,
        lost: Callable[[str], Exception] | None = None,
        late: Callable[[], None] | None = None,
    ) -> T:
        """Do ``effect`` with all that may befall it.

        ``lost`` makes the error of an answer that never came; ``late`` does the effect when
        nobody waits for it any more.
        """
        risk = RISK if late else 1.0
        self.meet(what, "before", risk)
        draw = self.world.random.random
        if lost and draw() < self.weather.fault * risk:
            self._fail(what, effect, lost, late)
        answer = effect()
        sent = self.world.truth.now
        self.world.tell(self.name, what)
        self.meet(what, "after", risk)
        mine = sent - self.clock() - self.blur
        self.ahead = mine if self.ahead is None else max(self.ahead, mine)
        return answer

    def _fail(
        self,
        what: str,
        effect: Callable[[], T],
        lost: Callable[[str], Exception],
        late: Callable[[], None] | None,
    ) -> None:
        draw = self.world.random.random
        kind = draw()
        if late is None or kind < 0.4:
            self._count(
                f"5xx before: {what.split(maxsplit=1)[0]}", f"{what}: 5xx, nothing was done"
            )
        elif kind < 0.75:
            self._count(
                f"answer lost: {what.split(maxsplit=1)[0]}", f"{what}: done, and the answer is lost"
            )
            effect()
        else:
            self._count(
                f"arrives late: {what.split(maxsplit=1)[0]}",
                f"{what}: no answer, and it is under way",
            )
            self.world.later(draw() * self.weather.latest, late)
            if kind > 0.92:
                self._die(what, "sent and not yet there")
        self.meet(what, "failed")
        raise lost(f"{what}: no answer")

    def meet(self, what: str, when: str, risk: float = 1.0) -> None:
        """Time passes; perhaps others go on, perhaps this process ends here."""
        if self.dead:
            raise Killed
        world, weather = self.world, self.weather
        if weather is CALM:
            return
        world.pass_time(0.05 + world.random.random())
        chance = world.random.random() / risk
        if chance < weather.kill:
            self._die(what, when)
        chance -= weather.kill
        if chance < weather.interrupt:
            self._count("interrupted", f"{when} {what}: Ctrl-C")
            raise KeyboardInterrupt
        chance -= weather.interrupt
        if chance < weather.stall:
            self.stall(what, when)
        elif chance < weather.stall + weather.switch:
            world.pause(0)

    def stall(self, what: str, when: str) -> None:
        seconds = self.world.random.random() ** 2 * self.weather.longest_stall
        self._count("stalls", f"{when} {what}: stalls for {seconds:.0f} s")
        self.world.pause(seconds)
        self.world.tell(self.name, "goes on")

    def age(self, what: str) -> float:
        """How old what is read now is; 0 for nearly all readings."""
        if self.world.random.random() >= self.weather.stale:
            return 0.0
        seconds = self.world.random.random() * self.weather.oldest
        self._count(
            f"stale: {what.split(maxsplit=1)[0]}", f"{what}: the answer is {seconds:.0f} s old"
        )
        return seconds

    def clock(self) -> float:
        """This machine's wall clock, and as good a monotonic one: only differences count."""
        return self.world.truth.now + self.skew

    def server_time(self) -> float:
        """As the adapter knows it: this machine's until the first answer came."""
        return self.clock() + (self.ahead or 0.0)

    def sleep(self, seconds: float) -> None:
        if self.dead:
            raise Killed
        self.world.pause(max(seconds, 0.0))
        self.meet("sleep", "after")

    def _die(self, what: str, when: str) -> None:
        self.dead = True
        self._count("kills", f"{when} {what}: KILLED")
        raise Killed

    def _count(self, kind: str, words: str) -> None:
        self.counts[kind] += 1
        self.world.tell(self.name, words)

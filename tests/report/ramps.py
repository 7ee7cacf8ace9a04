"""Journals as a season of releases would leave them, for tests and to look at by eye."""

import random
from dataclasses import dataclass, field

from agentramp.judge.judge import Judge
from agentramp.judge.verdict import Decision, Rules
from agentramp.judge.window import Arm, Metric, Spread, Tally, Window
from agentramp.model import Split
from agentramp.policy import Policy, Rung
from agentramp.record import (
    Adopted,
    Approved,
    Begun,
    Event,
    Judged,
    Moved,
    Moving,
    Paused,
    Queued,
    Record,
    Resumed,
    Undone,
)

START = 1_772_438_400.0  # 2026-03-02 08:00:00 UTC
LADDER = (10, 30, 50, 100)
HOSTILE = (
    "</script><script>alert('x')</script><img src=x onerror=alert(1)> &amp; \"q\" "
    "\x1b[31mred\x1b[0m\r\n\u202egnirts\u2066 \x00 \ud800 ]]> <!-- "
)
LONG = "the vendor's model was switched over and answers in another format " * 12


def rungs(bake: float = 600.0, least: int = 50, approval: int | None = None) -> tuple[Rung, ...]:
    return tuple(Rung(weight, bake, least, weight == approval) for weight in LADDER)


@dataclass
class Story:
    """Writes records as runs would; time goes on by itself."""

    now: float = START
    seed: int = 7
    by: str = "release #41 (octocat)"
    traffic: int = 900
    settled: Split = field(default_factory=lambda: Split(7))
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def keep(self, verb: str, event: Event) -> None:
        self.records.append(Record(verb, self.now, event, self.by))

    def move(self, verb: str, after: Split, reason: str = "") -> None:
        self.keep(verb, Moving(self.settled, after, reason))
        self.now += 2.4
        self.keep(verb, Moved(self.settled, after))
        self.settled = after

    def begin(self, canary: int, policy: Policy | None = None) -> None:
        stable = self.settled.stable
        assert isinstance(stable, int)
        self.policy = policy or Policy(rungs=rungs())
        self.ramp, self.stable, self.canary = f"v{stable}-v{canary}-0", stable, canary
        self.judge = Judge(self.policy.rules, stable_name=f"version {stable}")
        self.watermark = self.now
        self.keep("release", Begun(self.ramp, stable, canary, self.policy))
        self.step(self.policy.rungs[0].weight, "first step")

    def step(self, weight: int, reason: str) -> None:
        split = (
            Split(self.canary) if weight == 100 else Split(self.stable, ((self.canary, weight),))
        )
        self.move("release" if reason == "first step" else "promote", split, reason)
        self.weight, self.watermark = weight, self.now

    def window(self, canary: float, stable: float, **known: bool) -> Window:
        length = self.policy.window
        came = max(0, round(self.random.gauss(self.traffic, self.traffic**0.5)))
        there = sum(self.random.random() < self.weight / 100 for _ in range(came))
        window = Window(
            start=self.watermark,
            end=self.watermark + length,
            canary=self._arm(there, canary, **known),
            stable=self._arm(came - there, stable, **known),
            weight=self.weight,
        )
        self.watermark += length
        self.now = max(self.now, self.watermark + self.policy.settle + 20)
        return window

    def _arm(
        self, sessions: int, rate: float, *, quality: bool = False, latency: bool = False
    ) -> Arm:
        bad = sum(self.random.random() < rate for _ in range(sessions))
        poor = sum(self.random.random() < rate * 2 for _ in range(sessions))
        quick = sessions - bad
        total = sum(self.random.uniform(0.3, 0.9) for _ in range(sessions)) + bad * 2.0
        return Arm(
            Tally(sessions, bad),
            latency=Spread((0.5, 1.0), (quick // 2, quick - quick // 2, bad), total)
            if latency
            else None,
            quality=Tally(sessions, poor) if quality else None,
        )

    def tick(self, *windows: Window, said: str = "") -> Decision:
        verdict = self.judge.verdict
        for window in windows:
            verdict = self.judge.observe(window)
        decision = Decision.HOLD if said else verdict.decision
        judged = Judged(
            self.ramp, decision, said or verdict.reason, verdict.e, verdict.threshold,
            self.watermark, windows,
        )  # fmt: skip
        self.keep("promote", judged)
        return decision

    def blind(self, why: str) -> None:
        self.now += self.policy.window
        verdict = self.judge.verdict
        said = f"hold: no evidence: {why}"
        args = (said, verdict.e, verdict.threshold, self.watermark)
        self.keep("promote", Judged(self.ramp, Decision.HOLD, *args, blind=True))

    def climb(self, canary: float, stable: float, ticks: int = 3, **known: bool) -> bool:
        """Up the ladder until it ends; True where the evidence did not end it."""
        for weight in LADDER[LADDER.index(self.weight) + 1 :]:
            number = 0
            while number < ticks or self.judge.verdict.decision is not Decision.ADVANCE:
                number += 1
                window = self.window(canary, stable, **known)
                said = self.judge.verdict.reason.removeprefix("hold: ")
                left = f"hold: bakes at {self.weight} % for {(ticks - number) * 5}m more; {said}"
                hopeless = self.judge.verdict.decision is Decision.ROLLBACK
                self.tick(window, said=left if number < ticks and not hopeless else "")
                if self.judge.verdict.decision is Decision.ROLLBACK:
                    self._back()
                    return False
            self.step(weight, self.judge.verdict.reason)
        return True

    def _back(self) -> None:
        last = self.records[-1].event
        if isinstance(last, Judged) and last.decision is not Decision.ROLLBACK:
            self.tick()
        self.move("promote", Split(self.stable), self.judge.verdict.reason)


def healthy(story: Story | None = None) -> Story:
    story = story or Story()
    story.begin(8, Policy(rungs=rungs(bake=900.0)))
    story.climb(0.011, 0.012, latency=True)
    return story


def rolled_back(story: Story | None = None) -> Story:
    story = story or Story(seed=3, by="nightly #7 (schedule)", traffic=300)
    story.begin(9 if story.settled == Split(8) else 8, Policy(rungs=rungs(bake=900.0)))
    story.climb(0.06, 0.012)
    return story


def eventful() -> Story:
    """Paused, approved, drifted and adopted, queued behind, blind, and stopped by a person."""
    rules = Rules(budgets=((Metric.ERRORS, 0.6), (Metric.QUALITY, 0.4)), slo=0.08)
    story = Story(seed=5, by="")
    story.begin(8, Policy(rungs=rungs(approval=50), rules=rules))
    story.tick(*(story.window(0.02, 0.02, quality=True) for _ in range(3)))
    story.step(30, "certified: 1 of 41 canary sessions failed")
    story.by = "ada"
    story.keep("pause", Paused("waiting for the Monday meeting"))
    story.tick(*(story.window(0.02, 0.02, quality=True) for _ in range(2)), said="hold: paused")
    story.keep("release", Queued(9))
    story.keep("resume", Resumed())
    story.blind("the log service answered 503 twice")
    story.blind("the log service answered 503 twice")
    story.keep("promote", Moving(story.settled, Split(7, ((8, 50),)), "certified"))
    story.now += 300
    story.keep("promote", Undone(story.settled, story.settled))
    story.keep("adopt", Adopted(Split(7, ((8, 40),))))
    story.settled, story.weight = Split(7, ((8, 40),)), 40
    story.watermark = story.now
    story.begin(8, Policy(rungs=rungs(approval=50), rules=rules))
    story.tick(*(story.window(0.02, 0.02, quality=True) for _ in range(4)))
    story.keep("approve", Approved(50))
    story.step(50, "approved by ada")
    story.now += 60
    story.move("abort", Split(7), "ada asked for it")
    return story


def first_release() -> Story:
    story = Story(settled=Split(1))
    story.keep("release", Moving(None, Split(1), "first release: there is no version to compare"))
    story.now += 8
    story.keep("release", Moved(None, Split(1)))
    return story


def one_window() -> Story:
    story = Story(traffic=40)
    story.begin(8)
    story.tick(story.window(0.05, 0.02))
    return story


def just_begun() -> Story:
    story = Story()
    story.begin(8)
    return story


def many_windows(count: int = 300) -> Story:
    """A canary that holds at 30 % for a day, and then begins to leak."""
    story = Story(seed=11, traffic=90)
    story.begin(8, Policy(rungs=rungs(bake=3600.0)))
    for number in range(count):
        wave = 0.02 + 0.015 * ((number // 40) % 2)
        leak = 0.05 if number > count * 0.9 else 0.0
        window = story.window(wave + leak, wave)
        story.tick(window, said=f"hold: {story.judge.verdict.reason.removeprefix('hold: ')}")
        if number == count // 10:
            story.step(30, story.judge.verdict.reason)
    return story


def hostile() -> Story:
    story = Story(by=HOSTILE)
    story.begin(8)
    story.tick(story.window(0.02, 0.02), said=f"hold: {HOSTILE}")
    story.keep("pause", Paused(HOSTILE))
    story.tick(story.window(0.02, 0.02), said=f"hold: {LONG}")
    story.tick(story.window(0.02, 0.02), said="x" * 700)
    story.keep("promote", Moving(story.settled, Split(7, ((8, 30),)), f"版本八 {LONG}"))
    return story


def season() -> list[Record]:
    """Several ramps in one journal."""
    story = first_release()
    story.now += 86_400
    story.move("shift-traffic", Split(7), "")
    story.now += 3600
    healthy(story)
    story.now += 86_400 * 2
    story.random = random.Random(3)
    story.by = "nightly #7 (schedule)"
    rolled_back(story)
    story.now += 7200
    story.by = "release #44 (octocat)"
    story.begin(10, Policy(rungs=rungs(bake=900.0)))
    story.tick(*(story.window(0.012, 0.012) for _ in range(3)))
    story.step(30, story.judge.verdict.reason)
    story.tick(story.window(0.012, 0.012), said="hold: bakes at 30 % for 9m40s more")
    return story.records


ALL = {
    "healthy": healthy,
    "rolled-back": rolled_back,
    "eventful": eventful,
    "first-release": first_release,
    "one-window": one_window,
    "just-begun": just_begun,
    "many-windows": many_windows,
    "hostile": hostile,
}

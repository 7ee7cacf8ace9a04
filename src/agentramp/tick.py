"""One tick of a ramp: observe, read evidence, judge, plan, execute.

Any tick may die and be run again. It makes at most one step. Two at once cannot both act: every
change is announced in the journal first, which takes one announcement for each of its states.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import tenacity

from agentramp.config.ramp_settings import Freeze
from agentramp.effects import Outcome
from agentramp.errors import RefusedError, SupersededError, WayBackFailedError
from agentramp.evidence import spans
from agentramp.evidence.port import Evidence as Source
from agentramp.evidence.port import EvidenceError, Question
from agentramp.execution import Execute
from agentramp.journal.port import Journal
from agentramp.judge.judge import judge
from agentramp.judge.window import Window
from agentramp.model import Split
from agentramp.plan import Plan, Subject
from agentramp.planning import (
    Evidence,
    Ruled,
    Ruling,
    Seen,
    at_rest,
    begins,
    from_queue,
    frozen,
    plan_refused,
    reconcile,
    rule,
)
from agentramp.platform.port import NotAppliedError, NotReadyError, Platform, UnreachableError
from agentramp.policy import Policy
from agentramp.ramp import Ramp, standing
from agentramp.record import Begun

T = TypeVar("T")

ATTEMPTS, LONGEST_WAIT = 60, 5.0
PASSING = (
    SupersededError,
    UnreachableError,
    NotReadyError,
    NotAppliedError,
    WayBackFailedError,
)
GUARD_EVERY = 5.0


@dataclass(frozen=True)
class Desk:
    """What a tick works with. ``evidence`` is made only when a ramp asks for it.

    ``policy`` is for a ramp that begins now; one in progress keeps its own. ``told`` hears of a
    plan before it is carried out. ``refusal`` asks the gates why a version that waited may not
    begin.
    """

    platform: Platform
    journal: Journal
    execute: Execute
    evidence: Callable[[Seen], Source]
    policy: Policy
    freezes: Sequence[Freeze] = ()
    told: Callable[[Plan], None] = lambda _: None
    refusal: Callable[[Begun], str] = lambda _: ""


@dataclass(frozen=True)
class Ticked:
    """``seen`` is what was there before; ``ramp`` the one that was ruled on."""

    ruling: Ruling
    outcome: Outcome
    seen: Seen
    ramp: Ramp | None = None
    evidence: Evidence | None = None


def look(platform: Platform, journal: Journal, subject: Subject) -> Seen:
    """The endpoint as the platform shows it and the journal knows it now."""
    now = standing(journal.read(subject))
    observed = platform.observe(subject.runtime)
    return Seen(subject.runtime, observed, subject.endpoint or "", now, platform.now())


def tick(desk: Desk, subject: Subject) -> Ticked:
    """One tick; raises what the ports raise, but for a lost swap, which is a ruling.

    A lost swap of a rollback is raised: it has to be tried again until it wins.
    """
    seen = look(desk.platform, desk.journal, subject)
    ticked = _ruled(desk, seen)
    if ticked.ruling.drifted and _moved_on(desk, seen):
        return _superseded(ticked, "another run moved it while this one looked")
    desk.told(ticked.ruling.plan)
    try:
        outcome = desk.execute(ticked.ruling.plan)
    except SupersededError as lost:
        if ticked.ruling.ruled is Ruled.ROLLBACK:
            raise
        return _superseded(ticked, str(lost))
    return replace(ticked, outcome=outcome)


class _Insisting(tenacity.Retrying):
    """What one attempt left unknown stays so where none after it could look."""

    def __call__(self, fn: Callable[..., T], *args: object, **kwargs: object) -> T:
        unknown: list[WayBackFailedError] = []

        def attempt() -> T:
            try:
                return fn(*args, **kwargs)
            except WayBackFailedError as error:
                unknown.append(error)
                raise

        try:
            return super().__call__(attempt)
        except RefusedError as error:
            # By itself it would say that traffic is where it was.
            if unknown:
                raise unknown[-1] from error
            raise


def insisting(
    sleep: Callable[[float], None],
    jitter: Callable[[], float],
    say: Callable[[str], None],
    wanted: Callable[[], bool] = lambda: True,
) -> tenacity.Retrying:
    """For what must win: tried again where another run was faster or no sure answer came."""

    def again(error: BaseException) -> bool:
        interrupted = isinstance(error.__cause__, KeyboardInterrupt)
        return isinstance(error, PASSING) and not interrupted and wanted()

    return _Insisting(
        retry=tenacity.retry_if_exception(again),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=lambda state: min(state.attempt_number, LONGEST_WAIT) + jitter(),
        before_sleep=lambda state: say(f"{_reason(state)}; trying again"),
        sleep=sleep,
        reraise=True,
    )


@dataclass
class Insistent:
    """Hears of every plan, and remembers whether the one under way must win: it leads back."""

    told: Callable[[Plan], None]
    back: bool = False

    def __call__(self, plan: Plan) -> None:
        self.back = bool(plan.steps) and not plan.way_back
        self.told(plan)


def _reason(state: tenacity.RetryCallState) -> str:
    return str(state.outcome.exception()) if state.outcome else ""


def _ruled(desk: Desk, seen: Seen) -> Ticked:
    ruling = reconcile(seen)
    if ruling:
        return Ticked(ruling, Outcome(), seen, seen.standing.ramp)
    ramp = seen.standing.ramp
    if ramp is None:
        return Ticked(_from_queue(desk, seen), Outcome(), seen)
    evidence = _evidence(desk, seen, ramp)
    ruling = rule(seen, ramp, evidence, frozen(desk.freezes, seen.now))
    return Ticked(ruling, Outcome(), seen, ramp, evidence)


def _from_queue(desk: Desk, seen: Seen) -> Ruling:
    ruling = from_queue(seen, desk.policy, frozen(desk.freezes, seen.now))
    begun = begins(ruling.plan)
    refused = desk.refusal(begun) if begun else ""
    if begun is None or not refused:
        return ruling
    reason = f"version {begun.canary} gets no traffic: {refused}"
    plan = plan_refused("promote", seen, begun.canary, refused)
    return Ruling(Ruled.ROLLBACK, reason, plan, by_evidence=True)


def _evidence(desk: Desk, seen: Seen, ramp: Ramp) -> Evidence:
    name = f"version {ramp.stable}"
    asked = spans.closed(ramp, seen.now)
    if ramp.turned or not asked:
        verdict = judge(ramp.windows, ramp.policy.rules, stable_name=name)
        return Evidence(verdict, (), ramp.watermark)
    question = Question(seen.runtime, seen.endpoint, ramp.stable, ramp.canary, asked)
    windows: tuple[Window, ...] = ()
    watermark, blind = ramp.watermark, ""
    try:
        answers = _source(desk, seen, ramp).read(question)
        windows, watermark, blind = spans.taken(ramp, asked, answers, seen.now)
    except EvidenceError as error:
        blind = str(error)
    verdict = judge((*ramp.windows, *windows), ramp.policy.rules, stable_name=name)
    return Evidence(verdict, windows, watermark, "" if windows else blind)


def _source(desk: Desk, seen: Seen, ramp: Ramp) -> Source:
    source, unit = desk.evidence(seen), ramp.policy.rules.unit
    if source.unit is not unit:
        raise EvidenceError(
            f"the source counts {source.unit.value}, and the ramp began with {unit.value}",
            advice="a ramp keeps its unit: abort it and release again, or name the former source",
        )
    return source


def _moved_on(desk: Desk, seen: Seen) -> bool:
    return len(desk.journal.read(seen.subject)) != seen.standing.generation


def _superseded(ticked: Ticked, reason: str) -> Ticked:
    return replace(ticked, ruling=at_rest(Ruled.SUPERSEDED, ticked.seen, reason))


def stand_guard(
    desk: Desk, subject: Subject, split: Split, seconds: float, sleep: Callable[[float], None]
) -> None:
    """After a rollback past a run that may be alive: put its late write back, for ``seconds``."""
    while seconds > 0:
        sleep(min(GUARD_EVERY, seconds))
        seconds -= GUARD_EVERY
        seen = look(desk.platform, desk.journal, subject)
        if seen.standing.meant != split:
            return
        ruling = reconcile(seen)
        if ruling and ruling.plan.steps:
            desk.told(ruling.plan)
            desk.execute(ruling.plan)

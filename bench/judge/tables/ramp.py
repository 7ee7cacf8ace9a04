"""A ramp whose canary's traffic vanishes: what the ramp does, beyond what its judge says."""

from agentramp.judge.judge import Judge
from agentramp.judge.verdict import Decision, Rules
from agentramp.model import Code, Endpoint, Observed, Runtime, RuntimeSpec, Split, Version
from agentramp.planning import Evidence, Ruled, Seen, rule
from agentramp.policy import Policy
from agentramp.ramp import Ramp
from bench.figures import Figure, at_least, at_most
from bench.judge.chance import seeded
from bench.judge.counts import WINDOW
from bench.judge.page import Block, Section
from bench.judge.roster import ALPHA
from bench.judge.settings import Settings
from bench.judge.tables.silence import STEP_3, vanishing

RAMPS = 100
WEIGHT = 50
POLICY = Policy(rules=Rules(alpha=ALPHA))
VERSIONS = (Version(2), Version(1))


def ramp(settings: Settings) -> Section:
    """The ramp is judged from windows 0 to 60; from window 40 on no session is the canary's."""
    certified, moved, ramps = 0, 0, settings.scaled(RAMPS)
    for run in range(ramps):
        verdict, rulings = _rulings(settings.seed, run)
        certified += verdict is Decision.ADVANCE
        moved += sum(ruled is not Ruled.HOLD for ruled in rulings)
    return Section(
        "ramp",
        "Traffic that vanishes at step 3",
        "S8. After two clean steps the judge has certified the canary and says so still; the ramp "
        f"asks for {POLICY.rungs[0].min_sessions} sessions at each step, and holds. {ramps} ramps "
        "of 20 windows without a canary session; Argo goes on by time there, or rolls back.",
        [
            Block(
                [
                    ("", "judge: advance %", "ramp: moves"),
                    ("step 3", f"{100 * certified / ramps:.0f}", f"{moved}"),
                ]
            )
        ],
        [
            Figure(
                "traffic vanishes at step 3: moves",
                moved,
                "",
                at_most(0),
                f"{ramps} ramps",
            )
        ],
        [Figure("certified before it vanished", 100 * certified / ramps, "%", at_least(90))],
    )


def _rulings(seed: int, run: int) -> tuple[Decision, list[Ruled]]:
    judge, found = Judge(POLICY.rules), []
    stream = vanishing(seeded(seed, "ramp", run))
    for counts in stream[:STEP_3]:
        judge.observe(counts.window)
    before = judge.verdict.decision
    if before is Decision.ROLLBACK:
        return before, []
    seen = tuple(counts.window for counts in stream[:STEP_3])
    entered = STEP_3 * WINDOW
    for at, counts in enumerate(stream[STEP_3:], STEP_3):
        verdict, now = judge.observe(counts.window), (at + 1) * WINDOW
        here = tuple(one.window for one in stream[STEP_3:at])
        standing = Ramp("r", 1, 2, POLICY, 0.0, WEIGHT, entered, now - WINDOW, seen + here, here)
        evidence = Evidence(verdict, (counts.window,), now)
        found.append(rule(_seen(now), standing, evidence).ruled)
    return before, found


def _seen(now: float) -> Seen:
    runtime = Runtime("rt", RuntimeSpec("agent", Code("python3.12")))
    endpoint = Endpoint("ep", "production", Split(1, ((2, WEIGHT),)))
    return Seen("agent", Observed(runtime, VERSIONS, (endpoint,)), "production", now=now)

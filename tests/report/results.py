"""Ends of runs, as the tests of what GitHub shows need them."""

from agentramp.diagnostics import ConfigError, Diagnostic, Position
from agentramp.model import Split
from agentramp.plan import MoveTraffic, Plan, Subject
from agentramp.ramp import Reached
from agentramp.report.result import Answer, Climb, Failure, Result

HOSTILE = (
    "a | b `c` ``` <img src=x> @octocat #12 [l](x) *e* _e_ ~~s~~ $m$ &lt; \\|\n# d\n::error::x"
)
MOVE = MoveTraffic("rt", "ep", "production", Split(1), Split(1, ((2, 10),)))
BACK = MoveTraffic("rt", "ep", "production", Split(1, ((2, 10),)), Split(1))
MOVED = Result(
    verb="shift-traffic",
    message="production serves v1 90 %, v2 10 %",
    changed=True,
    runtime="agent",
    version=2,
    previous_version=1,
    endpoint="production",
    url="http://127.0.0.1:1/x",
    before=Split(1),
    after=Split(1, ((2, 10),)),
    plan=Plan("shift-traffic", Subject("agent", "production"), (MOVE,), (BACK,)),
    next="agentramp shift-traffic --version 2 --weight 30",
)
ANSWER = Answer(
    verb="verify",
    message="endpoint production answers: 200",
    lines=("  Hello ``` there",),
    fields=(("runtime", '"agent"'), ("url", '"http://127.0.0.1:1/x"'), ("status", "200")),
)
NOON = 1_795_262_400.0


def climb(*weights: int) -> Climb:
    """One step every quarter of an hour from noon of 21 November 2026, UTC."""
    path = tuple(Reached(NOON + 900 * number, weight) for number, weight in enumerate(weights))
    return Climb(stable=1, canary=2, ladder=(10, 30, 50, 100), path=path)


def faults(count: int, file: str = "s.yaml") -> Failure:
    found = [
        Diagnostic(Position(file, line, 3), "props.x", "100 % wrong,\nreally", "range")
        for line in range(1, count + 1)
    ]
    return Failure("validate", ConfigError(found), "agentramp validate")

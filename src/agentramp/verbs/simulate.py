"""simulate: what a ramp would do with your traffic, before anything is shipped."""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from agentramp import config
from agentramp.errors import UsageError
from agentramp.judge.window import Tally
from agentramp.model import FULL
from agentramp.planning.simulation import Forecast, Journey, Outcome, Traffic, forecasts
from agentramp.policy import Policy
from agentramp.report.interval import wilson
from agentramp.report.moments import lasting
from agentramp.report.result import Facts
from agentramp.wiring import rules
from agentramp.wiring.context import Context

EXAMPLE = "agentramp simulate --sessions-per-hour 600 --error-rate 0.01 --regression 0.05"
_REGRESSIONS = (0.01, 0.02, 0.05)
_MOST_RUNS, _MOST_SESSIONS = 100_000, 1e7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", nargs="?", default=".", help="folder with agentramp.yaml, if any (default: here)"
    )
    parser.add_argument(
        "--sessions-per-hour",
        metavar="COUNT",
        type=float,
        default=600.0,
        help="both versions together (default: 600)",
    )
    parser.add_argument(
        "--error-rate",
        metavar="RATE",
        type=float,
        default=0.01,
        help="share of stable's sessions that fail (default: 0.01)",
    )
    parser.add_argument(
        "--regression",
        metavar="RATE",
        type=float,
        action="append",
        help="added to the canary's rate; repeatable (default: 0.01, 0.02 and 0.05)",
    )
    rules.add_arguments(parser)
    parser.add_argument(
        "--runs", metavar="COUNT", type=int, default=400, help="ramps of each kind (default: 400)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers (default: 1)")


def run(args: argparse.Namespace, context: Context) -> Facts:
    traffic, worse = _traffic(args), _worse(args)
    path = Path(context.cwd, args.path)
    if not path.exists():
        raise UsageError(f"{args.path}: no such folder", advice="name one, or none for this one")
    found = config.read_ramp(path, context.environ, context.cwd).policy
    policy = replace(found, rules=rules.chosen(args, found.rules))
    told = []
    ahead = forecasts(policy, traffic, worse, args.runs, Random(args.seed))  # noqa: S311 - chance, no secret
    for done, forecast in enumerate(ahead, 1):
        told.append(forecast)
        context.console.advance("simulated", done, 1 + len(worse))
    return Facts(
        verb="simulate",
        message=_message(args.runs, policy, traffic),
        changed=False,
        facts=tuple(_facts(args, policy, told)),
        table=tuple(_table(policy, told)),
    )


def _traffic(args: argparse.Namespace) -> Traffic:
    if not 1 <= args.runs <= _MOST_RUNS:
        raise UsageError(
            f"--runs {args.runs} is not 1 to {_MOST_RUNS:,}", advice="400 tell a few percent apart"
        )
    if not 0 < args.sessions_per_hour <= _MOST_SESSIONS:
        raise UsageError(
            f"--sessions-per-hour {args.sessions_per_hour:g} is not above 0 and at most 10 million",
            advice="take the sessions of a usual hour, on both versions together",
        )
    if not 0 <= args.error_rate < 1:
        raise UsageError(
            f"--error-rate {args.error_rate:g} is not a rate from 0 to below 1",
            advice="0.01 is one session in a hundred",
        )
    return Traffic(args.sessions_per_hour, args.error_rate)


def _worse(args: argparse.Namespace) -> tuple[float, ...]:
    """The regressions asked for, or those of the usual ones that fit above the error rate."""
    room = 1 - args.error_rate
    for rate in args.regression or ():
        if not 0 < rate <= room:
            raise UsageError(
                f"--regression {rate:g} is not above 0 and at most {room:g}, as --error-rate is "
                f"{args.error_rate:g}",
                advice="0.05 is five points",
            )
    return tuple(args.regression or (rate for rate in _REGRESSIONS if rate <= room))


def _message(runs: int, policy: Policy, traffic: Traffic) -> str:
    ramps = "1 simulated ramp" if runs == 1 else f"{runs:,} simulated ramps"
    said = f"{ramps} of each kind, {traffic.per_hour:g} {policy.rules.unit.value} an hour"
    return said if _judged(policy) else f"{said}; nothing was judged, as the only step is 100 %"


def _judged(policy: Policy) -> bool:
    return any(rung.weight < FULL for rung in policy.rungs)


def _table(policy: Policy, told: list[Forecast]) -> Iterator[str]:
    """At most 80 columns."""
    steps = ", ".join(str(rung.weight) for rung in policy.rungs)
    rate = told[0].traffic.error_rate * 100
    yield f"  steps {steps} %; {rate:g} % of stable's sessions fail; alpha {policy.rules.alpha:g}"
    yield ""
    yield "  canary      rolled back         sessions  failed  after    to 100 %  after"
    yield from map(_row, told)
    yield ""
    late = (f"{each.count(Outcome.TIMED_OUT) / len(each.journeys) * 100:.1f} %" for each in told)
    yield f"  ended by a step's timeout: {', '.join(late)}"
    yield "  in brackets the 95 % interval; canary sessions and times are medians"


def _row(each: Forecast) -> str:
    back, through = each.typical(Outcome.ROLLED_BACK), each.typical(Outcome.PROMOTED)
    count, runs = each.count(Outcome.ROLLED_BACK), len(each.journeys)
    low, high = wilson(Tally(runs, count))
    shares = f"{count / runs * 100:5.1f} % ({low * 100:.1f}-{high * 100:.1f})"
    cost = f"{back.sessions:>8,}  {back.bad:>6,}" if back else f"{'-':>8}  {'-':>6}"
    reached = f"{each.count(Outcome.PROMOTED) / runs * 100:5.1f} %"
    row = (
        f"  {_kind(each):<11} {shares:<20}{cost}  {_after(back):<7}  {reached}   {_after(through)}"
    )
    return row.rstrip()


def _kind(each: Forecast) -> str:
    points = each.traffic.worse * 100
    return f"+{points:g} point{'s' if points != 1 else ''}" if points else "healthy"


def _after(journey: Journey | None) -> str:
    return lasting(journey.seconds) if journey else "-"


def _facts(
    args: argparse.Namespace, policy: Policy, told: list[Forecast]
) -> Iterator[tuple[str, str | float | bool | None]]:
    yield "sessions_per_hour", args.sessions_per_hour
    yield "error_rate", args.error_rate
    yield "steps", ",".join(str(rung.weight) for rung in policy.rungs)
    yield "judged", _judged(policy)
    yield "alpha", policy.rules.alpha
    yield "margin", policy.rules.margin
    yield "runs", args.runs
    yield "seed", args.seed
    for each in told:
        name = f"regression_{each.traffic.worse:g}" if each.traffic.worse else "healthy"
        for outcome in Outcome:
            key = f"{name}_{outcome.value.replace(' ', '_')}"
            count, runs = each.count(outcome), len(each.journeys)
            typical, (low, high) = each.typical(outcome), wilson(Tally(runs, count))
            yield key, count / runs
            yield f"{key}_low", low
            yield f"{key}_high", high
            yield f"{key}_canary_sessions", typical.sessions if typical else None
            yield f"{key}_canary_failed", typical.bad if typical else None
            yield f"{key}_seconds", typical.seconds if typical else None

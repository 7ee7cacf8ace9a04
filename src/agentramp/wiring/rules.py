"""The arguments that say what a canary is judged by."""

import argparse
from dataclasses import replace

from agentramp.errors import UsageError
from agentramp.judge.judge import check
from agentramp.judge.verdict import DEFAULT_RULES, Rules
from agentramp.judge.window import Metric, Unit

_METRICS = ", ".join(metric.value for metric in Metric)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """An option that is not given is None, so that a file's value stands."""
    parser.add_argument(
        "--alpha",
        type=float,
        help=f"chance of ever rolling back a healthy canary (default: {DEFAULT_RULES.alpha:g})",
    )
    parser.add_argument(
        "--margin",
        type=float,
        help="how much higher than stable's a certified canary's rate may be "
        f"(default: {DEFAULT_RULES.margin:g})",
    )
    parser.add_argument(
        "--unit",
        choices=[unit.value for unit in Unit],
        help=f"what is counted (default: {DEFAULT_RULES.unit.value})",
    )
    parser.add_argument(
        "--cluster-size",
        metavar="COUNT",
        type=float,
        help="requests of one session, where requests are counted "
        f"(default: {DEFAULT_RULES.cluster_size:g})",
    )
    parser.add_argument(
        "--slo",
        metavar="RATE",
        type=float,
        help="a rate of bad sessions never to be exceeded; in an outage that both versions share "
        "and that breaks it, a healthy canary's chance of a rollback is up to a third, not alpha",
    )
    parser.add_argument(
        "--budget",
        metavar="METRIC=SHARE",
        action="append",
        help=f"a metric's share of alpha, of {_METRICS}; repeatable (default: errors=1)",
    )


def chosen(args: argparse.Namespace, given: Rules = DEFAULT_RULES) -> Rules:
    """``given`` with what the command line says; raises UsageError for what makes no sense."""
    named = {
        name: getattr(args, name)
        for name in ("alpha", "margin", "cluster_size", "slo")
        if getattr(args, name) is not None
    }
    if args.unit is not None:
        named["unit"] = Unit(args.unit)
    if args.budget:
        named["budgets"] = tuple(_budget(word) for word in args.budget)
    rules = replace(given, **named)
    try:
        check(rules)
    except ValueError as error:
        raise UsageError(str(error), advice="see --help") from error
    return rules


def _budget(word: str) -> tuple[Metric, float]:
    name, _, share = word.partition("=")
    try:
        return Metric(name), float(share)
    except ValueError as error:
        raise UsageError(
            f"--budget {word}: not a metric and its share of alpha",
            advice=f"such as --budget errors=0.6 --budget latency=0.4; metrics: {_METRICS}",
        ) from error

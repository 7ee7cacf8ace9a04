"""The arguments that say what a canary is judged by."""

import argparse
from collections.abc import Mapping
from dataclasses import replace

from agentramp.errors import UsageError
from agentramp.judge.judge import check
from agentramp.judge.verdict import DEFAULT_RULES, Rules
from agentramp.judge.window import Metric, Unit

_METRICS = ", ".join(metric.value for metric in Metric)
_MEANT: Mapping[str, tuple[str, str]] = {
    "alpha": (
        "a chance between 0 and 1",
        "0.05 rolls back at most one healthy canary in twenty; smaller is later and surer",
    ),
    "margin": ("a rate from 0 to below 1", "0.02 is two points above stable's rate"),
    "cluster_size": (
        "at least 1",
        "take the requests of a usual session, or leave it out where sessions are counted",
    ),
    "slo": ("a rate between 0 and 1", "0.1 is one bad session in ten"),
    "budgets": (
        "are no parts of alpha: shares from 0 to 1, one for each metric, 1 in all at most",
        f"such as errors=0.6 and latency=0.4; metrics: {_METRICS}",
    ),
}
"""What a value has to be, by the name of its rule, and what to write."""


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
    for name, value in named.items():
        _check(args, name, replace(given, **{name: value}))
    return replace(given, **named)


def _check(args: argparse.Namespace, name: str, rules: Rules) -> None:
    try:
        check(rules)
    except ValueError as error:
        meant, advice = _MEANT[name]
        said = (
            f"--budget: {' and '.join(args.budget)} {meant}"
            if name == "budgets"
            else f"--{name.replace('_', '-')} {getattr(args, name):g} is not {meant}"
        )
        raise UsageError(said, advice=advice) from error


def _budget(word: str) -> tuple[Metric, float]:
    name, _, share = word.partition("=")
    try:
        return Metric(name), float(share)
    except ValueError as error:
        raise UsageError(
            f"--budget: {word} is not a metric and its share of alpha",
            advice=f"each is METRIC=SHARE, such as errors=0.6 and latency=0.4; metrics: {_METRICS}",
        ) from error

"""Splits, policies and windows to JSON and back, complete: no default of today is left out.

A ramp is judged to its end by what it began with, also when a later agentramp has other defaults.
What a source does not know is left out of a window.
"""

from agentramp.component import Installation
from agentramp.journal.strict import fields, items, number, pair, text, truth, whole
from agentramp.judge.verdict import Rules
from agentramp.judge.window import Arm, Metric, Spread, Tally, Unit, Window
from agentramp.model import LATEST, Split, VersionRef
from agentramp.policy import OnRelease, OnTimeout, Policy, Rung


def split_json(split: Split) -> object:
    return [[ref, weight] for ref, weight in split.weights]


def split_from(value: object) -> Split:
    weights = tuple(_weight(item) for item in items(value))
    if not weights:
        raise ValueError("a split without versions")
    split = Split(weights[0][0], weights[1:])
    if split.weights != weights:
        raise ValueError("weights do not sum to 100")
    return split


def _weight(value: object) -> tuple[VersionRef, int]:
    ref, weight = pair(value)
    return (LATEST if ref == LATEST else whole(ref)), whole(weight)


def installation_json(found: Installation) -> object:
    return {
        "did": found.did,
        "version": found.version,
        "mount_point": found.mount_point,
        "sha256": found.sha256,
        "content": found.content,
    }


def installation_from(value: object) -> Installation:
    found = fields(value, *("did", "version", "mount_point", "sha256", "content"))
    return Installation(
        did=text(found["did"]),
        version=text(found["version"]),
        mount_point=text(found["mount_point"]),
        sha256=text(found["sha256"]),
        content=text(found["content"]),
    )


def policy_json(policy: Policy) -> object:
    return {
        "rungs": [
            {
                "weight": rung.weight,
                "bake": rung.bake,
                "min_sessions": rung.min_sessions,
                "approval": rung.approval,
            }
            for rung in policy.rungs
        ],
        "rules": _rules_json(policy.rules),
        "window": policy.window,
        "settle": policy.settle,
        "warm_up": policy.warm_up,
        "timeout": policy.timeout,
        "on_timeout": policy.on_timeout.value,
        "on_release": policy.on_release.value,
        "max_blind": policy.max_blind,
        "lease": policy.lease,
    }


def policy_from(value: object) -> Policy:
    found = fields(
        value,
        *("rungs", "rules", "window", "settle", "warm_up"),
        *("timeout", "on_timeout", "on_release", "max_blind", "lease"),
    )
    blind = found["max_blind"]
    return Policy(
        rungs=tuple(_rung_from(item) for item in items(found["rungs"])),
        rules=_rules_from(found["rules"]),
        window=number(found["window"]),
        settle=number(found["settle"]),
        warm_up=number(found["warm_up"]),
        timeout=number(found["timeout"]),
        on_timeout=OnTimeout(found["on_timeout"]),
        on_release=OnRelease(found["on_release"]),
        max_blind=None if blind is None else whole(blind),
        lease=number(found["lease"]),
    )


def _rung_from(value: object) -> Rung:
    found = fields(value, "weight", "bake", "min_sessions", "approval")
    return Rung(
        weight=whole(found["weight"]),
        bake=number(found["bake"]),
        min_sessions=whole(found["min_sessions"]),
        approval=truth(found["approval"]),
    )


def _rules_json(rules: Rules) -> object:
    return {
        "alpha": rules.alpha,
        "budgets": [[metric.value, share] for metric, share in rules.budgets],
        "margin": rules.margin,
        "certify_alpha": rules.certify_alpha,
        "slo": rules.slo,
        "unit": rules.unit.value,
        "cluster_size": rules.cluster_size,
    }


def _rules_from(value: object) -> Rules:
    names = ("alpha", "budgets", "margin", "certify_alpha", "slo", "unit", "cluster_size")
    found = fields(value, *names)
    budgets = (pair(item) for item in items(found["budgets"]))
    return Rules(
        alpha=number(found["alpha"]),
        budgets=tuple((Metric(metric), number(share)) for metric, share in budgets),
        margin=number(found["margin"]),
        certify_alpha=number(found["certify_alpha"]),
        slo=None if found["slo"] is None else number(found["slo"]),
        unit=Unit(text(found["unit"])),
        cluster_size=number(found["cluster_size"]),
    )


def window_json(window: Window) -> object:
    return {
        "start": window.start,
        "end": window.end,
        "canary": _arm_json(window.canary),
        "stable": _arm_json(window.stable),
        "weight": window.weight,
    }


def window_from(value: object) -> Window:
    found = fields(value, "start", "end", "canary", "stable", "weight")
    return Window(
        start=number(found["start"]),
        end=number(found["end"]),
        canary=_arm_from(found["canary"]),
        stable=_arm_from(found["stable"]),
        weight=None if found["weight"] is None else whole(found["weight"]),
    )


def _arm_json(arm: Arm) -> object:
    known: dict[str, object] = {"errors": _tally_json(arm.errors)}
    if arm.latency is not None:
        known["latency"] = _spread_json(arm.latency)
    if arm.cost is not None:
        known["cost"] = _spread_json(arm.cost)
    if arm.quality is not None:
        known["quality"] = _tally_json(arm.quality)
    return known


def _arm_from(value: object) -> Arm:
    found = fields(value, "errors", optional=("latency", "cost", "quality"))
    return Arm(
        errors=_tally_from(found["errors"]),
        latency=_spread_from(found["latency"]) if "latency" in found else None,
        cost=_spread_from(found["cost"]) if "cost" in found else None,
        quality=_tally_from(found["quality"]) if "quality" in found else None,
    )


def _tally_json(tally: Tally) -> object:
    return [tally.sessions, tally.bad]


def _tally_from(value: object) -> Tally:
    sessions, bad = pair(value)
    return Tally(whole(sessions), whole(bad))


def _spread_json(spread: Spread) -> object:
    return {
        "bounds": spread.bounds,
        "counts": spread.counts,
        "total": spread.total,
        "squares": spread.squares,
    }


def _spread_from(value: object) -> Spread:
    found = fields(value, "bounds", "counts", "total", "squares")
    return Spread(
        bounds=tuple(number(bound) for bound in items(found["bounds"])),
        counts=tuple(whole(count) for count in items(found["counts"])),
        total=number(found["total"]),
        squares=number(found["squares"]),
    )

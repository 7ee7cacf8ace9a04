"""Checked tree of an agentramp.yaml → RampConfig. Every field was checked before."""

from pathlib import Path

from agentramp.config.freezes import freeze, moment
from agentramp.config.ramp_durations import seconds
from agentramp.config.ramp_settings import (
    BlockletConfig,
    CommandGate,
    Freeze,
    Gate,
    GoldenGate,
    Happening,
    Hook,
    JournalKind,
    ModelJudge,
    RampConfig,
    Target,
)
from agentramp.config.ramp_sources import build_source, unit_of
from agentramp.config.tree import Mapping, Node, scalar
from agentramp.judge.verdict import Rules
from agentramp.judge.window import Metric
from agentramp.policy import (
    DEFAULT_BAKE,
    DEFAULT_RUNGS,
    DEFAULT_SESSIONS,
    OnRelease,
    OnTimeout,
    Policy,
    Rung,
)


def build(tree: Mapping, root: Path) -> RampConfig:
    given = RampConfig()
    evidence = tree.mapping("evidence") or Mapping(tree.position)
    return RampConfig(
        file=Path(tree.position.file),
        endpoint=tree.text("endpoint") or given.endpoint,
        policy=_policy(tree, evidence),
        source=build_source(evidence, root),
        gates=tuple(_gate(item, root) for item in _mappings(tree, "gates")),
        freezes=tuple(_freeze(item) for item in _mappings(tree, "freeze")),
        hooks=tuple(_hook(item) for item in _mappings(tree, "notify")),
        journal=JournalKind(tree.text("journal") or given.journal.value),
        remote=tree.text("remote") or given.remote,
        target=_target(tree.text("target")),
        blocklet=_blocklet(tree.mapping("blocklet") or Mapping(tree.position)),
    )


def _target(name: str | None) -> Target | None:
    return Target(name) if name else None


def _blocklet(item: Mapping) -> BlockletConfig:
    return BlockletConfig(
        server=item.text("server"),
        app=item.text("app"),
        mount_point=item.text("mount-point"),
        name=item.text("name"),
        did=item.text("did"),
        engine=item.text("engine"),
        main=item.text("main"),
        url=item.text("url"),
        health=item.text("health"),
    )


def _mappings(tree: Mapping, key: str) -> tuple[Mapping, ...]:
    return tuple(item for item in tree.items(key) if isinstance(item, Mapping))


def _or(found: float | None, default: float) -> float:
    return default if found is None else found


def _policy(tree: Mapping, evidence: Mapping) -> Policy:
    given = Policy()
    return Policy(
        rungs=_rungs(tree),
        rules=_rules(tree, evidence),
        window=_or(seconds(evidence.get("window")), given.window),
        settle=_or(seconds(evidence.get("settle")), given.settle),
        warm_up=_or(seconds(evidence.get("warm-up")), given.warm_up),
        timeout=_or(seconds(tree.get("timeout")), given.timeout),
        lease=_or(seconds(tree.get("lease")), given.lease),
        on_timeout=OnTimeout(tree.text("on-timeout") or given.on_timeout.value),
        on_release=OnRelease(tree.text("on-release") or given.on_release.value),
        max_blind=evidence.whole("max-blind"),
    )


def _rungs(tree: Mapping) -> tuple[Rung, ...]:
    bake = _or(seconds(tree.get("bake")), DEFAULT_BAKE)
    sessions = int(_or(tree.whole("min-sessions"), DEFAULT_SESSIONS))
    items = tree.items("steps")
    if not items:
        return tuple(Rung(rung.weight, bake, sessions) for rung in DEFAULT_RUNGS)
    return tuple(_rung(item, bake, sessions) for item in items)


def _rung(item: Node, bake: float, sessions: int) -> Rung:
    if not isinstance(item, Mapping):
        return Rung(_whole(item), bake, sessions)
    return Rung(
        weight=_whole(item.get("weight")),
        bake=_or(seconds(item.get("bake")), bake),
        min_sessions=int(_or(item.whole("min-sessions"), sessions)),
        approval=item.flag("approval") or False,
    )


def _whole(node: Node | None) -> int:
    value = scalar(node)
    if not isinstance(value, int | float):
        raise TypeError(f"the rules let {type(value).__name__} pass for a weight")
    return int(value)


def _rules(tree: Mapping, evidence: Mapping) -> Rules:
    given = Rules()
    certify = tree.mapping("certify") or Mapping(tree.position)
    metrics = tree.mapping("metrics")
    shares = [(metric, metrics.number(metric.value)) for metric in Metric] if metrics else []
    budgets = tuple((metric, share) for metric, share in shares if share is not None)
    return Rules(
        alpha=_or(tree.number("alpha"), given.alpha),
        budgets=budgets or given.budgets,
        margin=_or(certify.number("margin"), given.margin),
        certify_alpha=_or(certify.number("alpha"), given.certify_alpha),
        slo=tree.number("slo"),
        unit=unit_of(evidence),
        cluster_size=_or(evidence.number("cluster-size"), given.cluster_size),
    )


def _gate(item: Mapping, root: Path) -> Gate:
    file = item.text("golden")
    if file is None:
        timeout = _or(seconds(item.get("timeout")), CommandGate.timeout)
        return CommandGate(item.texts("command"), timeout)
    return GoldenGate(
        file=root / file,
        repeats=int(_or(item.whole("repeats"), GoldenGate.repeats)),
        alpha=_or(item.number("alpha"), GoldenGate.alpha),
        judge=_judge(item.mapping("judge")),
    )


def _judge(item: Mapping | None) -> ModelJudge | None:
    if item is None:
        return None
    return ModelJudge(item.text("url") or "", item.text("model") or "", item.text("token"))


def _freeze(item: Mapping) -> Freeze:
    begin, end = moment(item.text("from") or ""), moment(item.text("until") or "")
    return freeze(begin, end, item.text("timezone") or "UTC")


def _hook(item: Mapping) -> Hook:
    names = item.texts("on")
    return Hook(
        url=item.text("url") or "",
        on=tuple(Happening(name) for name in dict.fromkeys(names)) or tuple(Happening),
    )

"""``evidence`` of an agentramp.yaml: which keys belong to which source, and the source itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agentramp.config.paths import fault
from agentramp.config.ramp_durations import seconds
from agentramp.config.ramp_settings import (
    CommandSource,
    GatewaySource,
    LogServiceSource,
    ProbeSource,
    PrometheusSource,
    Source,
    UrlSource,
)
from agentramp.config.tree import Mapping
from agentramp.diagnostics import Diagnostic
from agentramp.judge.window import Unit

_GATEWAY, _PROMETHEUS, _LOGS = "gateway", "prometheus", "log-service"
_COMMAND, _URL, _PROBES = "command", "url", "probes"
OWNERS: Final = {
    **dict.fromkeys(("url", "token"), (_PROMETHEUS, _URL)),
    **dict.fromkeys(("counted", "bad", "latency", "cost"), (_PROMETHEUS,)),
    **dict.fromkeys(("project", "logstore"), (_LOGS,)),
    "run": (_COMMAND,),
    "timeout": (_COMMAND, _URL),
    **dict.fromkeys(("prompts", "count"), (_PROBES,)),
    "unit": (_PROMETHEUS, _COMMAND, _URL),
}
_NEEDED: Final = {
    _GATEWAY: "",
    _PROMETHEUS: "url",
    _LOGS: "",
    _COMMAND: "run",
    _URL: "url",
    _PROBES: "prompts",
}
_UNITS: Final = {
    _GATEWAY: Unit.SESSIONS,
    _PROBES: Unit.SESSIONS,
    _LOGS: Unit.REQUESTS,
}
_PAIRS: Final = (("counted", "bad"), ("project", "logstore"))
_EXPRESSIONS: Final = ("counted", "bad", "latency", "cost")
_VERSION: Final = "{version}"
_LABELS: Final = '{runtime="{runtime}",endpoint="{endpoint}",version="{version}"}'
_OF_THE_GATEWAY: Final = {
    Unit.SESSIONS: ("agentramp_sessions_total", "agentramp_failed_sessions_total"),
    Unit.REQUESTS: ("agentramp_requests_total", "agentramp_failures_total"),
}
_GATEWAY_LATENCY: Final = (
    f"sum by (le) (agentramp_first_byte_seconds_bucket{_LABELS})"
    f" or sum(agentramp_first_byte_seconds_sum{_LABELS})"
)


def source_faults(tree: Mapping) -> Iterator[Diagnostic]:
    evidence = tree.mapping("evidence")
    if evidence is None:
        return
    name = evidence.text("source")
    if evidence.get("source") is not None and name not in _NEEDED:
        return  # told by the schema
    yield from _strangers(tree, evidence, name)
    yield from _missing(tree, evidence, name)
    yield from _metrics(tree, evidence, name)
    if name == _PROMETHEUS:
        yield from _same_for_both(tree, evidence)


def _strangers(tree: Mapping, evidence: Mapping, name: str | None) -> Iterator[Diagnostic]:
    for entry in evidence.present():
        owners = OWNERS.get(entry.key, ())
        if not owners or name in owners:
            continue
        if entry.key == "unit" and name in _UNITS:
            if evidence.text("unit") not in {_UNITS[name].value, None}:
                message = f"is always {_UNITS[name].value} with source {name}; remove it"
                yield fault(tree, ("evidence", "unit"), message, "exclusive")
            continue
        others = f"{', '.join(owners[:-1])} or " if owners[1:] else ""
        whose = f"belongs to source {others}{owners[-1]}"
        state = f"the source here is {name}: remove it" if name else "name the source, or remove it"
        yield fault(tree, ("evidence", entry.key), f"{whose}; {state}", "exclusive")


def _missing(tree: Mapping, evidence: Mapping, name: str | None) -> Iterator[Diagnostic]:
    needed = _NEEDED[name] if name else ""
    if needed and evidence.get(needed) is None:
        message = f"is required with source {name}"
        yield fault(tree, ("evidence", needed), message, "required")
    for pair in _PAIRS:
        given = [key for key in pair if evidence.get(key) is not None]
        if len(given) == 1 and name in OWNERS[given[0]]:
            other = next(key for key in pair if key not in given)
            message = f"needs {other} beside it"
            yield fault(tree, ("evidence", given[0]), message, "requires")


def _metrics(tree: Mapping, evidence: Mapping, name: str | None) -> Iterator[Diagnostic]:
    """Refuse a budget for what can never be counted: that share of alpha would be lost."""
    metrics = tree.mapping("metrics")
    for entry in metrics.present() if metrics else ():
        message = _uncounted(entry.key, evidence, name)
        if message:
            yield fault(tree, ("metrics", entry.key), message, "requires")


def _uncounted(metric: str, evidence: Mapping, name: str | None) -> str:
    strangers = {_GATEWAY: {"cost", "quality"}, _PROMETHEUS: {"quality"}}
    if metric in strangers.get(name or "", set()):
        return f"source {name} does not count it; remove it, or choose another source"
    is_own = evidence.get("counted") is None
    is_by_default = metric == "errors" or (metric == "latency" and is_own)
    if name != _PROMETHEUS or is_by_default or metric not in _EXPRESSIONS:
        return ""
    return (
        "" if evidence.get(metric) else f"nothing counts it: write its PromQL as evidence.{metric}"
    )


def _same_for_both(tree: Mapping, evidence: Mapping) -> Iterator[Diagnostic]:
    for key in _EXPRESSIONS:
        text = evidence.text(key)
        if text and _VERSION not in text:
            message = f"does not hold {_VERSION}: both versions would count the same"
            yield fault(tree, ("evidence", key), message, "requires")


def unit_of(evidence: Mapping) -> Unit:
    """Say what the source counts; sessions where nothing tells."""
    known = _UNITS.get(evidence.text("source") or "")
    return known or Unit(evidence.text("unit") or Unit.SESSIONS.value)


def build_source(evidence: Mapping, root: Path) -> Source | None:
    source: Source | None
    timeout, url = seconds(evidence.get("timeout")), evidence.text("url") or ""
    match evidence.text("source"):
        case "gateway":
            source = GatewaySource()
        case "prometheus":
            source = _prometheus(evidence, url)
        case "log-service":
            source = LogServiceSource(evidence.text("project"), evidence.text("logstore"))
        case "command":
            timeout = timeout or CommandSource.timeout
            source = CommandSource(evidence.texts("run"), timeout, unit_of(evidence))
        case "url":
            timeout = timeout or UrlSource.timeout
            source = UrlSource(url, timeout, unit_of(evidence), evidence.text("token"))
        case "probes":
            count = evidence.whole("count") or ProbeSource.count
            source = ProbeSource(root / (evidence.text("prompts") or ""), count)
        case _:
            source = None
    return source


def _prometheus(evidence: Mapping, url: str) -> PrometheusSource:
    """What the embedded gateway exports is asked where the file names no counters."""
    unit = unit_of(evidence)
    counted, bad = (f"sum({name}{_LABELS})" for name in _OF_THE_GATEWAY[unit])
    is_own = evidence.text("counted") is None
    return PrometheusSource(
        url=url,
        counted=evidence.text("counted") or counted,
        bad=evidence.text("bad") or bad,
        latency=evidence.text("latency") or (_GATEWAY_LATENCY if is_own else None),
        cost=evidence.text("cost"),
        unit=unit,
        token=evidence.text("token"),
    )

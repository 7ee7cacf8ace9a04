"""What no schema can say of an agentramp.yaml: rules over several fields, and over the disk."""

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from agentramp.config import durations
from agentramp.config.cleartext import is_placeholder, is_secret_name
from agentramp.config.disclosure import in_clear_text
from agentramp.config.endpoint_rules import PERCENT
from agentramp.config.freezes import Moment, freeze, moment, zone
from agentramp.config.paths import fault
from agentramp.config.ramp_durations import duration_faults, seconds_or_none
from agentramp.config.ramp_sources import source_faults
from agentramp.config.rules import repeated_keys
from agentramp.config.show import show
from agentramp.config.tree import Mapping, Scalar, Step, at, walk
from agentramp.diagnostics import Diagnostic
from agentramp.judge.window import Metric
from agentramp.policy import DEFAULT_BAKE, Policy

_TIMEOUT: Final = Policy().timeout
_ADDRESSES: Final = {
    ("evidence", "url"),
    ("gates", None, "judge", "url"),
    ("notify", None, "url"),
    ("blocklet", "server"),
    ("blocklet", "url"),
}
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_TOKENS: Final = {("evidence", "token"), ("gates", None, "judge", "token")}
_FILES: Final = {("evidence", "prompts"), ("gates", None, "golden")}
_METRICS: Final = frozenset(metric.value for metric in Metric)
_OF_GOLDEN: Final = ("repeats", "alpha", "judge")


def rule_faults(tree: Mapping, root: Path) -> Iterator[Diagnostic]:
    yield from repeated_keys(tree)
    yield from duration_faults(tree)
    yield from _steps(tree)
    yield from _bakes(tree)
    yield from _metrics(tree)
    yield from source_faults(tree)
    yield from _gates(tree)
    yield from _freezes(tree)
    yield from _blocklet(tree)
    yield from _outside(tree, root)


def _steps(tree: Mapping) -> Iterator[Diagnostic]:
    weights = list(_weights(tree))
    wrong = [(path, message) for path, weight in weights if (message := _no_percent(weight))]
    for path, message in wrong:
        yield fault(tree, path, f"{show(at(tree, path), path)} {message}", "range")
    if wrong or not weights or len(weights) != len(tree.items("steps")):
        return
    for (_, before), (path, weight) in pairwise(weights):
        if weight <= before:
            message = f"{weight:g} is not above {before:g}, the step before; weights ascend"
            yield fault(tree, path, message, "order")
    path, last = weights[-1]
    if last != PERCENT:
        message = f"the last step has {last:g}; end with 100, where the canary has all sessions"
        yield fault(tree, path, message, "order")


def _weights(tree: Mapping) -> Iterator[tuple[tuple[Step, ...], float]]:
    """Give the weights that are numbers, each with its place."""
    for index, item in enumerate(tree.items("steps")):
        path: tuple[Step, ...] = ("steps", index)
        if isinstance(item, Mapping):
            path = (*path, "weight")
        value = at(tree, path)
        number = value.value if isinstance(value, Scalar) else None
        if isinstance(number, int | float) and not isinstance(number, bool):
            yield path, float(number)


def _no_percent(weight: float) -> str:
    if 0 < weight < 1 and round(weight * PERCENT) > 0:
        return f"is no whole percent; write {round(weight * PERCENT)}"
    if not weight.is_integer():
        return "is no whole percent"
    return "" if 1 <= weight <= PERCENT else "is no weight; weights are 1 to 100"


def _bakes(tree: Mapping) -> Iterator[Diagnostic]:
    """Refuse a step that would time out before it may be left."""
    given = seconds_or_none(tree.get("timeout"))
    timeout = _TIMEOUT if given is None else given
    for path in (("bake",), *(("steps", index, "bake") for index in range(_count(tree)))):
        bake = seconds_or_none(at(tree, path))
        if bake is not None and bake > timeout:
            yield fault(tree, path, _too_long(bake, timeout), "range")
    if tree.get("bake") is None and given is not None and 1 <= given < DEFAULT_BAKE:
        message = (
            f"{durations.show(given)} is below bake, {durations.show(DEFAULT_BAKE)} by default"
        )
        yield fault(tree, ("timeout",), f"{message}; write a shorter bake too", "range")


def _too_long(bake: float, timeout: float) -> str:
    return (
        f"{durations.show(bake)} is above timeout, {durations.show(timeout)}: "
        "the step would time out before it may be left"
    )


def _count(tree: Mapping) -> int:
    return len(tree.items("steps"))


def _metrics(tree: Mapping) -> Iterator[Diagnostic]:
    metrics = tree.mapping("metrics")
    keys = [entry.key for entry in metrics.present()] if metrics else []
    shares = [share for key in keys if metrics and (share := metrics.number(key)) is not None]
    is_sound = len(shares) == len(keys) and all(0 < share <= 1 for share in shares)
    if not shares or not is_sound or not _METRICS.issuperset(keys):
        return
    if abs(sum(shares) - 1) > 1e-9:  # noqa: PLR2004 - what 0.1 + 0.2 is off by, and more
        message = f"the shares sum to {sum(shares):g}; they are shares of alpha and sum to 1"
        yield fault(tree, ("metrics",), message, "sum")


def _gates(tree: Mapping) -> Iterator[Diagnostic]:
    for index, gate in enumerate(tree.items("gates")):
        if isinstance(gate, Mapping):
            yield from _gate(tree, gate, ("gates", index))


def _gate(tree: Mapping, gate: Mapping, path: tuple[Step, ...]) -> Iterator[Diagnostic]:
    is_golden, is_command = (gate.get(key) is not None for key in ("golden", "command"))
    if is_golden and is_command:
        message = "stands beside golden; a gate is one of the two: write two gates"
        yield fault(tree, (*path, "command"), message, "exclusive")
        return
    if not is_golden and not is_command:
        message = "golden is required (or command): nothing says what to ask"
        yield fault(tree, path, message, "exclusive")
        return
    for key in ("timeout",) if is_golden else _OF_GOLDEN:
        if gate.get(key) is not None:
            owner = "command" if is_golden else "golden"
            message = f"belongs to a gate with {owner}; remove it"
            yield fault(tree, (*path, key), message, "exclusive")


def _blocklet(tree: Mapping) -> Iterator[Diagnostic]:
    found = tree.mapping("blocklet")
    if found and found.text("engine") == "aigne" and found.get("main") is not None:
        message = "belongs to engine: node; an AIGNE project starts by its aigne.yaml: remove it"
        yield fault(tree, ("blocklet", "main"), message, "exclusive")


def _freezes(tree: Mapping) -> Iterator[Diagnostic]:
    for index, item in enumerate(tree.items("freeze")):
        if isinstance(item, Mapping):
            yield from _freeze(tree, item, ("freeze", index))


def _freeze(tree: Mapping, item: Mapping, path: tuple[Step, ...]) -> Iterator[Diagnostic]:
    name = item.text("timezone") or "UTC"
    try:
        zone(name)
    except ValueError as error:
        yield _said(tree, (*path, "timezone"), error, "timezone")
        name = "UTC"
    moments: dict[str, Moment] = {}
    for key in ("from", "until"):
        text = item.text(key)
        try:
            moments |= {key: moment(text)} if text else {}
        except ValueError as error:
            yield _said(tree, (*path, key), error, "moment")
    if moments.keys() == {"from", "until"}:
        try:
            freeze(moments["from"], moments["until"], name)
        except ValueError as error:
            yield _said(tree, (*path, "until"), error, "moment")


def _said(tree: Mapping, path: tuple[Step, ...], error: ValueError, rule: str) -> Diagnostic:
    return fault(tree, path, f"{show(at(tree, path), path)} {error}", rule)


def _outside(tree: Mapping, root: Path) -> Iterator[Diagnostic]:
    """Check what points out of the file."""
    for path, node in walk(tree):
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value:
            continue
        place = tuple(None if isinstance(step, int) else step for step in path)
        if place in _ADDRESSES:
            yield from _address(tree, path, node.value, is_from_env=node.origin.from_env)
        elif place in _TOKENS and not (node.value.isascii() and node.value.isprintable()):
            message = "no header may hold this; usual cause: a line end after it in the secret"
            yield fault(tree, path, message, "token")
        # os.path gives False for every odd name.
        elif place in _FILES and not os.path.isfile(os.path.join(root, node.value)):  # noqa: PTH113, PTH118
            message = f"{show(node, path)} is no file; the path starts from the folder of this one"
            yield fault(tree, path, message, "file")


def _address(
    tree: Mapping, path: tuple[Step, ...], text: str, *, is_from_env: bool
) -> Iterator[Diagnostic]:
    """Never show the address: it may be a secret."""
    if not _is_address(text):
        message = "this is no address to trust; write https:// and a host, or http://localhost"
        yield fault(tree, path, message, "url")
    if not is_from_env and _holds_secret(text):
        yield fault(tree, path, in_clear_text(path), "secret")


def _holds_secret(address: str) -> bool:
    """Find ``?token=...``."""
    _, _, query = address.partition("?")
    pairs = parse_qsl(query[:2000])
    return any(is_secret_name(name) and not is_placeholder(value) for name, value in pairs)


def _is_address(text: str) -> bool:
    """Tell https, or http to this machine: what is sent and believed must not be open to others."""
    try:
        parts = urlsplit(text)
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    is_plain = text.isprintable() and " " not in text
    return is_safe and is_plain and port_is_sound and bool(parts.hostname)

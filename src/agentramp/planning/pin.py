"""Endpoints of one version each, beside the one that users use: for gates and probes."""

from dataclasses import replace

from agentramp.model import FULL, Split
from agentramp.plan import Plan
from agentramp.planning.traffic import Seen, existing_runtime, first, move


def pinned_names(endpoint: str) -> tuple[str, str]:
    """The endpoints that are pinned to the canary and to the stable version."""
    return f"{endpoint}-canary", f"{endpoint}-stable"


def plan_pin(seen: Seen, version: int) -> Plan:
    """``seen`` is the pinned endpoint: it serves ``version`` and nothing else."""
    runtime = existing_runtime(seen, version)
    if seen.found is None:
        plan = first("release", seen, runtime, version, FULL)
        return replace(plan, notes=(f"endpoint {seen.endpoint} reaches version {version} alone",))
    return move("release", seen, runtime, Split(version), "pinned for gates and probes")

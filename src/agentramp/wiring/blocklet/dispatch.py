"""What each verb does on a Blocklet Server; what it cannot do there is exit 7, with what can."""

import argparse
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final, TypeAlias, cast

from agentramp.errors import UnsupportedError, UsageError
from agentramp.report.result import Report
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.context import Context

Run: TypeAlias = Callable[[argparse.Namespace, Context], Report]

_HERE: Final = "agentramp.wiring.blocklet"
WAYS: Final[Mapping[str, str]] = {
    "validate": "validating",
    "build": "building",
    "deploy": "deploying",
    "promote": "promoting",
    "abort": "aborting",
    "rollback": "returning",
    "remove": "removing",
    "verify": "verifying",
    "status": "standing",
    "versions": "versions",
    "history": "remembering",
}
"""The module of this room whose ``run`` does it."""

_CANARY: Final = (
    "put a canary on a mount point of its own: agentramp deploy --canary; then agentramp promote,"
    " or agentramp abort"
)
_LOOK: Final = "agentramp status tells how it stands"
CANNOT: Final[Mapping[str, tuple[str, str]]] = {
    "shift-traffic": ("splits no traffic: a component has one version", _CANARY),
    "release": ("has no ramp: a component has one version", _CANARY),
    "publish-version": (
        "publishes no versions apart from what runs",
        "agentramp build makes a bundle of one version; agentramp deploy installs it",
    ),
    "pause": ("has no ramp to pause", _CANARY),
    "resume": ("has no ramp to resume", _CANARY),
    "approve": ("has no ramp to approve", _CANARY),
    "adopt": (
        "has no split to adopt",
        "agentramp deploy installs what is meant, whatever was set by hand",
    ),
    "restore": (
        "has no split to restore",
        "agentramp rollback --version X.Y.Z installs again what the journal knows",
    ),
    "endpoints": ("has no endpoints: a component has a mount point", _LOOK),
    "instances": ("lets nobody into a component's process", _LOOK),
    "concurrency": ("reserves no concurrency", "set it in the agent itself"),
    "logs": ("hands out no logs over its interface", "look at them in the server's own dashboard"),
    "sync": ("has no s.yaml to write", _LOOK),
    "simulate": ("has no ramp to simulate", _CANARY),
    "whoami": (
        "tells no identity for an access key",
        "agentramp status asks with the key: one that the server refuses ends in exit code 3",
    ),
    "doctor": (
        "is not among what doctor looks at",
        "agentramp deploy --dry-run looks at the folder, the key and the application",
    ),
}
"""What it cannot do and what does what is meant, in words."""

_AGENTRUN: Final = (
    "runtime",
    "region",
    "endpoint",
    "resource",
    "template",
    "env",
    "prune",
    "skip_endpoints",
    "preflight",
    "watch",
    "until_ready",
    "github_environment",
)


def way(verb: str, args: argparse.Namespace) -> Run:
    """Raises UnsupportedError for what the server cannot do, UsageError for options of AgentRun."""
    if verb in CANNOT:
        what, advice = CANNOT[verb]
        raise UnsupportedError(f"a Blocklet Server {what}", advice=advice)
    if verb not in WAYS:
        raise UnsupportedError(f"{verb} does nothing on a Blocklet Server", advice=_LOOK)
    _refuse_agentrun(verb, args)
    module = import_module(f"{_HERE}.{WAYS[verb]}")
    return cast("Run", module.run)


def _refuse_agentrun(verb: str, args: argparse.Namespace) -> None:
    given = next((name for name in _AGENTRUN if getattr(args, name, None)), None)
    if given is None:
        return
    if given == "preflight":
        raise UnsupportedError(
            "--preflight looks at AgentRun alone",
            advice=f"{again(args, 'deploy', '--dry-run')} looks at the server and changes nothing",
        )
    option = given.replace("_", "-")
    raise UsageError(
        f"--{option} is for AgentRun, and {verb} is about a Blocklet Server here",
        advice="leave it out; --server, --app and --mount-point say where",
    )

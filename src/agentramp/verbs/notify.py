"""Tells the hooks of agentramp.yaml what became of a ramp; a hook that fails stops nothing."""

from urllib.parse import urlsplit

import requests

from agentramp.config.ramp_settings import Happening, Hook
from agentramp.judge.verdict import Decision
from agentramp.planning import Ruled
from agentramp.tick import Ticked
from agentramp.verbs.context import Context
from agentramp.verbs.target import Target

TIMEOUT = 10.0


def tell(context: Context, where: Target, ticked: Ticked) -> None:
    """Once for what this run did; an idle or doubled run tells nothing."""
    happening = _happening(ticked)
    if happening is None:
        return
    send(context, where, happening, ticked.ruling.reason)


def send(context: Context, where: Target, happening: Happening, reason: str) -> None:
    for hook in where.ramp.hooks:
        if happening in hook.on:
            _post(context, hook, where, happening, reason)


def _happening(ticked: Ticked) -> Happening | None:
    ruling, ramp = ticked.ruling, ticked.ramp
    if ruling.drifted:
        return Happening.DRIFTED
    if not ruling.plan.steps:
        return None
    match ruling.ruled:
        case Ruled.ROLLBACK:
            return Happening.ROLLED_BACK
        case Ruled.ADVANCE if ramp is None:
            return Happening.BEGUN
        case Ruled.ADVANCE:
            after = ticked.outcome.endpoint
            whole = after is not None and not after.split.canaries
            return Happening.PROMOTED if whole else Happening.ADVANCED
        case Ruled.HOLD if ramp and (ramp.last is None or ramp.last.decision is not Decision.HOLD):
            return Happening.HELD
        case _:
            return None


def _post(context: Context, hook: Hook, where: Target, happening: Happening, reason: str) -> None:
    said = {
        "text": f"{where.subject}: {happening.value}: {reason}",
        "runtime": where.runtime,
        "endpoint": where.endpoint,
        "event": happening.value,
        "reason": reason,
    }
    try:
        answer = requests.post(hook.url, json=said, timeout=TIMEOUT, allow_redirects=False)
        answer.raise_for_status()
    except requests.RequestException as error:
        # Neither the address nor the error's words: both may hold the hook's secret.
        host = urlsplit(hook.url).hostname
        context.console.say(f"the hook at {host} was not told: {type(error).__name__}")

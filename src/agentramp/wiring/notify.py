"""Tells the hooks of agentramp.yaml what became of a ramp; a hook that fails stops nothing."""

import json
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from agentramp.config.ramp_settings import Happening, Hook, RampConfig
from agentramp.errors import AgentrampError, RefusedError
from agentramp.exchange import Letter, post
from agentramp.judge.verdict import Decision
from agentramp.plan import MoveTraffic, Subject
from agentramp.planning import Ruled
from agentramp.tick import Ticked
from agentramp.wiring.context import Context
from agentramp.wiring.target import Target
from agentramp.wiring.waiting import wait

TIMEOUT = 10.0
MOST_BYTES = 64 * 1024
FINISHED = {"abort": Happening.ABORTED, "rollback": Happening.ROLLED_BACK}
"""What a person asked for, a run died in, and a tick carried out."""


@dataclass
class Teller:
    """Tells of one run's ticks: each thing once, and drift once for as long as it lasts.

    Drift writes no record, so every run that finds it tells it anew.
    """

    context: Context
    where: Target
    _drift: str = field(default="", init=False)

    def __call__(self, ticked: Ticked) -> None:
        drift = ticked.ruling.reason if ticked.ruling.drifted else ""
        known, self._drift = drift and drift == self._drift, drift
        happening = _happening(ticked)
        if happening and not known:
            send(self.context, self.where, happening, ticked.ruling.reason)


class Hooked(Protocol):
    """What an agentramp.yaml is of."""

    @property
    def ramp(self) -> RampConfig: ...
    @property
    def runtime(self) -> str: ...
    @property
    def endpoint(self) -> str: ...
    @property
    def subject(self) -> Subject: ...


def send(context: Context, where: Hooked, happening: Happening, reason: str) -> None:
    for hook in where.ramp.hooks:
        if happening in hook.on:
            _post(context, hook, where, happening, reason)


def _happening(ticked: Ticked) -> Happening | None:
    """An idle or doubled run has nothing to tell."""
    ruling, ramp = ticked.ruling, ticked.ramp
    if ruling.drifted:
        return Happening.DRIFTED
    if not ruling.plan.steps or ruling.ruled is Ruled.SUPERSEDED:
        return None
    intent = ticked.seen.standing.open
    if intent and intent.verb in FINISHED:
        return FINISHED[intent.verb]
    match ruling.ruled:
        case Ruled.ROLLBACK:
            return Happening.ROLLED_BACK
        case Ruled.ADVANCE if ramp is None:
            return Happening.BEGUN
        case Ruled.ADVANCE:
            after = ticked.outcome.endpoint
            whole = after is not None and not after.split.canaries
            return Happening.PROMOTED if whole else Happening.ADVANCED
        case Ruled.HOLD if ramp and _is_news(ticked):
            return Happening.HELD
        case _:
            return None


def _is_news(ticked: Ticked) -> bool:
    """A hold is, once it waits for somebody or something else than the last one did.

    That a step takes its time is none.
    """
    if any(isinstance(step, MoveTraffic) for step in ticked.ruling.plan.steps):
        return True
    last = ticked.ramp.last if ticked.ramp else None
    before = wait(last.reason) if last and last.decision is Decision.HOLD else None
    return wait(ticked.ruling.reason) not in {None, before}


def _post(context: Context, hook: Hook, where: Hooked, happening: Happening, reason: str) -> None:
    said = {
        "text": f"{where.subject}: {happening.value}: {reason}",
        "runtime": where.runtime,
        "endpoint": where.endpoint,
        "event": happening.value,
        "reason": reason,
    }
    try:
        letter = Letter(hook.url, json.dumps(said).encode())
        reply = post(letter, timeout=TIMEOUT, most=MOST_BYTES)
        if not 200 <= reply.status < 300:  # noqa: PLR2004 - HTTP's range of success
            raise RefusedError(f"it answered {reply.status}")
    except AgentrampError as error:
        # No message of an exchange shows more of the address than its host: it may be a secret.
        context.console.say(f"warning: the hook at {_host(hook.url)} was not told: {error}")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "no host"
    except ValueError:
        return "an address that is none"

"""About when a hold ends, in words."""

from agentramp.config.durations import show
from agentramp.ramp import Ramp

_LEAST_SECONDS, _LEAST_SESSIONS = 1.0, 5


def about(ramp: Ramp, needed: int | None) -> str:
    """When ``needed`` more canary sessions will have come, at the pace they come at this weight."""
    if needed is None:
        return ""
    came = sum(window.canary.sessions for window in ramp.here)
    spent = sum(window.end - window.start for window in ramp.here)
    if came < _LEAST_SESSIONS or spent < _LEAST_SECONDS:
        return ""
    return f" (about {duration(needed * spent / came)} at this traffic)"


def duration(seconds: float) -> str:
    """As people say it: nobody waits ``1h59m58s``."""
    whole = max(1, round(seconds))
    for unit in (3600, 60):
        if whole >= 10 * unit:
            whole = round(whole / unit) * unit
    return show(whole)

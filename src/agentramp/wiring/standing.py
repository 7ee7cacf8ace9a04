"""A runtime and its endpoints as the platform shows them and their journals know them now."""

from agentramp import tick
from agentramp.errors import UsageError
from agentramp.model import Observed, Runtime
from agentramp.plan import Subject
from agentramp.planning import Seen, reconcile
from agentramp.ramp import standing
from agentramp.report.status import Overview, Served
from agentramp.wiring.target import Target
from agentramp.wiring.traffic import missing


def overview(where: Target, only: str | None = None) -> Overview:
    """All endpoints, or ``only`` one; raises UsageError where it, or the runtime, is not there."""
    observed = where.platform.observe(where.runtime)
    runtime = existing(where, observed)
    served = tuple(_served(where, observed, name) for name in _names(where, observed, only))
    kept = tuple(one for one in served if one.endpoint or one.standing.meant)
    if only and not kept:
        raise UsageError(
            f"runtime {where.runtime} has no endpoint {only} (it has: {there(observed)})",
            advice="name one of those, or make it: agentramp endpoints publish"
            f" {only} --target-version N",
        )
    return Overview(runtime, observed.versions, kept)


def existing(where: Target, observed: Observed) -> Runtime:
    if observed.runtime is None:
        raise missing(where.runtime)
    return observed.runtime


def there(observed: Observed) -> str:
    return ", ".join(found.name for found in observed.endpoints) or "none"


def _names(where: Target, observed: Observed, only: str | None) -> tuple[str, ...]:
    """One that is gone from the platform is asked for too: its journal may hold a ramp."""
    if only:
        return (only,)
    names = dict.fromkeys((*(found.name for found in observed.endpoints), where.endpoint))
    return tuple(names)


def _served(where: Target, observed: Observed, name: str) -> Served:
    subject = Subject(where.runtime, name)
    now = standing(where.journal.read(subject))
    seen = Seen(where.runtime, observed, name, now, where.platform.now())
    drift = _drift(seen)
    if drift:  # the journal was read after the platform: a run may have moved it in between
        seen = tick.look(where.platform, where.journal, subject)
        drift = _drift(seen)
    return Served(name, seen.found, seen.standing, drift, seen.now)


def _drift(seen: Seen) -> str:
    ruling = reconcile(seen)
    return ruling.reason if ruling and ruling.drifted else ""

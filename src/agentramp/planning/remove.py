"""Take an endpoint away, or a runtime with all of its endpoints and versions."""

from collections.abc import Mapping

from agentramp.errors import SupersededError
from agentramp.model import Endpoint, Observed
from agentramp.plan import KeepRecord, Plan, RemoveEndpoint, RemoveRuntime, Subject
from agentramp.ramp import Standing
from agentramp.record import Removed

GONE = "none: what is removed is gone; a deploy makes it anew"
LET_GO = "abort ends a ramp, promote goes on with it; or remove it all the same with --force"


def plan_remove(
    runtime: str,
    observed: Observed,
    held: Mapping[str, str],
    endpoint: str | None = None,
    known: Mapping[str, Standing] | None = None,
) -> tuple[Plan, ...]:
    """One plan for each endpoint, and for a whole runtime one for itself, last.

    ``held`` says why an endpoint may not go; empty where everything may be forced. ``known`` is
    what each endpoint's journal comes to: the plan is good for that state only. Raises
    SupersededError where an endpoint that is to go is held.
    """
    known = known or {}
    if observed.runtime is None:
        note = f"runtime {runtime} does not exist: there is nothing to remove"
        return (Plan("remove", Subject(runtime), notes=(note,)),)
    if endpoint is not None and observed.endpoint(endpoint) is None:
        return (_not_there(runtime, endpoint, known.get(endpoint, Standing())),)
    going = [one for one in observed.endpoints if endpoint in {None, one.name}]
    _refuse_held(runtime, going, held)
    runtime_id = observed.runtime.id
    plans = tuple(removal(runtime, runtime_id, one, known.get(one.name)) for one in going)
    if endpoint is not None:
        return plans
    last = Plan("remove", Subject(runtime), (RemoveRuntime(runtime_id, runtime),))
    return (*plans, last)


def removal(
    runtime: str, runtime_id: str, found: Endpoint, now: Standing | None, verb: str = "remove"
) -> Plan:
    step = RemoveEndpoint(runtime_id, found.id, found.name, found.split)
    subject, generation = Subject(runtime, found.name), now.generation if now else None
    return Plan(verb, subject, (step,), no_way_back=GONE, generation=generation)


def _not_there(runtime: str, endpoint: str, now: Standing) -> Plan:
    """What a run that died had removed is written down; else there is nothing to do."""
    subject = Subject(runtime, endpoint)
    note = f"endpoint {subject} does not exist: there is nothing to remove"
    if now.open is None or not now.open.removal:
        return Plan("remove", subject, notes=(note,))
    record = KeepRecord(Removed(now.open.after))
    why = f"endpoint {subject} is gone: a run that died had removed it"
    return Plan("remove", subject, (record,), notes=(why,), generation=now.generation)


def _refuse_held(runtime: str, going: list[Endpoint], held: Mapping[str, str]) -> None:
    told = [f"{runtime}/{one.name}: {held[one.name]}" for one in going if held.get(one.name)]
    if told:
        raise SupersededError("; ".join(told), advice=LET_GO)

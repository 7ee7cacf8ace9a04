"""Make the endpoints what s.yaml says.

A weight stands on an endpoint of its own there, and takes sessions from the main one: so it is
written into the main endpoint's split, and the endpoint that bears it reaches its version directly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agentramp.config.settings import EndpointConfig
from agentramp.errors import UsageError
from agentramp.model import FULL, LATEST, Endpoint, Observed, Runtime, Split, VersionRef
from agentramp.plan import (
    CreateEndpoint,
    DescribeEndpoint,
    KeepRecord,
    MoveTraffic,
    Plan,
    RemoveEndpoint,
    Step,
    Subject,
)
from agentramp.planning.held import Young, held_by
from agentramp.planning.remove import removal
from agentramp.planning.traffic import IS_BACK, NEW, Seen, move
from agentramp.ramp import Standing
from agentramp.record import Removed
from agentramp.stepping import records

MAIN = "production"
VERB = "deploy"
PUT_BACK = "put back: another endpoint of this deploy failed"


@dataclass(frozen=True)
class _Wanted:
    name: str
    split: Split
    description: str | None
    notes: tuple[str, ...]


def plan_endpoints(
    runtime: str,
    wanted: Sequence[EndpointConfig],
    observed: Observed,
    known: Mapping[str, Standing],
    *,
    prune: bool = False,
    young: Young | None = None,
) -> tuple[Plan, ...]:
    """One plan for each endpoint: those to be made first, then moves, then removals.

    ``known`` is what the journal of each endpoint comes to. An endpoint that a ramp holds is left
    alone, and one that another deploy began to move while that is ``young``. Raises UsageError
    where the file names versions that are not published, or weights that make no split. A file
    without endpoints leaves all of them as they are.
    """
    if not wanted:
        return ()
    _refuse_unpublished(runtime, wanted, observed)
    head = observed.runtime
    plans: list[Plan] = []
    for want in _with_main(wanted):
        now = known.get(want.name, Standing())
        seen = Seen(runtime, observed, want.name, now)
        why = held_by(now, young)
        plans.append(_held(seen, why) if why else _plan(seen, head.id if head else "", want))
    listed = {one.name for one in wanted}
    for found in observed.endpoints:
        if found.name not in listed and head:
            now = known.get(found.name, Standing())
            why = held_by(now, young) or ("" if prune else "deploy --prune removes it")
            plans.append(_unlisted(runtime, head, found, now, why))
    return tuple(sorted(plans, key=_turn))


def put_back(done: Plan) -> Plan | None:
    """What undoes a plan that was carried out, if anything does; a new endpoint may stay.

    It holds for the journal as that plan left it: what was begun or said since counts.
    """
    if not done.way_back:
        return None
    generation = (
        None if done.generation is None else done.generation + sum(map(records, done.steps))
    )
    steps = tuple(map(_explained, done.way_back))
    return Plan(done.verb, done.subject, steps, no_way_back=IS_BACK, generation=generation)


def removes(plan: Plan) -> bool:
    """Whether it takes an endpoint away, which nothing gives back."""
    return any(isinstance(step, RemoveEndpoint) for step in plan.steps)


def _explained(step: Step) -> Step:
    return replace(step, reason=PUT_BACK) if isinstance(step, MoveTraffic) else step


def _turn(plan: Plan) -> int:
    if removes(plan):
        return 2
    return 0 if any(isinstance(step, CreateEndpoint) for step in plan.steps) else 1


def _with_main(wanted: Sequence[EndpointConfig]) -> list[_Wanted]:
    """What each is to serve; the main one last, so that its canaries can be reached by then."""
    weighted = [one for one in wanted if one.weight is not None]
    if not weighted:
        return [_alone(one) for one in wanted]
    main = _main(wanted)
    others = [_alone(one) for one in wanted if one is not main]
    return [*others, _split(main, weighted)]


def _main(wanted: Sequence[EndpointConfig]) -> EndpointConfig:
    """The endpoint that shares its sessions."""
    whole = [one for one in wanted if one.weight is None]
    named = [one for one in wanted if one.name == MAIN] or whole
    if len(named) == 1 and named[0].weight is None:
        return named[0]
    if len(named) == 1:
        raise UsageError(
            f"endpoint {MAIN} has a weight itself, so nothing says whose sessions it takes",
            advice=f"give the weight to the canary's endpoint and none to {MAIN}",
        )
    bearer = next(one.name for one in wanted if one.weight is not None)
    raise UsageError(
        f"endpoint {bearer} has a weight, and {len(whole)} endpoints have none: whose sessions does"
        " it take?",
        advice=f"name the endpoint that shares its sessions {MAIN}",
    )


def _alone(one: EndpointConfig) -> _Wanted:
    return _Wanted(one.name, Split(_version(one)), one.description, _following(one))


def _split(main: EndpointConfig, weighted: Sequence[EndpointConfig]) -> _Wanted:
    stable = _version(main)
    shares: dict[VersionRef, int] = {}
    notes = list(_following(main))
    for one in weighted:
        version = _version(one)
        if version == stable:
            notes.append(f"{one.name} has {main.name}'s own version: its weight changes nothing")
            continue
        shares[version] = shares.get(version, 0) + (one.weight or 0)
        notes.append(
            f"{main.name} sends {one.weight} % of new sessions to {_words(version)};"
            f" endpoint {one.name} reaches {_words(version)} directly"
        )
    try:
        split = Split(stable, tuple(shares.items()))
    except ValueError as error:
        told = ", ".join(f"{one.name} {one.weight} %" for one in weighted)
        raise UsageError(
            f"the weights ({told}) leave {main.name} no sessions of its own",
            advice=f"let each be more than 0 and their sum less than {FULL} %",
        ) from error
    return _Wanted(main.name, split, main.description, tuple(notes))


def _version(one: EndpointConfig) -> VersionRef:
    return LATEST if one.version is None else one.version


def _words(version: VersionRef) -> str:
    return LATEST if version == LATEST else f"v{version}"


def _following(one: EndpointConfig) -> tuple[str, ...]:
    if one.version is not None:
        return ()
    return (f"endpoint {one.name} names no version: it follows {LATEST}, on every deploy",)


def _refuse_unpublished(runtime: str, wanted: Sequence[EndpointConfig], observed: Observed) -> None:
    published = {version.number for version in observed.versions}
    missing = [one for one in wanted if isinstance(one.version, int)]
    missing = [one for one in missing if one.version not in published]
    if not missing:
        return
    told = ", ".join(f"version {one.version} (endpoint {one.name})" for one in missing)
    listed = ", ".join(map(str, sorted(published))) or "none"
    raise UsageError(
        f"the file names what is not published of {runtime}: {told}; published: {listed}",
        advice="deploy with --skip-endpoints and publish first (agentramp publish-version), or"
        " name a published version",
    )


def _plan(seen: Seen, runtime_id: str, want: _Wanted) -> Plan:
    if seen.found is None or seen.observed.runtime is None:
        return _new(seen, runtime_id, want)
    plan = move(VERB, seen, seen.observed.runtime, want.split, "as s.yaml says")
    plan = replace(plan, notes=(*plan.notes, *want.notes))
    if want.description in {None, seen.found.description}:
        return plan
    words = want.description or ""
    step = DescribeEndpoint(runtime_id, seen.found.id, want.name, words, seen.found.split)
    # First, as it is not undone where it fails after a move.
    return replace(plan, steps=(step, *plan.steps), generation=seen.standing.generation)


def _new(seen: Seen, runtime_id: str, want: _Wanted) -> Plan:
    now = seen.standing
    make = CreateEndpoint(runtime_id, want.name, want.split, want.description or "")
    steps: tuple[Step, ...] = (make,)
    if now.open and now.open.removal:
        steps = (KeepRecord(Removed(now.open.after)), make)
    return Plan(
        VERB,
        seen.subject,
        steps,
        notes=want.notes,
        no_way_back=NEW,
        generation=now.generation,
    )


def _unlisted(runtime: str, head: Runtime, found: Endpoint, now: Standing, why: str) -> Plan:
    """``why`` it stays; empty where it goes."""
    if why:
        subject = Subject(runtime, found.name)
        return _left(subject, f"endpoint {found.name} is not in the file, and stays: {why}")
    plan = removal(runtime, head.id, found, now, VERB)
    return replace(plan, notes=(f"endpoint {found.name} is not in the file",))


def _held(seen: Seen, why: str) -> Plan:
    return _left(seen.subject, f"endpoint {seen.endpoint} is left as it is: {why}")


def _left(subject: Subject, why: str) -> Plan:
    return Plan(VERB, subject, notes=(why,))

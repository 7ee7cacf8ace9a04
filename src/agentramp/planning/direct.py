"""Make an endpoint serve a split, whether it is there already or not."""

from dataclasses import replace

from agentramp.errors import SupersededError
from agentramp.model import Split
from agentramp.plan import CreateEndpoint, DescribeEndpoint, Plan, Step
from agentramp.planning.traffic import NEW, Seen, existing_runtime, move

VERB = "endpoints publish"
ANOTHER = "publish it first; agentramp versions list tells what is published"


def plan_direct(seen: Seen, split: Split, description: str | None = None) -> Plan:
    """``description`` None leaves the words about an endpoint as they are."""
    for version, _ in split.weights:
        existing_runtime(seen, version, ANOTHER)
    refuse_held(seen)
    if seen.found is None:
        return _new(seen, split, description or "")
    return _changed(seen, split, description)


def refuse_held(seen: Seen) -> None:
    """A ramp counts on the split that it set; raises SupersededError."""
    ramp = seen.standing.ramp
    if ramp:
        raise SupersededError(
            f"a ramp of version {ramp.canary} holds {seen.subject} ({ramp.weight} %)",
            advice="promote goes on with it, pause keeps it where it is; abort ends it, and then"
            " this can be run again",
        )


def _new(seen: Seen, split: Split, description: str) -> Plan:
    runtime = existing_runtime(seen, split.stable, ANOTHER)
    step = CreateEndpoint(runtime.id, seen.endpoint, split, description)
    generation = seen.standing.generation
    return Plan(VERB, seen.subject, (step,), no_way_back=NEW, generation=generation)


def _changed(seen: Seen, split: Split, description: str | None) -> Plan:
    """Words first: they cannot harm, and traffic that has moved is never left half told."""
    runtime = existing_runtime(seen, split.stable, ANOTHER)
    plan = move(VERB, seen, runtime, split)
    found = seen.found
    if found is None or description is None or description == found.description:
        return plan
    words: Step = DescribeEndpoint(runtime.id, found.id, found.name, description, found.split)
    steps = (words, *plan.steps)
    notes = plan.notes if plan.steps else ()
    return replace(plan, steps=steps, notes=notes, generation=seen.standing.generation)

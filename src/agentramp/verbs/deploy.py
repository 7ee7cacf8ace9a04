"""deploy: make a runtime's head and its endpoints what s.yaml and its package say."""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from agentramp.config import RuntimeConfig
from agentramp.errors import UsageError
from agentramp.model import Endpoint, Split
from agentramp.plan import CreateEndpoint, MoveTraffic, Plan, RemoveEndpoint
from agentramp.report.result import Result
from agentramp.wiring import arguments
from agentramp.wiring.blocklet import arguments as blocklet
from agentramp.wiring.context import Context
from agentramp.wiring.deploying import Deployed, Prepared, carry_out, lead, prepare, prune, tell
from agentramp.wiring.packaging import image_digest
from agentramp.wiring.resources import Resources
from agentramp.wiring.undertaking import Undertaking, all_or_none
from agentramp.wiring.verifying import refuse_in_vain, verified

EXAMPLE = "agentramp deploy examples/quickstart --platform local --dry-run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_journal(parser)
    arguments.add_dry_run(parser)
    arguments.add_output_dir(parser)
    arguments.add_artifact(parser)
    parser.add_argument(
        "--prune",
        action="store_true",
        help="remove the endpoints that s.yaml does not name, if it names any",
    )
    parser.add_argument(
        "--skip-endpoints",
        action="store_true",
        help="leave all endpoints as they are, whatever s.yaml says of them",
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="ask each endpoint of s.yaml as its users do; where one does not answer, traffic is"
        " put back and the deploy fails",
    )
    arguments.add_comment(parser)
    there = blocklet.add_components(parser, "--endpoint")
    blocklet.add_version(there)
    there.add_argument(
        "--canary",
        action="store_true",
        help="beside the component, at MOUNT-POINT-canary; the gates of agentramp.yaml are run on"
        " both, then promote or abort ends it",
    )


def run(args: argparse.Namespace, context: Context) -> Result:
    if args.prune and args.skip_endpoints:
        raise UsageError(
            "--prune removes endpoints, --skip-endpoints leaves them", advice="use one"
        )
    resources = Resources(args, context)
    names = resources.names()
    if len(names) > 1 and (args.artifact or args.artifact_digest):
        raise UsageError(
            f"artifact and artifact-digest are of one resource, and this deploys {len(names)}",
            advice=f"name it with --resource; s.yaml has: {', '.join(names)}",
        )
    with all_or_none(context.console.going_back, context.console.say) as undertaking:
        results = _deployed(args, context, resources, names, undertaking)
    if len(results) == 1:
        return replace(results[0], next=_next(args, results[0]))
    return _summed_up(args, results)


def _next(args: argparse.Namespace, result: Result) -> str:
    """After a plan, what it is the plan of: to publish now would freeze the head as it was.

    No manifest of a given zip lies where publish-version looks for one, so it is told.
    """
    plans = (result.plan, *result.endpoints)
    if args.dry_run and any(plan and plan.steps for plan in plans):
        flags = ("prune", "skip_endpoints", "verify")
        words = [f"--{flag.replace('_', '-')}" for flag in flags if getattr(args, flag)]
        return arguments.again(args, "deploy", *words)
    given = result.artifact if args.artifact and not args.artifact_digest else None
    digest = (f"--artifact-digest={given.sha256}",) if given else ()
    return arguments.again(args, "publish-version", *digest)


def _deployed(
    args: argparse.Namespace,
    context: Context,
    resources: Resources,
    names: Sequence[str],
    undertaking: Undertaking,
) -> list[Result]:
    """All that can be is planned before anything is changed; the rest once it can be known."""
    if args.resource:
        resources.look_up(args.resource)
    planned = {name: _planned(args, context, resources, name) for name in names}
    done: list[Deployed | Result] = []
    for name in names:
        prepared = planned[name] or _planned(args, context, resources, name)
        if prepared is None:
            done.append(_waiting(args, resources.find(name)[1]))
            continue
        deployed = carry_out(args, context, prepared, undertaking)
        if args.verify and not args.dry_run:
            verified(context, deployed)
        if deployed.head:
            resources.put_out(prepared.runtime, deployed.head, deployed.endpoints)
        done.append(deployed)
    for last in (lead, prune):
        done = [
            one if isinstance(one, Result) else last(args, context, one, undertaking)
            for one in done
        ]
    return [one if isinstance(one, Result) else _result(args, one) for one in done]


def _planned(
    args: argparse.Namespace, context: Context, resources: Resources, name: str
) -> Prepared | None:
    """None where it waits for what another resource puts out."""
    whole, runtime = resources.find(name)
    if runtime.pending:
        return None
    prepared = prepare(args, context, whole, runtime)
    if args.verify:
        refuse_in_vain(prepared)
    tell(args, context, prepared)
    return prepared


def _waiting(args: argparse.Namespace, runtime: RuntimeConfig) -> Result:
    """A dry run makes nothing, so what refers to it cannot be planned."""
    needed = ", ".join(runtime.needs)
    if not args.dry_run:
        raise UsageError(
            f"resource {runtime.resource} refers to what {needed or 'no resource'} puts out, and"
            f" cannot be read: {', '.join(runtime.open_values)}",
            advice="agentramp validate tells which values wait, and for what",
        )
    return Result(
        verb="deploy",
        message=f"resource {runtime.resource} can be planned once {needed} is deployed",
        dry_run=True,
    )


def _summed_up(args: argparse.Namespace, results: Sequence[Result]) -> Result:
    changed = sum(result.changed for result in results)
    count = f"{len(results)} resources"
    told = "the plans stand above" if args.dry_run else f"{changed} changed"
    return Result(
        verb="deploy",
        message=f"{count}: {told}",
        changed=changed > 0,
        dry_run=args.dry_run,
        resources=tuple(results),
    )


def _result(args: argparse.Namespace, deployed: Deployed) -> Result:
    prepared = deployed.prepared
    main = _shown(prepared.runtime)
    before = prepared.observed.endpoint(main) if main and prepared.endpoints else None
    after = deployed.endpoint(main) if main and prepared.endpoints else None
    return Result(
        verb="deploy",
        message=_message(deployed, dry_run=args.dry_run),
        changed=deployed.changed,
        dry_run=args.dry_run,
        runtime=prepared.where.runtime,
        runtime_id=deployed.head.id if deployed.head else None,
        endpoint=main if prepared.endpoints else None,
        url=after.url if after else None,
        before=before.split if before else None,
        after=_split(prepared.endpoints, main, after),
        artifact=prepared.artifact,
        digest=image_digest(prepared.runtime),
        plan=_whole(prepared),
        endpoints=prepared.endpoints,
    )


def _whole(prepared: Prepared) -> Plan:
    """The plan of the runtime, with its domain's in it; each was carried out by itself."""
    plan, domain = prepared.plan, prepared.domain
    if domain is None:
        return plan
    notes = plan.notes if plan.steps else ()
    steps, way_back = (*plan.steps, *domain.steps), (*plan.way_back, *domain.way_back)
    return replace(plan, steps=steps, way_back=way_back, notes=(*notes, *domain.notes))


def _shown(runtime: RuntimeConfig) -> str | None:
    """The endpoint that people use: the one that bears no weight."""
    names = [one.name for one in runtime.endpoints if one.weight is None]
    return arguments.ENDPOINT if arguments.ENDPOINT in names else next(iter(names), None)


def _split(plans: tuple[Plan, ...], name: str | None, after: Endpoint | None) -> Split | None:
    """Where traffic is now; in a dry run, where it would be."""
    for step in (step for plan in plans if plan.subject.endpoint == name for step in plan.steps):
        match step:
            case MoveTraffic(after=split) | CreateEndpoint(split=split):
                return split
            case _:
                pass
    return after.split if after else None


def _message(deployed: Deployed, *, dry_run: bool) -> str:
    prepared = deployed.prepared
    plan = prepared.plan
    if not prepared.changes:
        return plan.notes[0]
    if dry_run:
        return f"runtime {plan.subject} would be changed, as the plan says"
    head = "its head is READY" if plan.steps else "its head is as it was"
    told = [f"{plan.subject.endpoint} {_done(plan)}" for plan in prepared.endpoints if plan.steps]
    domain = prepared.runtime.domain
    led = [f"domain {domain.name} leads to it"] if domain and prepared.domain else []
    return "; ".join([f"runtime {plan.subject}: {head}", *told, *led])


def _done(plan: Plan) -> str:
    for step in plan.steps:
        match step:
            case MoveTraffic(after=split) | CreateEndpoint(split=split):
                return f"serves {split}"
            case RemoveEndpoint():
                return "is removed"
            case _:
                pass
    return "is described anew"

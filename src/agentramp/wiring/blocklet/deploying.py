"""deploy: the folder becomes the component that runs, or a canary beside it."""

import argparse
from dataclasses import replace
from typing import Final

from agentramp.component import Bundle, Identity
from agentramp.errors import UsageError
from agentramp.plan import AskComponent
from agentramp.planning import (
    Wanted,
    plan_install,
    refuse_occupied,
    way_back_to,
)
from agentramp.report.result import Result
from agentramp.wiring.blocklet import bundles, gates, interruption, place, telling, verifying
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.bundles import Going
from agentramp.wiring.blocklet.identity import identified, keep_said, known
from agentramp.wiring.blocklet.place import Place
from agentramp.wiring.blocklet.project import Project, project
from agentramp.wiring.context import Context

PATIENCE: Final = 30.0
"""Seconds that a component which runs already has to answer."""


def run(args: argparse.Namespace, context: Context) -> Result:
    made_for = project(args, context)
    identity = _identity(args, context, made_for)
    keep_said(args, context, made_for, identity)
    with interruption.told(args, context, made_for, identity) as where:
        return tried(args, context, where) if args.canary else deployed(args, context, where)


def deployed(args: argparse.Namespace, context: Context, where: Place) -> Result:
    going = Going(where.identity, where.mount_point, where.identity)
    result = _installed(args, context, where, going)
    return replace(result, next=_again(args) if args.dry_run else again(args, "verify"))


def tried(args: argparse.Namespace, context: Context, where: Place) -> Result:
    """The canary, and what the gates say of it beside the component; see ``gates``."""
    stable = where.found
    if stable is None:
        raise UsageError(
            f"{where.identity.name} is not in {where.application.name} yet: there is nothing that a"
            " canary could be beside",
            advice=f"deploy it itself first: {again(args, 'deploy')}",
        )
    going = Going(where.canary, where.canary_mount, where.identity)
    result = _installed(args, context, where, going)
    refused = gates.refusal(args, context, where, str(result.version))
    if args.dry_run:
        return replace(result, next=_again(args, "--canary"))
    if refused:
        return gates.withdrawn(args, context, where, result, refused)
    return replace(result, next=again(args, "promote"))


def _installed(args: argparse.Namespace, context: Context, where: Place, going: Going) -> Result:
    seen = where.seen()
    refuse_occupied(seen, going.identity, going.mount_point)
    bundle = bundles.going_up(args, context, where.project, seen, going)
    plan = plan_install(seen, _wanted(args, context, where, going, bundle))
    context.console.plan(plan)
    if odd := bundles.doubt(seen, bundle):
        context.console.say(f"warning: {odd}")
    if plan.steps and not args.dry_run:
        bundles.store(context).keep(bundle)
    outcome = place.executor(args, context, where)(plan)
    if not plan.steps:  # what was not touched is to answer all the same
        page = AskComponent(going.mount_point, where.health_path).page
        verifying.asked(context, where, page, PATIENCE)
    return telling.installation(args, where, going, seen, telling.Done(bundle, plan, outcome))


def _wanted(
    args: argparse.Namespace, context: Context, where: Place, going: Going, bundle: Bundle
) -> Wanted:
    seen = where.seen()
    former = way_back_to(seen, going.identity.did)
    back = None
    if former:
        back = bundles.at_hand(args, context, where.project, former)
    return Wanted(bundle, going.mount_point, back, health_path=where.health_path)


def _again(args: argparse.Namespace, *words: str) -> str:
    """The very same deploy: of the same bundle, at the same version."""
    said = {name: getattr(args, name, None) for name in ("version", "artifact", "artifact_digest")}
    given = [f"--{name.replace('_', '-')}={value}" for name, value in said.items() if value]
    return again(args, "deploy", *words, *given)


def _identity(args: argparse.Namespace, context: Context, made_for: Project) -> Identity:
    """A bundle that was built before knows its own; raises UsageError for another one's."""
    given = bundles.given(args, context)
    if given is None:
        return identified(args, context, made_for)
    said = known(made_for, context)
    if said is not None and said.did != given.identity.did:
        raise UsageError(
            f"artifact is of {given.identity.name} ({given.identity.did}), and this is about"
            f" {said.name} ({said.did})",
            advice="name the bundle of this component, or leave --name and --did out",
        )
    return said or given.identity

"""promote: what the canary is becomes the component, once the gates let it through again."""

import argparse
from dataclasses import replace

from agentramp.component import Bundle, Installation
from agentramp.config.ramp_settings import Happening
from agentramp.errors import UsageError
from agentramp.planning import (
    Ruled,
    SeenApplication,
    Wanted,
    installed,
    plan_promotion,
    way_back_to,
)
from agentramp.report.result import Result
from agentramp.wiring import notify
from agentramp.wiring.blocklet import bundles, gates, interruption, place, telling
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.bundles import Going, Trial
from agentramp.wiring.blocklet.identity import needed
from agentramp.wiring.blocklet.place import Place
from agentramp.wiring.blocklet.project import project
from agentramp.wiring.context import Context


def run(args: argparse.Namespace, context: Context) -> Result:
    made_for = project(args, context)
    with interruption.told(args, context, made_for, needed(context, made_for)) as where:
        return promoted(args, context, where)


def promoted(args: argparse.Namespace, context: Context, where: Place) -> Result:
    seen = where.seen()
    bundle = _bundle(args, context, where, seen)
    former = way_back_to(seen, where.identity.did)
    back = bundles.at_hand(args, context, where.project, former) if former else None
    wanted = Wanted(
        bundle, where.mount_point, back, reason=_reason(args), health_path=where.health_path
    )
    plan = plan_promotion(seen, wanted, where.canary)
    going = Going(where.identity, where.mount_point, where.identity)
    refused = gates.refusal(args, context, where, bundle.version) if _is_on_trial(where) else ""
    if refused:
        unmade = telling.installation(args, where, going, seen, telling.Done(bundle, plan))
        return gates.withdrawn(args, context, where, unmade, refused)
    context.console.plan(plan)
    if not args.dry_run:
        bundles.store(context).keep(bundle)
    outcome = place.executor(args, context, where)(plan)
    result = telling.installation(args, where, going, seen, telling.Done(bundle, plan, outcome))
    if outcome.changed:
        notify.send(context, where, Happening.PROMOTED, result.message)
    follows = again(args, "promote") if args.dry_run else again(args, "verify")
    return replace(result, verdict=Ruled.ADVANCE.value, next=follows)


def _is_on_trial(where: Place) -> bool:
    return where.application.component(where.canary.did) is not None


def _reason(args: argparse.Namespace) -> str:
    return getattr(args, "reason", "") or ""


def _bundle(
    args: argparse.Namespace, context: Context, where: Place, seen: SeenApplication
) -> Bundle:
    """The canary's own where it is at hand, else what the folder makes; the planner compares."""
    trial = installed(seen, where.canary.did) or _left(where, seen)
    if trial is None:
        raise UsageError(
            f"no canary of {where.identity.name} is on trial in {where.application.name}",
            advice=f"put one there first: {again(args, 'deploy', '--canary')}",
        )
    kept = bundles.at_hand(args, context, where.project, trial)
    return bundles.renamed(args, context, where.project, kept, Trial(where.identity, trial.version))


def _left(where: Place, seen: SeenApplication) -> Installation | None:
    """Of a promotion that died after the canary was gone."""
    return seen.known(where.canary.did).settled

"""What a run on a Blocklet Server tells when it is done."""

import argparse
from dataclasses import dataclass
from typing import Final

from agentramp import package
from agentramp.component import Bundle
from agentramp.effects import Outcome
from agentramp.errors import WayBackFailedError
from agentramp.model import Artifact
from agentramp.plan import Plan
from agentramp.planning import SeenApplication
from agentramp.report.result import Result
from agentramp.wiring.blocklet.bundles import Going
from agentramp.wiring.blocklet.place import Place

NOTHING: Final = Outcome()


@dataclass(frozen=True)
class Done:
    """``bundle`` was installed by ``plan``, or would be, or runs already."""

    bundle: Bundle
    plan: Plan
    outcome: Outcome = NOTHING


def installation(
    args: argparse.Namespace, where: Place, going: Going, seen: SeenApplication, done: Done
) -> Result:
    """Raises WayBackFailedError where another version than the bundle's came out of it."""
    bundle, plan = done.bundle, done.plan
    before = seen.application.component(going.identity.did)
    after = done.outcome.component
    if after is not None and after.version != bundle.version:
        raise WayBackFailedError(
            f"{going.identity.name} {after.version} runs at {going.mount_point}, and"
            f" {bundle.version} was installed",
            advice="look at the component on the server; then deploy what is to run there",
        )
    return Result(
        verb=plan.verb,
        message=_message(args, going, plan, bundle),
        changed=done.outcome.changed,
        dry_run=args.dry_run,
        runtime=where.identity.name,
        runtime_id=going.identity.did,
        version=bundle.version,
        previous_version=before.version if before and before.version != bundle.version else None,
        endpoint=going.mount_point,
        url=where.url(going.mount_point),
        artifact=artifact(bundle),
        plan=plan,
    )


def artifact(bundle: Bundle) -> Artifact:
    return package.measure(bundle.path)


def _message(args: argparse.Namespace, going: Going, plan: Plan, bundle: Bundle) -> str:
    name = f"{going.identity.name} {bundle.version}"
    if not plan.steps:
        return plan.notes[0]
    if args.dry_run:
        return f"{name} would be installed at {going.mount_point}, as the plan says"
    return f"{name} runs at {going.mount_point} and answers"

"""rollback: the bundle that ran before is installed again, by its digest."""

import argparse
from dataclasses import replace

from agentramp.component import Bundle, Installation
from agentramp.config.ramp_settings import Happening
from agentramp.errors import UsageError
from agentramp.planning import SeenApplication, Wanted, plan_reinstall, previous
from agentramp.report.result import Result
from agentramp.wiring import notify
from agentramp.wiring.blocklet import bundles, interruption, place, telling
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.bundles import Going
from agentramp.wiring.blocklet.identity import needed
from agentramp.wiring.blocklet.place import Place
from agentramp.wiring.blocklet.project import project
from agentramp.wiring.context import Context


def run(args: argparse.Namespace, context: Context) -> Result:
    made_for = project(args, context)
    with interruption.told(args, context, made_for, needed(context, made_for)) as where:
        return returned(args, context, where)


def returned(args: argparse.Namespace, context: Context, where: Place) -> Result:
    seen = where.seen()
    wanted = _wanted(args, where, seen)
    bundle = _bundle(args, context, where, wanted)
    why = Wanted(
        bundle,
        where.mount_point,
        reason=args.reason or "asked for",
        health_path=where.health_path,
    )
    plan = plan_reinstall(seen, why)
    context.console.plan(plan)
    if not args.dry_run:
        bundles.store(context).keep(bundle)
    outcome = place.executor(args, context, where)(plan)
    going = Going(where.identity, where.mount_point, where.identity)
    result = telling.installation(args, where, going, seen, telling.Done(bundle, plan, outcome))
    if result.changed:
        said = f": {args.reason}" if args.reason else ""
        notify.send(context, where, Happening.ROLLED_BACK, f"{result.message}{said}")
    return replace(result, next=again(args, "verify"))


def _wanted(args: argparse.Namespace, where: Place, seen: SeenApplication) -> Installation | None:
    """What the journal knows of the version that is meant; None where only a given file can tell.

    Raises UsageError where nothing is known and nothing is given.
    """
    known = (
        previous(seen, where.identity.did) if args.version is None else _named(args, where, seen)
    )
    if known is not None or args.artifact:
        return known
    ran = bundles.ever_ran(seen, where.identity.did)
    listed = ", ".join(dict.fromkeys(one.version for one in ran)) or "none"
    if args.version is None:
        what = f"nothing that ran before {where.found.version}" if where.found else "no version"
        raise UsageError(
            f"the journal here knows {what} of {where.identity.name} (it knows: {listed})",
            advice="name the bundle itself with --artifact FILE",
        )
    raise UsageError(
        f"the journal here knows no version {args.version} of {where.identity.name} (it knows:"
        f" {listed})",
        advice="name one of those, or the bundle itself with --artifact FILE",
    )


def _named(args: argparse.Namespace, where: Place, seen: SeenApplication) -> Installation | None:
    path = bundles.ever_ran(seen, where.identity.did)
    return next((one for one in reversed(path) if one.version == args.version), None)


def _bundle(
    args: argparse.Namespace, context: Context, where: Place, wanted: Installation | None
) -> Bundle:
    given = bundles.given(args, context)
    if given is not None:
        _check_given(args, where, given, wanted)
        return given
    found = bundles.at_hand(args, context, where.project, wanted) if wanted else None
    if found is None and wanted:
        raise _not_at_hand(args, where, wanted)
    if found is None:
        raise UsageError("no bundle is named", advice="name it with --artifact FILE")
    return found


def _check_given(
    args: argparse.Namespace, where: Place, given: Bundle, wanted: Installation | None
) -> None:
    if given.identity.did != where.identity.did:
        raise UsageError(
            f"artifact is of {given.identity.name} ({given.identity.did}), and this goes back with"
            f" {where.identity.name} ({where.identity.did})",
            advice="name the bundle of this component",
        )
    if args.version is not None and given.version != args.version:
        raise UsageError(
            f"artifact is version {given.version}, and --version says {args.version}",
            advice="name the bundle of that version, or leave --version out",
        )
    if wanted and wanted.sha256 and given.sha256 != wanted.sha256:
        raise UsageError(
            f"version {wanted.version} ran as sha256:{wanted.sha256}, and artifact is"
            f" sha256:{given.sha256} of version {given.version}",
            advice=f"name the very bundle that ran; or say --version {given.version} where this one"
            " is meant"
            if given.version != wanted.version
            else "name the very bundle that ran",
        )


def _not_at_hand(args: argparse.Namespace, where: Place, wanted: Installation) -> UsageError:
    words = (f"--version={wanted.version}", "--artifact=FILE")
    digest = f"sha256:{wanted.sha256}" if wanted.sha256 else "of no known digest"
    return UsageError(
        f"the bundle of {where.identity.name} {wanted.version} ({digest}) is not on this machine",
        advice=f"get {where.identity.did}-{wanted.version}.tgz, in a workflow the artifact that"
        f" the run which deployed {wanted.version} has uploaded (actions/download-artifact with its"
        f" run-id), then: {again(args, 'rollback', *words)}",
    )

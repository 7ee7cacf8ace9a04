"""remove: take a runtime away, with its endpoints and its versions."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agentramp.effects import Outcome
from agentramp.errors import (
    AgentrampError,
    RefusedError,
    SupersededError,
    WayBackFailedError,
)
from agentramp.model import CustomDomain, Observed
from agentramp.plan import Plan, Subject
from agentramp.planning import Young, held_by, plan_remove
from agentramp.ramp import Standing, standing
from agentramp.report.result import Result
from agentramp.wiring import arguments
from agentramp.wiring.blocklet import arguments as blocklet
from agentramp.wiring.confirmation import add_yes, confirmed
from agentramp.wiring.context import Context
from agentramp.wiring.project import chosen, every
from agentramp.wiring.standing import existing
from agentramp.wiring.target import Target, executor, named, of
from agentramp.wiring.undertaking import HalfDoneError

EXAMPLE = "agentramp remove examples/quickstart --platform local --dry-run"


@dataclass(frozen=True)
class _Going:
    """One runtime and all that goes with it; ``domain`` is one that leads to it, and stays."""

    where: Target
    observed: Observed
    plans: tuple[Plan, ...]
    domain: CustomDomain | None = None

    @property
    def is_there(self) -> bool:
        return any(plan.steps for plan in self.plans)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_runtime(parser)
    arguments.add_journal(parser)
    arguments.add_dry_run(parser)
    add_removal(parser)
    blocklet.add_components(parser)


def add_removal(parser: argparse.ArgumentParser) -> None:
    add_yes(parser)
    parser.add_argument(
        "--force", action="store_true", help="remove also what a ramp or another run holds"
    )


def run(args: argparse.Namespace, context: Context) -> Result:
    return removed(args, context, _targets(args, context))


def removed(
    args: argparse.Namespace,
    context: Context,
    targets: Sequence[tuple[Target, CustomDomain | None]],
) -> Result:
    """All of it is looked at, told and agreed to before the first goes."""
    going = [_going(args, where, domain) for where, domain in targets]
    for one in going:
        for plan in one.plans:
            context.console.plan(plan)
    there = [one for one in going if one.is_there]
    if there:
        confirmed(args, context, [line for one in there for line in _losses(one)])
    gone: list[str] = []
    for one in there:
        _carry_out(args, context, one, gone)
    return _result(args, going, there)


def endpoint(args: argparse.Namespace, context: Context, where: Target) -> Result:
    """One endpoint of a runtime, which stays."""
    observed = where.platform.observe(where.runtime)
    runtime = existing(where, observed)
    known = _known(where, [where.endpoint])
    (plan,) = plan_remove(
        where.runtime, observed, _held(args, where, known), endpoint=where.endpoint, known=known
    )
    plan = replace(plan, verb="endpoints remove")
    context.console.plan(plan)
    before = observed.endpoint(where.endpoint)
    if before:
        confirmed(args, context, [f"endpoint {before.name} goes, and its address: {before.url}"])
    outcome = executor(args, context, where)(plan)
    _tell(context, outcome)
    gone = f"endpoint {where.subject} " + ("stands as it was" if args.dry_run else "is gone")
    return Result(
        verb="endpoints remove",
        message=gone if before else plan.notes[0],
        changed=outcome.changed,
        dry_run=args.dry_run,
        runtime=where.runtime,
        runtime_id=runtime.id,
        endpoint=where.endpoint,
        before=before.split if before else None,
        plan=plan,
    )


def _targets(
    args: argparse.Namespace, context: Context
) -> list[tuple[Target, CustomDomain | None]]:
    """Where the file has several resources and none is named: all, the last to be made first."""
    if args.runtime or args.region:  # what goes with what is checked there
        return [(named(args, context), None)]
    whole = every(args, context)
    meant = reversed(chosen(args, whole))
    return [(of(args, context, one, whole.access), one.domain) for one in meant]


def _going(args: argparse.Namespace, where: Target, domain: CustomDomain | None) -> _Going:
    observed = where.platform.observe(where.runtime)
    known = _known(where, [found.name for found in observed.endpoints])
    plans = plan_remove(where.runtime, observed, _held(args, where, known), known=known)
    return _Going(where, observed, plans, domain)


def _known(where: Target, names: Sequence[str]) -> dict[str, Standing]:
    return {name: standing(where.journal.read(Subject(where.runtime, name))) for name in names}


def _held(args: argparse.Namespace, where: Target, known: dict[str, Standing]) -> dict[str, str]:
    young = Young(where.platform.now(), where.ramp.policy.lease)
    return {} if args.force else {name: held_by(now, young) for name, now in known.items()}


def _losses(one: _Going) -> list[str]:
    """What the plans above do not say."""
    count = len(one.observed.versions)
    versions = f"{count} published version" + ("" if count == 1 else "s")
    lines = [f"runtime {one.where.runtime} goes for good, with {versions}"]
    if one.domain:
        lines.append(f"domain {one.domain.name} is not removed, and will lead to nothing")
    return lines


def _carry_out(args: argparse.Namespace, context: Context, one: _Going, gone: list[str]) -> None:
    """``gone`` is what went before, by name, and grows by what goes here."""
    execute = executor(args, context, one.where)
    try:
        for plan in one.plans:
            _tell(context, execute(plan))
    except (RefusedError, SupersededError, WayBackFailedError) as error:
        _refuse_half(one, gone, error)
    if args.dry_run:
        return
    left = one.where.platform.observe(one.where.runtime)
    if left.runtime:
        raise _half(
            f"runtime {one.where.runtime} was removed, and the platform still shows it as"
            f" {left.runtime.status.value}",
            [*gone, *_names(one)],
            [one.where.runtime],
        )
    gone.extend([*_names(one), one.where.runtime])


def _refuse_half(one: _Going, gone: list[str], error: AgentrampError) -> None:
    """Raises what happened, with what is gone and what stands; nothing where all is gone."""
    where = one.where
    try:
        left = where.platform.observe(where.runtime)
    except RefusedError as silent:
        raise WayBackFailedError(
            f"{error}; nor can it be read what is left of {where.runtime}: {silent}",
            advice="run it again once the platform answers: it goes on with what is left",
        ) from error
    if left.runtime is None:
        return
    stand = [f"{where.runtime}/{found.name}" for found in left.endpoints]
    went = [*gone, *(name for name in _names(one) if name not in stand)]
    if not went or isinstance(error, WayBackFailedError):
        raise error
    raise _half(str(error), went, [*stand, where.runtime]) from error


def _half(why: str, gone: Sequence[str], stand: Sequence[str]) -> HalfDoneError:
    return HalfDoneError(
        f"{why}; removed for good: {', '.join(gone) or 'nothing'}; still there: {', '.join(stand)}",
        advice="mend that, then run it again: it goes on with what is left",
    )


def _names(one: _Going) -> list[str]:
    return [str(plan.subject) for plan in one.plans if plan.subject.endpoint]


def _tell(context: Context, outcome: Outcome) -> None:
    if outcome.unwritten:
        context.console.say(f"warning: {outcome.unwritten}")


def _result(args: argparse.Namespace, going: list[_Going], there: list[_Going]) -> Result:
    names = ", ".join(one.where.runtime for one in there or going)
    several = len(there or going) > 1
    what = f"runtimes {names}" if several else f"runtime {names}"
    be = "are" if several else "is"
    if not there:
        message = f"{what} {be} not there: there is nothing to remove"
    else:
        message = f"{what} would be removed" if args.dry_run else f"{what} {be} gone"
    whole = [one.observed.runtime.id for one in there if one.observed.runtime]
    return Result(
        verb="remove",
        message=message,
        changed=bool(there) and not args.dry_run,
        dry_run=args.dry_run,
        runtime=names,
        runtime_id=whole[0] if len(whole) == 1 else None,
        plan=_joined(there or going),
    )


def _joined(going: list[_Going]) -> Plan:
    """All plans in one, to be shown: each was carried out by itself."""
    plans = [plan for one in going for plan in one.plans]
    steps = tuple(step for plan in plans for step in plan.steps)
    notes = tuple(note for plan in plans for note in plan.notes)
    return replace(plans[-1], steps=steps, notes=notes, no_way_back=plans[0].no_way_back)

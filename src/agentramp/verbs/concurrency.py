"""concurrency: how much of the account's concurrency is reserved for a runtime."""

import argparse
import json

from agentramp.errors import UsageError
from agentramp.plan import Plan, ReserveConcurrency, Subject
from agentramp.report.result import Answer, Result
from agentramp.wiring import arguments
from agentramp.wiring.confirmation import add_yes, confirmed
from agentramp.wiring.context import Context
from agentramp.wiring.standing import existing
from agentramp.wiring.target import Target, executor, named

EXAMPLE = """\
agentramp concurrency get examples/quickstart --platform local
  agentramp concurrency put --reserved-concurrency 20 --platform local
  agentramp concurrency remove --platform local --yes
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=("get", "put", "remove"),
        help="what other functions of the account cannot take; sessions in one instance are"
        " instanceConcurrency of s.yaml",
    )
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_runtime(parser)
    parser.add_argument(
        "--reserved-concurrency", metavar="N", type=_amount, help="put: how much, 1 or more"
    )
    arguments.add_dry_run(parser)
    add_yes(parser)


def _amount(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text} is no number of 1 or more")
    return int(text)


def run(args: argparse.Namespace, context: Context) -> Answer | Result:
    _check(args)
    # What is reserved is no traffic: it is not journaled, and no endpoint is held for it.
    args.endpoint = None
    return act(args, context, named(args, context))


def act(args: argparse.Namespace, context: Context, where: Target) -> Answer | Result:
    runtime_id = existing(where, where.platform.observe(where.runtime)).id
    before = where.functions().concurrency(runtime_id)
    if args.action == "get":
        return _told(where, runtime_id, before)
    plan = _plan(args, where, ReserveConcurrency(runtime_id, before, args.reserved_concurrency))
    context.console.plan(plan)
    if args.action == "remove" and plan.steps:
        lost = f"runtime {where.runtime} loses its reserved concurrency of {before}"
        confirmed(args, context, [lost])
    outcome = executor(args, context, where)(plan)
    return _result(args, where, plan, changed=outcome.changed)


def _check(args: argparse.Namespace) -> None:
    if args.action == "put" and args.reserved_concurrency is None:
        raise UsageError(
            "put needs --reserved-concurrency", advice="add it, such as --reserved-concurrency 20"
        )
    if args.action != "put" and args.reserved_concurrency is not None:
        raise UsageError("--reserved-concurrency goes with concurrency put", advice="leave it out")
    if args.action == "get" and (args.dry_run or args.yes):
        option = "--dry-run" if args.dry_run else "--yes"
        raise UsageError(
            f"get changes nothing, and {option} is for a change", advice="leave it out"
        )


def _told(where: Target, runtime_id: str, reserved: int | None) -> Answer:
    return Answer(
        verb="concurrency get",
        message=f"runtime {where.runtime}: {_words(reserved)}",
        lines=(),
        fields=(
            ("runtime", json.dumps(where.runtime)),
            ("runtime_id", json.dumps(runtime_id)),
            ("reserved_concurrency", json.dumps(reserved)),
        ),
    )


def _plan(args: argparse.Namespace, where: Target, step: ReserveConcurrency) -> Plan:
    is_so = step.before == step.after
    return Plan(
        verb=f"concurrency {args.action}",
        subject=Subject(where.runtime),
        steps=() if is_so else (step,),
        notes=(f"runtime {where.runtime} has {_words(step.before)} already",) if is_so else (),
    )


def _result(args: argparse.Namespace, where: Target, plan: Plan, *, changed: bool) -> Result:
    wanted = _words(args.reserved_concurrency)
    has = "will have" if args.dry_run and plan.steps else "has"
    return Result(
        verb=plan.verb,
        message=f"runtime {where.runtime} {has} {wanted}",
        changed=changed,
        dry_run=args.dry_run,
        runtime=where.runtime,
        plan=plan,
    )


def _words(reserved: int | None) -> str:
    return (
        "no reserved concurrency" if reserved is None else f"a reserved concurrency of {reserved}"
    )

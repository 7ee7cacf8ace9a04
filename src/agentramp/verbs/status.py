"""status: how a runtime, its versions in service and its endpoints stand."""

import argparse
from dataclasses import dataclass, field

from agentramp.model import Status
from agentramp.platform.port import NotReadyError, UnreachableError
from agentramp.report import status, status_json
from agentramp.report.plain import cut, harmless
from agentramp.report.result import Answer
from agentramp.report.screen import Screen
from agentramp.wiring import arguments, traffic
from agentramp.wiring.blocklet import arguments as blocklet
from agentramp.wiring.context import Context
from agentramp.wiring.standing import overview
from agentramp.wiring.target import Target, named

EXAMPLE = "agentramp status --platform local --watch --until-ready"
INTERVAL, PATIENCE = "5s", "15m"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    traffic.add_place(parser)
    parser.add_argument(
        "--watch", action="store_true", help="look again and again, until Ctrl-C (exit code 130)"
    )
    parser.add_argument(
        "--interval",
        metavar="DURATION",
        type=arguments.seconds,
        default=INTERVAL,
        help=f"how long between two looks (default: {INTERVAL})",
    )
    parser.add_argument(
        "--until-ready",
        action="store_true",
        help="watch until the runtime and its endpoints are READY; one that fails is exit code 3",
    )
    parser.add_argument(
        "--timeout",
        metavar="DURATION",
        type=arguments.seconds,
        default=PATIENCE,
        help=f"how long --until-ready waits (default: {PATIENCE})",
    )
    blocklet.add_components(parser)


def run(args: argparse.Namespace, context: Context) -> Answer:
    where = named(args, context)
    if args.watch or args.until_ready:
        return told(args, where, watched(args, context, where))
    return told(args, where, overview(where, args.endpoint))


def told(args: argparse.Namespace, where: Target, found: status.Overview) -> Answer:
    """What failed stands last, where a person looks first."""
    failed = _failures(found)
    ramps = [one.standing.ramp for one in found.served if one.standing.ramp]
    return Answer(
        verb="status",
        message=status.message(found),
        lines=(*status.lines(found), *(harmless(line) for line in failed)),
        fields=status_json.fields(found),
        next=_next(args, where, found),
        climb=traffic.way(ramps[0]) if len(ramps) == 1 else None,
    )


def _next(args: argparse.Namespace, where: Target, found: status.Overview) -> str | None:
    for one in found.served:
        another = one.name if one.name != where.endpoint else None
        if one.drift:
            return arguments.again(args, "history", endpoint=another)
        if one.standing.ramp:
            return arguments.again(args, "promote", endpoint=another)
    return None


def _failures(found: status.Overview) -> list[str]:
    runtime = found.runtime
    known = [(f"runtime {runtime.spec.name}", runtime.status, runtime.reason)]
    known += [
        (f"endpoint {one.name}", one.endpoint.status, one.endpoint.reason)
        for one in found.served
        if one.endpoint
    ]
    return [
        f"{what} is {state.value}: {reason or 'the platform gives no reason'}"
        for what, state, reason in known
        if state.is_failure
    ]


def _is_ready(found: status.Overview) -> bool:
    states = [one.endpoint.status for one in found.served if one.endpoint]
    return all(state is Status.READY for state in (found.runtime.status, *states))


def watched(args: argparse.Namespace, context: Context, where: Target) -> status.Overview:
    """How it stood when all was ready; without --until-ready only Ctrl-C ends it."""
    picture = _Picture(Screen(context.console))
    began = context.timer()
    while True:
        found = _look(args, context, where)
        if found:
            picture.show(found)
            if args.until_ready and _is_ready(found):
                return found
        if args.until_ready:
            _give_up(args, found, context.timer() - began)
        context.sleep(args.interval)


def _look(args: argparse.Namespace, context: Context, where: Target) -> status.Overview | None:
    """A line that is cut for a while ends no watch."""
    try:
        return overview(where, args.endpoint)
    except UnreachableError as error:
        context.console.say(f"{harmless(str(error))}; looking again")
        return None


def _give_up(args: argparse.Namespace, found: status.Overview | None, waited: float) -> None:
    failed = _failures(found) if found else []
    if failed:
        advice = "mend the agent and deploy it again; agentramp logs tells more"
        raise NotReadyError("; ".join(failed), advice=advice)
    if waited + args.interval > args.timeout:
        state = status.message(found) if found else "the platform could not be reached"
        raise NotReadyError(
            f"not ready after {waited:.0f} s: {state}", advice="wait longer with --timeout"
        )


@dataclass
class _Picture:
    """Redrawn on a terminal; in a log, each sentence as it changes."""

    screen: Screen
    told: dict[str, str] = field(default_factory=dict)

    def show(self, found: status.Overview) -> None:
        width = self.screen.width
        if self.screen.console.terminal:
            drawn = [status.message(found), *status.lines(found, width)]
            self.screen.show([cut(_harmless(line), width) for line in drawn], "")
            return
        for about, sentence in status.sentences(found):
            if self.told.get(about) != sentence:
                self.told[about] = sentence
                self.screen.console.say(harmless(sentence))


def _harmless(line: str) -> str:
    """Its indent is kept."""
    return " " * (len(line) - len(line.lstrip())) + harmless(line)

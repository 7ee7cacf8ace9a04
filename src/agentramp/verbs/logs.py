"""logs: what the agent wrote, oldest first; with --tail as it comes."""

import argparse
from collections.abc import Iterator
from functools import partial

from agentramp.errors import RefusedError, UsageError
from agentramp.evidence.log_service import function_of
from agentramp.logs import when
from agentramp.logs.clock import WakefulClock
from agentramp.logs.follow import Follower, follow
from agentramp.logs.port import LogFilter, LogLine
from agentramp.model import LogStore, Runtime
from agentramp.report.log_lines import LogStyle, shown
from agentramp.report.result import Streamed
from agentramp.wiring import arguments
from agentramp.wiring.context import Context
from agentramp.wiring.standing import existing
from agentramp.wiring.target import Target, named

EXAMPLE = "agentramp logs --start-time 30m --type fail"
SINCE = "20m"
_EMBEDDED = LogStore("local", "agents")
"""The embedded platform keeps the lines of every agent, whatever a store is called."""
_FAILURES = (" [ERROR] ", "Error: ")
"""What marks a line as a failure for the vendor's tool, and so here."""

_AHEAD = 60
"""Seconds. A line bears the moment at which it was taken down, by another clock than is asked here:
without them a line that has just come would not be among those until now."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_runtime(parser)
    parser.add_argument("--tail", action="store_true", help="go on with lines as they come")
    parser.add_argument(
        "-s",
        "--start-time",
        metavar="TIME",
        help=f"30m ago, a moment in UTC, or seconds since 1970 (default: {SINCE}; --tail: now)",
    )
    parser.add_argument("-e", "--end-time", metavar="TIME", help="(default: now)")
    parser.add_argument("-r", "--request-id", metavar="ID", help="lines with this request's id")
    parser.add_argument("--instance-id", metavar="ID", help="lines of one instance")
    parser.add_argument(
        "--version", metavar="N", type=arguments.version, help="lines of one version"
    )
    parser.add_argument("--search", metavar="TEXT", help="lines that hold this, as the index sees")
    parser.add_argument(
        "--type",
        choices=("success", "fail"),
        help="fail: lines that hold ' [ERROR] ' or 'Error: '; success: the others",
    )
    parser.add_argument("--match", metavar="TEXT", help="highlight this on a terminal")


def run(args: argparse.Namespace, context: Context) -> Streamed:
    where = named(args, context)
    _filter(args, context.clock())  # what makes no sense is told before anybody is asked
    runtime = existing(where, where.platform.observe(where.runtime))
    wanted = _filter(args, where.platform.now())
    store = _store(where, runtime, local=args.platform == "local")
    follower = Follower(where.logs(), store, function_of(runtime.id), wanted)
    if args.tail:
        ask = partial(where.platform.observe, where.runtime)
        clock = WakefulClock(where.platform.now, context.clock, ask)
        lines = follow(follower, clock, context.sleep, context.console.say)
    else:
        lines = follower.logs.read(store, follower.function, wanted)
    if not _print(args, context, lines):
        context.console.say(f"no such line in log store {store.logstore} of {store.project}")
    return Streamed("logs")


def _print(args: argparse.Namespace, context: Context, lines: Iterator[LogLine]) -> bool:
    """Whether there was one."""
    color = context.lines.is_terminal and not context.environ.get("NO_COLOR")
    style = LogStyle(args.output == "json", args.match, color)
    some = False
    for line in lines:
        if args.type is None or _is_failure(line) == (args.type == "fail"):
            context.lines.put(shown(line, style))
            some = True
    return some


def _is_failure(line: LogLine) -> bool:
    return any(mark in line.message for mark in _FAILURES)


def _filter(args: argparse.Namespace, now: float) -> LogFilter:
    if args.tail and args.end_time:
        raise UsageError("--tail has no end", advice="leave out --end-time, or --tail")
    since = ("now" if args.tail else SINCE) if args.start_time is None else args.start_time
    start = _moment(since, "--start-time", now)
    end = int(now) + _AHEAD if args.end_time is None else _moment(args.end_time, "--end-time", now)
    if start >= end and not args.tail:
        raise UsageError(
            "--start-time is not before --end-time",
            advice="times are UTC where no zone is said; 30m is half an hour ago",
        )
    version = None if args.version is None else str(args.version)
    return LogFilter(start, end, args.request_id, args.instance_id, version, args.search)


def _moment(text: str, option: str, now: float) -> int:
    try:
        return when.moment(text, now)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


def _store(where: Target, runtime: Runtime, *, local: bool) -> LogStore:
    """What the function itself says wins: s.yaml may have changed since the last deploy."""
    store = where.functions().log_store(runtime.id) or runtime.spec.log_store or where.log_store
    if store is None and local:
        return _EMBEDDED
    if store is None:
        raise RefusedError(
            f"runtime {where.runtime} has no log store, so its lines are kept nowhere",
            advice="write logConfig: auto into s.yaml and deploy",
        )
    return store

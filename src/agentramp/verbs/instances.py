"""instances: which processes of an agent run, and a command in one of them."""

import argparse
import json
from collections.abc import Sequence
from contextlib import nullcontext

from agentramp.errors import RefusedError, UsageError
from agentramp.model import Observed
from agentramp.platform.functions import Command, Instance
from agentramp.report.instances import document, table
from agentramp.report.result import Answer, Streamed
from agentramp.report.streams import Streams
from agentramp.wiring import arguments, terminal
from agentramp.wiring.context import Context
from agentramp.wiring.standing import existing
from agentramp.wiring.target import Target, named

EXAMPLE = """\
agentramp instances list examples/quickstart --platform local
  agentramp instances exec --platform local -- python --version
  agentramp instances exec --platform local --cmd "ls -lh | head"
"""
_OF_EXEC = ("instance_id", "workdir", "cmd", "no_shell", "no_stdin", "words")
_ENDED = ("destroy", "delet", "fail", "stop", "exit", "creat", "start")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=("list", "exec"),
        help="list those that run; exec: run what stands after --, and end with its exit status",
    )
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_runtime(parser)
    arguments.add_endpoint(parser)
    parser.add_argument(
        "--version",
        metavar="N",
        type=arguments.version,
        help="only instances of this version (exec: default is the endpoint's stable one)",
    )
    _add_exec(parser)


def _add_exec(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--instance-id", metavar="ID", help="exec: in which (default: the newest of that version)"
    )
    parser.add_argument("--workdir", metavar="DIR", help="exec: where it starts (default: /code)")
    parser.add_argument(
        "--cmd", metavar="TEXT", help="exec: a line for sh, in place of words after --"
    )
    parser.add_argument(
        "--no-shell",
        action="store_true",
        help="exec: for an image without sh; the exit status is then what the platform tells",
    )
    parser.add_argument(
        "--no-stdin", action="store_true", help="exec: leave standard input to others"
    )
    # The parser keeps what stands after -- for a verb that has this.
    parser.set_defaults(words=())


def run(args: argparse.Namespace, context: Context) -> Answer | Streamed:
    _check(args)
    command = None if args.action == "list" else asked_for(args, context)
    where = named(args, context)
    return listed(args, where) if command is None else executed(args, context, where, command)


def _check(args: argparse.Namespace) -> None:
    given = [name for name in _OF_EXEC if getattr(args, name)]
    if args.action == "list" and given:
        option = "words after --" if given[0] == "words" else f"--{given[0].replace('_', '-')}"
        raise UsageError(f"{option} goes with instances exec", advice="leave it out")
    if args.action == "exec" and args.output == "json":
        raise UsageError(
            "instances exec gives the command's own output, which is no JSON of ours",
            advice="leave --output json out; the exit status is the command's",
        )
    if args.cmd and args.words:
        raise UsageError("--cmd and words after -- are two commands", advice="give one of them")
    if args.no_shell and args.workdir:
        raise UsageError("--workdir needs a shell to go there", advice="leave --no-shell out")
    if args.no_shell and args.cmd:
        raise UsageError("--cmd is a line for sh", advice="leave --no-shell out")


def listed(args: argparse.Namespace, where: Target) -> Answer:
    runtime_id = existing(where, where.platform.observe(where.runtime)).id
    qualifier = str(args.version) if args.version else None
    found = sorted(
        where.functions().instances(runtime_id, qualifier), key=lambda one: -one.created_at
    )
    which = f" of version {qualifier}" if qualifier else ""
    return Answer(
        verb="instances list",
        message=f"runtime {where.runtime}: {_count(found)}{which}",
        lines=tuple(table(found, where.platform.now())),
        fields=(
            ("runtime", json.dumps(where.runtime)),
            ("runtime_id", json.dumps(runtime_id)),
            ("instances", document(found)),
        ),
    )


def _count(found: Sequence[Instance]) -> str:
    return f"{len(found) or 'no'} instance{'' if len(found) == 1 else 's'}"


def asked_for(args: argparse.Namespace, context: Context) -> Command:
    """Raises UsageError where there is none and nobody to type one."""
    words = ("sh", "-c", args.cmd) if args.cmd else tuple(args.words)
    interactive = not words
    if interactive and (args.no_stdin or not (context.terminal and context.lines.is_terminal)):
        raise UsageError(
            "no command, and no terminal for a shell",
            advice="give one: agentramp instances exec -- ls; a script: -- sh < script.sh",
        )
    if interactive and args.no_shell:
        raise UsageError("a shell is asked for, and --no-shell", advice="give a command after --")
    return Command(
        words=words,
        directory=args.workdir,
        terminal=interactive,
        window=terminal.window(context.stdin().fileno()) if interactive else None,
        shell=not args.no_shell,
        # A person at a terminal types to a shell; to a command goes what is piped.
        input=interactive or not (args.no_stdin or context.terminal),
    )


def executed(
    args: argparse.Namespace, context: Context, where: Target, command: Command
) -> Streamed:
    observed = where.platform.observe(where.runtime)
    runtime_id, functions = existing(where, observed).id, where.functions()
    instance = _chosen(args, where, observed, functions.instances(runtime_id))
    context.console.say(f"in instance {instance.id} (version {instance.version})")
    stdin = context.stdin() if command.input else None
    streams = Streams(context.lines.stream, context.console.stream, stdin, typed=command.terminal)
    if command.terminal:
        context.console.say("leave it with exit; Ctrl-] cuts the line")
    with terminal.raw(context.stdin().fileno()) if command.terminal else nullcontext():
        status = functions.execute(runtime_id, instance, command, streams)
    return Streamed("instances exec", exit_code=status)


def _chosen(
    args: argparse.Namespace, where: Target, observed: Observed, found: Sequence[Instance]
) -> Instance:
    running = [one for one in found if not one.status.lower().startswith(_ENDED)]
    if args.instance_id:
        matching = [one for one in found if one.id == args.instance_id]
        what = f"instance {args.instance_id} of runtime {where.runtime} does not run"
    else:
        version = str(args.version) if args.version else _serving(where, observed)
        matching = [one for one in running if version in {None, one.version}]
        which = f" of version {version}" if version else ""
        what = f"no instance{which} of runtime {where.runtime} runs"
    if not matching:
        others = sorted({one.version for one in running})
        raise RefusedError(
            what + (f"; those of version {', '.join(others)} do" if others else ""),
            advice="an instance starts with the first session: send the agent a request, then run"
            " this again; agentramp instances list shows what runs",
        )
    return max(matching, key=lambda one: one.created_at)


def _serving(where: Target, observed: Observed) -> str | None:
    endpoint = observed.endpoint(where.endpoint)
    return str(endpoint.split.stable) if endpoint else None

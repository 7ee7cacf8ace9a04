"""validate: check s.yaml and say all that is wrong with it, each fault with its place."""

import argparse

from agentramp import config
from agentramp.config import RuntimeConfig
from agentramp.report.result import Report, Result
from agentramp.wiring import arguments
from agentramp.wiring.context import Context
from agentramp.wiring.project import every, file_of

EXAMPLE = """\
agentramp validate examples/quickstart
  agentramp validate examples/quickstart --preflight --platform local
"""
_FEW = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", nargs="?", default=".", help="the project's folder, or its s.yaml (default: here)"
    )
    arguments.add_file(parser)
    parser.add_argument(
        "--preflight",
        action="store_true",
        help="look at the project, the account and the platform too; --platform, --access and"
        " --output-dir are for this",
    )
    arguments.add_platform(parser)
    arguments.add_output_dir(parser)


def run(args: argparse.Namespace, context: Context) -> Report:
    whole = every(args, context)
    names = ", ".join(runtime.spec.name for runtime in whole.runtimes)
    for runtime in whole.runtimes:
        for field in runtime.unmanaged:
            context.console.say(f"{runtime.resource}: {field} is valid; deploy cannot do it yet")
        _say_what_waits(context, runtime)
        if runtime.endpoints and not args.preflight:
            context.console.say(
                f"{runtime.resource}: whether the versions that its endpoints name"
                " are published is looked at with --preflight"
            )
    ladder = _ladder(args, context)
    if args.preflight:
        from agentramp.wiring.examining import examined  # noqa: PLC0415 - it asks the network

        return examined(args, context, whole)
    return Result(
        verb="validate",
        message=f"{whole.file} is valid: runtime {names}{ladder}",
        runtime=names,
        next=arguments.again(args, "build"),
    )


def _say_what_waits(context: Context, runtime: RuntimeConfig) -> None:
    if not runtime.open_values:
        return
    few = ", ".join(runtime.open_values[:_FEW])
    more = f" and {left} more" if (left := len(runtime.open_values) - _FEW) > 0 else ""
    context.console.say(
        f"{runtime.resource}: {few}{more}: known only at deploy, from what is deployed before it"
        " or from the credentials"
    )


def _ladder(args: argparse.Namespace, context: Context) -> str:
    file = config.ramp_file(file_of(args))
    if file is None:  # most have none, and then nothing of a ramp is loaded
        return ""
    ramp = config.read_ramp(file_of(args), context.environ, context.cwd)
    steps = " -> ".join(str(rung.weight) for rung in ramp.policy.rungs)
    return f"; {file.name} too: {ramp.endpoint} in steps {steps}"

"""validate: check s.yaml and say all that is wrong with it, each fault with its place."""

import argparse
from pathlib import Path

from agentramp import config
from agentramp.report.result import Result
from agentramp.verbs import arguments
from agentramp.verbs.context import Context

EXAMPLE = "agentramp validate examples/quickstart"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", nargs="?", default=".", help="folder with s.yaml, or the file (default: here)"
    )


def run(args: argparse.Namespace, context: Context) -> Result:
    whole = config.read(Path(args.path), context.environ, context.cwd)
    names = ", ".join(runtime.spec.name for runtime in whole.runtimes)
    for runtime in whole.runtimes:
        for field in runtime.unmanaged:
            context.console.say(f"{runtime.resource}: {field} is valid; deploy cannot do it yet")
    return Result(
        verb="validate",
        message=f"{whole.file} is valid: runtime {names}" + _ladder(args, context),
        runtime=names,
        next=arguments.again(args, "build"),
    )


def _ladder(args: argparse.Namespace, context: Context) -> str:
    file = config.ramp_file(Path(args.path))
    if file is None:  # most have none, and then nothing of a ramp is loaded
        return ""
    ramp = config.read_ramp(Path(args.path), context.environ, context.cwd)
    steps = " -> ".join(str(rung.weight) for rung in ramp.policy.rungs)
    return f"; {file.name} too: {ramp.endpoint} in steps {steps}"

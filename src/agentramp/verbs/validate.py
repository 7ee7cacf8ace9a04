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
        message=f"{whole.file} is valid: runtime {names}",
        runtime=names,
        next=arguments.again(args, "build"),
    )

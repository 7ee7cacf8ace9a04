"""build: turn code.src and its requirements.txt into one zip, the same bytes every time."""

import argparse

from agentramp import package
from agentramp.report.result import Result
from agentramp.wiring import arguments
from agentramp.wiring.blocklet import arguments as blocklet
from agentramp.wiring.context import Context
from agentramp.wiring.packaging import artifact_of, image_digest, packaged
from agentramp.wiring.project import configured

EXAMPLE = "agentramp build examples/quickstart --platform local"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_output_dir(parser)
    blocklet.add_version(blocklet.add_components(parser))


def run(args: argparse.Namespace, context: Context) -> Result:
    whole, runtime = configured(args, context)
    built = packaged(args, context, whole, runtime)
    if built is None:
        return Result(
            verb="build",
            message=f"runtime {runtime.spec.name} names no folder: it is deployed as it is",
            runtime=runtime.spec.name,
            artifact=artifact_of(args, context, whole, runtime) if runtime.source else None,
            digest=image_digest(runtime),
            next=arguments.again(args, "deploy"),
        )
    return Result(
        verb="build",
        message=f"package of {runtime.spec.name} is "
        + ("as it was: nothing to build" if built.reused else "built"),
        changed=not built.reused,
        runtime=runtime.spec.name,
        artifact=built.artifact,
        manifest=package.manifest_path(built.artifact.path),
        next=arguments.again(args, "deploy"),
    )

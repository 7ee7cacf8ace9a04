"""build: turn code.src and its requirements.txt into one zip, the same bytes every time."""

import argparse
import sys
from pathlib import Path

from agentramp import package
from agentramp.config import Config, RuntimeConfig
from agentramp.model import Artifact
from agentramp.package import AgentRunTarget, BuildRequest, Built, LocalTarget, Target
from agentramp.package.manifest import read_manifest
from agentramp.report.result import Result
from agentramp.verbs import arguments
from agentramp.verbs.context import Context
from agentramp.verbs.project import configured

EXAMPLE = "agentramp build examples/quickstart --platform local"
FOLDER = ".agentramp"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_output_dir(parser)


def run(args: argparse.Namespace, context: Context) -> Result:
    whole, runtime = configured(args, context)
    built = packaged(args, context, whole, runtime)
    if built is None:
        return Result(
            verb="build",
            message=f"runtime {runtime.spec.name} names no folder: it is deployed as it is",
            runtime=runtime.spec.name,
            artifact=artifact_of(args, context, whole, runtime) if runtime.source else None,
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


def packaged(
    args: argparse.Namespace, context: Context, whole: Config, runtime: RuntimeConfig
) -> Built | None:
    """The package of ``runtime``, built if need be; None where it names no folder."""
    if runtime.source is None or runtime.spec.code is None or _is_made(context, runtime):
        return None
    request = BuildRequest(
        source=context.cwd / runtime.source,
        target=_for(args.platform, runtime.spec.code.language),
        output=_zip_path(args, context, whole, runtime),
        python=sys.executable,
    )
    return package.build(request, environ=context.environ, progress=context.console)


def artifact_of(
    args: argparse.Namespace, context: Context, whole: Config, runtime: RuntimeConfig
) -> Artifact | None:
    """What the last build made, or the zip that code.src names; None where neither is there."""
    if runtime.source and _is_made(context, runtime):
        return package.measure(context.cwd / runtime.source)
    path = _zip_path(args, context, whole, runtime)
    manifest = read_manifest(package.manifest_path(path))
    if manifest is None:
        return None
    return Artifact(path, manifest.sha256, manifest.crc64, manifest.size)


def _is_made(context: Context, runtime: RuntimeConfig) -> bool:
    return runtime.source is not None and (context.cwd / runtime.source).is_file()


def _zip_path(
    args: argparse.Namespace, context: Context, whole: Config, runtime: RuntimeConfig
) -> Path:
    folder = Path(args.output_dir) if args.output_dir else whole.root / FOLDER
    return context.cwd / folder / f"{runtime.spec.name}-{args.platform}.zip"


def _for(platform: str, language: str) -> Target:
    return LocalTarget(language) if platform == "local" else AgentRunTarget(language)

"""From a runtime that s.yaml describes to its package, built where need be."""

import argparse
import sys
from pathlib import Path

from agentramp import package
from agentramp.config import Config, RuntimeConfig
from agentramp.model import Artifact
from agentramp.package import AgentRunTarget, BuildRequest, Built, LocalTarget, Target
from agentramp.package.manifest import read_manifest
from agentramp.wiring.context import Context

FOLDER = ".agentramp"


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

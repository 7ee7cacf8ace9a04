"""From a runtime that s.yaml describes to its package, built where need be, and of one digest."""

import argparse
import sys
import zipfile
from pathlib import Path

from agentramp import package
from agentramp.config import Config, RuntimeConfig
from agentramp.errors import UsageError
from agentramp.model import Artifact, Code, Container
from agentramp.package import AgentRunTarget, BuildRequest, Built, LocalTarget, Target
from agentramp.package.given import fault
from agentramp.package.manifest import Manifest, describes, read_manifest
from agentramp.wiring.context import Context

FOLDER = ".agentramp"


def going_up(
    args: argparse.Namespace, context: Context, whole: Config, runtime: RuntimeConfig
) -> Artifact | None:
    """What a deploy sends: the zip it was given, or the one it builds; None where that is no zip.

    Raises UsageError unless it has the digest that was asked for.
    """
    if runtime.spec.container:
        _check_image(args, context, runtime.spec.container)
        return None
    if runtime.source is None:
        _refuse_options(args, "the package that s.yaml names lies in object storage already")
        return None
    if args.artifact is None:
        packaged(args, context, whole, runtime)
    artifact = artifact_of(args, context, whole, runtime)
    _check_digest(args, artifact)
    if args.artifact and artifact and runtime.spec.code:
        _check_given(args, artifact, runtime.spec.code)
    return artifact


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
        handed=context.handed,
    )
    with context.console.grouped(f"the package of {runtime.spec.name}"):
        return package.build(request, environ=context.environ, progress=context.console)


def artifact_of(
    args: argparse.Namespace, context: Context, whole: Config, runtime: RuntimeConfig
) -> Artifact | None:
    """The zip that was given or that code.src names, else what the last build made; None: none."""
    if given := getattr(args, "artifact", None):
        return _measured(context.cwd / given)
    if runtime.source and _is_made(context, runtime):
        return package.measure(context.cwd / runtime.source)
    path = _zip_path(args, context, whole, runtime)
    manifest = read_manifest(package.manifest_path(path))
    if manifest is None:
        return None
    return Artifact(path, manifest.sha256, manifest.crc64, manifest.size)


def image_digest(runtime: RuntimeConfig) -> str | None:
    return runtime.spec.container.digest if runtime.spec.container else None


def _measured(path: Path) -> Artifact:
    try:
        if zipfile.is_zipfile(path):
            return package.measure(path)
        found = path.open("rb")
    except OSError as error:
        raise UsageError(
            f"artifact {path} cannot be read: {error.strerror}",
            advice="name the zip that agentramp build told as its package",
        ) from error
    found.close()
    raise UsageError(
        f"artifact {path} is no zip",
        advice="usual cause: a download that was cut short, or a zip packed once more; name the"
        " zip itself",
    )


def _check_digest(args: argparse.Namespace, artifact: Artifact | None) -> None:
    wanted = args.artifact_digest
    if wanted is None or artifact is None or wanted == artifact.sha256:
        return
    if args.artifact:
        what = f"the file {artifact.path.name}"
        advice = (
            "usual cause: the zip of another build, or one that was changed on its way; name the"
            " zip that this digest was told of"
        )
    else:
        what = f"the package {artifact.path.name}"
        advice = (
            "usual cause: it was built from another commit, or its requirements resolve to other"
            " versions by now; hand over the zip that was tested, with artifact"
        )
    raise UsageError(
        f"artifact-digest asks for sha256:{wanted}, and {what} is sha256:{artifact.sha256}",
        advice=advice,
    )


def _check_image(args: argparse.Namespace, context: Context, container: Container) -> None:
    if args.artifact:
        raise UsageError(
            "artifact is a zip of code, and this runtime is an image that its registry holds",
            advice="leave it out; s.yaml names the image, and artifact-digest can hold it to one",
        )
    if container.digest is None:
        _not_by_digest(args, context, container)
    elif args.artifact_digest not in {None, container.digest}:
        raise UsageError(
            f"artifact-digest asks for sha256:{args.artifact_digest}, and s.yaml names the image"
            f" sha256:{container.digest}",
            advice="usual cause: the variable that s.yaml takes the image from is of an earlier"
            " push; hand over the digest that the last push told",
        )


def _not_by_digest(args: argparse.Namespace, context: Context, container: Container) -> None:
    if args.artifact_digest:
        raise UsageError(
            f"artifact-digest asks for sha256:{args.artifact_digest}, and the image"
            f" {container.image} is named without one, so what it is cannot be told",
            advice=f"name it {container.image}@sha256:{args.artifact_digest} in s.yaml",
        )
    context.console.say(
        f"warning: image {container.image} is named by a tag, which may name another image"
        " tomorrow; name it by its digest too (@sha256:...)"
    )


def _refuse_options(args: argparse.Namespace, why: str) -> None:
    for name in ("artifact", "artifact-digest"):
        if getattr(args, name.replace("-", "_")):
            raise UsageError(
                f"{name} makes no sense here: {why}", advice="leave it out, or name a folder"
            )


def _check_given(args: argparse.Namespace, artifact: Artifact, code: Code) -> None:
    """A zip from elsewhere: what could never start is refused here, and not by the platform."""
    name = artifact.path.name
    if why := fault(artifact.path, code):
        raise UsageError(
            f"artifact {name} {why}",
            advice="usual cause: the zip of another agent, or one in which the folder itself was"
            " packed; name the one that agentramp build told as its package",
        )
    manifest = read_manifest(package.manifest_path(artifact.path))
    wanted = _for(args.platform, code.language)
    if manifest and describes(manifest, artifact.path) and not _runs_on(manifest, wanted):
        raise UsageError(
            f"artifact {name} was built for {manifest.target}, and this deploys to {wanted}",
            advice="build it with the same --platform and code.language as it is deployed with",
        )


def _runs_on(manifest: Manifest, wanted: Target) -> bool:
    """Code without dependencies is the same for each machine of its language."""
    if manifest.target == str(wanted):
        return True
    family = wanted.language.rstrip(".0123456789")
    return not manifest.dependencies and family in manifest.target


def _is_made(context: Context, runtime: RuntimeConfig) -> bool:
    return runtime.source is not None and (context.cwd / runtime.source).is_file()


def _zip_path(
    args: argparse.Namespace, context: Context, whole: Config, runtime: RuntimeConfig
) -> Path:
    folder = Path(args.output_dir) if args.output_dir else whole.root / FOLDER
    return context.cwd / folder / f"{runtime.spec.name}-{args.platform}.zip"


def _for(platform: str, language: str) -> Target:
    return LocalTarget(language) if platform == "local" else AgentRunTarget(language)

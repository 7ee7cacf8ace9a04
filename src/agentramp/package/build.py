"""The one function of this package: a request becomes a zip and its manifest."""

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from typing_extensions import assert_never

from agentramp.model import Artifact
from agentramp.package import fingerprint
from agentramp.package.archive import digests, write_archive
from agentramp.package.child import Run, run_child
from agentramp.package.dependencies import FOLDER, Tools, install
from agentramp.package.errors import BuildError
from agentramp.package.installer import Installer, child_environ, find_installer
from agentramp.package.manifest import Inputs, Manifest, describes, manifest_path, read_manifest
from agentramp.package.output import (
    PACKING,
    new_part,
    packing,
    part_prefix,
    publish,
    refresh_manifest,
)
from agentramp.package.request import AgentRunTarget, BuildRequest, Built, LocalTarget
from agentramp.package.requirements import Requirements, read_requirements
from agentramp.package.source import Entry, Source, by_name, read_installed, read_source
from agentramp.progress import Progress, Silent

ASK_INTERPRETER = "import sys, sysconfig; print(sys.version, sysconfig.get_platform())"


@dataclass(frozen=True)
class Outside:
    """What a build takes from the machine."""

    environ: Mapping[str, str]
    run: Run
    progress: Progress
    installer: Installer | None
    now_ns: Callable[[], int]


@dataclass(frozen=True)
class Plan:
    """What is asked for, before anything is made."""

    request: BuildRequest
    source: Source
    requirements: Requirements | None
    inputs: Inputs
    """With ``content`` still empty: it is known when the files have been read."""


SILENT = Silent()


def build(
    request: BuildRequest,
    *,
    environ: Mapping[str, str],
    progress: Progress = SILENT,
    run: Run = run_child,
    installer: Installer | None = None,
    now_ns: Callable[[], int] = time.time_ns,
) -> Built:
    """Make the package, or keep the one that is there where its input has not changed.

    The input is the folder, requirements.txt and the local files it names; where requirements name
    what cannot be looked into, the package is always made. What registries hold does not count.
    ``environ`` is what the installer runs with, less credentials: private registries are configured
    there.
    Raises BuildError for a folder or requirements that cannot become a package, and RegistryError
    where the package registry refuses or cannot be reached; an older package is then left alone.
    """
    outside = Outside(environ, run, progress, installer, now_ns)
    request = replace(request, python=_absolute(request.python))
    _check(request)
    plan = _plan(request, outside)
    before = read_manifest(manifest_path(request.output))
    return _reuse(plan, before, outside) or _make(plan, before, outside)


def _absolute(program: str) -> str:
    """A bare name is looked up on the path; links are kept, as they tell an environment."""
    return str(Path(program).absolute()) if Path(program).name != program else program


def _check(request: BuildRequest) -> None:
    if not request.source.is_dir():
        raise BuildError(
            f"{request.source} is not a folder",
            advice="set code.src to the folder that holds the agent's code",
        )
    if request.output.is_dir():
        raise BuildError(
            f"{request.output} is a folder, and the package would be a file of that name",
            advice="name a file, such as dist/agent.zip",
        )


def _plan(request: BuildRequest, outside: Outside) -> Plan:
    requirements = read_requirements(request.source) if _is_python(request) else None
    without = _names_of_output(request)
    if requirements:
        without |= {FOLDER}
    source = read_source(request.source, without=without)
    if not source.entries and not requirements:
        raise BuildError(
            f"{request.source} holds nothing to pack",
            advice="check code.src, .fcignore and .arignore",
        )
    inputs = Inputs(
        stat=fingerprint.stat_sum(source, outside.now_ns()),
        content="",
        requirements=requirements.digest if requirements else "",
        builder=fingerprint.builder_sum(_machine(request, requirements, outside)),
    )
    return Plan(request, source, requirements, inputs)


def _is_python(request: BuildRequest) -> bool:
    return request.target.language.startswith("python")


def _names_of_output(request: BuildRequest) -> frozenset[str]:
    """What earlier builds wrote into the source folder itself."""
    folder, source = request.output.parent.resolve(), request.source.resolve()
    if not folder.is_relative_to(source):
        return frozenset()
    names = {request.output.name, manifest_path(request.output).name}
    if folder.is_dir():
        prefix = part_prefix(request.output)
        names |= {path.name for path in folder.iterdir() if path.name.startswith(prefix)}
    return frozenset((folder / name).relative_to(source).as_posix() for name in names)


def _machine(request: BuildRequest, requirements: Requirements | None, outside: Outside) -> str:
    """Names the machine the dependencies are for; a local interpreter is asked what it is."""
    match request.target:
        case AgentRunTarget():
            return str(request.target)
        case LocalTarget() if requirements is None:
            return str(request.target)
        case LocalTarget():
            argv = (request.python, "-c", ASK_INTERPRETER)
            asked = outside.run(
                argv, cwd=Path.cwd(), env=child_environ(outside.environ, handed=request.handed)
            )
            if asked.code != 0:
                raise BuildError(
                    f"{request.python} does not run as a Python interpreter",
                    advice="name the interpreter that will run the agent",
                )
            return f"{request.target} {asked.stdout.strip()}"
        case _:
            assert_never(request.target)


def _reuse(plan: Plan, before: Manifest | None, outside: Outside) -> Built | None:
    """The package that is there, if it is whole and was made from the same input."""
    if before is None or not _same_order(plan, before):
        return None
    if plan.requirements and plan.requirements.unseen:
        unseen = ", ".join(plan.requirements.unseen)
        outside.progress.say(f"note: whether {unseen} has changed cannot be told: building it anew")
        return None
    output = plan.request.output
    if not describes(before, output):
        outside.progress.say(f"{output.name} is not what its manifest describes: building it anew")
        return None
    content = before.inputs.content
    if not plan.inputs.stat or plan.inputs.stat != before.inputs.stat:
        content = fingerprint.content_sum(plan.source, digests(plan.source.entries))
    if content != before.inputs.content:
        return None
    inputs = replace(plan.inputs, content=content)
    manifest = replace(before, left_out=plan.source.secrets, inputs=inputs)
    if manifest != before:
        refresh_manifest(output, manifest)
    outside.progress.say(f"unchanged since the last build: {output.name} is kept")
    return Built(_artifact(output, manifest), manifest, reused=True)


def _same_order(plan: Plan, before: Manifest) -> bool:
    now, then = plan.inputs, before.inputs
    return (now.builder, now.requirements) == (then.builder, then.requirements)


def _make(plan: Plan, before: Manifest | None, outside: Outside) -> Built:
    _tell(plan, outside.progress)
    with tempfile.TemporaryDirectory(prefix="agentramp-") as staging:
        dependencies = _install(plan, before, Path(staging), outside)
        added = read_installed(Path(staging, FOLDER), FOLDER) if dependencies else ()
        return _pack(plan, added, dependencies, outside.progress)


def _tell(plan: Plan, progress: Progress) -> None:
    folder = plan.request.source
    if plan.source.secrets:
        progress.say(f"left out, as they look like secrets: {', '.join(plan.source.secrets)}")
    if plan.requirements and (folder / FOLDER).exists():
        progress.say(f"note: {FOLDER}/ in the source is replaced by what requirements.txt asks for")
    if not _is_python(plan.request) and _lacks_node_modules(folder):
        progress.say(
            "note: package.json names dependencies and there is no node_modules: run npm ci first"
        )


def _lacks_node_modules(folder: Path) -> bool:
    try:
        package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    asks = isinstance(package, dict) and bool(package.get("dependencies"))
    return asks and not (folder / "node_modules").is_dir()


def _install(
    plan: Plan, before: Manifest | None, staging: Path, outside: Outside
) -> tuple[str, ...]:
    if plan.requirements is None:
        return ()
    kept: tuple[str, ...] = ()
    if before and before.target == str(plan.request.target):
        same = before.inputs.requirements == plan.requirements.digest
        kept = before.dependencies if same else ()
    installer = outside.installer or find_installer(
        plan.request.python,
        child_environ(outside.environ, handed=plan.request.handed),
        outside.run,
    )
    tools = Tools(outside.run, outside.environ, installer, outside.progress)
    return install(plan.request, plan.requirements, kept, staging, tools)


def _pack(
    plan: Plan, added: tuple[Entry, ...], dependencies: tuple[str, ...], progress: Progress
) -> Built:
    entries = tuple(sorted((*plan.source.entries, *added), key=by_name))
    total = sum(entry.size for entry in entries)
    progress.say(packing(len(entries), total))
    with new_part(plan.request.output) as part:
        written = write_archive(
            entries, part.file, advance=lambda done: progress.advance(PACKING, done, total)
        )
        own = {entry.name for entry in plan.source.entries}
        pairs = zip(entries, written.digests, strict=True)
        content = fingerprint.content_sum(
            plan.source, (d for entry, d in pairs if entry.name in own)
        )
        manifest = Manifest(
            sha256=written.sha256,
            crc64=written.crc64,
            size=written.size,
            files=len(entries),
            bytes=total,
            target=str(plan.request.target),
            dependencies=dependencies,
            left_out=plan.source.secrets,
            inputs=replace(plan.inputs, content=content),
        )
        publish(part, plan.request.output, manifest)
    return Built(_artifact(plan.request.output, manifest), manifest, reused=False)


def _artifact(output: Path, manifest: Manifest) -> Artifact:
    return Artifact(output, manifest.sha256, manifest.crc64, manifest.size)

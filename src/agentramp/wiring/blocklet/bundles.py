"""The bundle that goes up, and the ones that may go up again."""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentramp.bundle.build import build
from agentramp.bundle.dependencies import Npm
from agentramp.bundle.stamp import stamped
from agentramp.bundle.store import Store
from agentramp.bundle.tarball import described
from agentramp.bundle.version import FIRST, Version, from_tag, next_patch, parse
from agentramp.component import Bundle, Component, Identity, Installation
from agentramp.errors import UsageError
from agentramp.mounts import Mounts
from agentramp.planning import SeenApplication, is_unchanged
from agentramp.record import Installed, Installing
from agentramp.wiring.blocklet.identity import canary_of
from agentramp.wiring.blocklet.project import Project
from agentramp.wiring.context import Context

FOLDER: Final = ".agentramp"


def output_dir(args: argparse.Namespace, context: Context, project: Project) -> Path:
    given = getattr(args, "output_dir", None)
    return context.cwd / given if given else context.cwd / project.root / FOLDER


def store(context: Context) -> Store:
    return Store(context.home / "bundles")


def said_version(args: argparse.Namespace, context: Context) -> str | None:
    """The option, else the tag that the run of a workflow is of."""
    if args.version:
        return str(args.version)
    if context.environ.get("GITHUB_REF_TYPE") == "tag":
        return _of_tag(context.environ.get("GITHUB_REF_NAME", ""))
    return None


def _of_tag(tag: str) -> str:
    """As --version has it: what stands behind a plus no server tells apart."""
    version = from_tag(tag)
    if version.build:
        raise UsageError(
            f"the tag {tag!r} has +{version.build}, and servers take versions that differ in that"
            " for the same",
            advice="tag releases like v1.2.3, or give the version with --version",
        )
    return str(version)


def made(context: Context, project: Project, identity: Identity, into: Path) -> Bundle:
    """What is in the folder; of which version comes later."""
    with context.console.grouped(f"the bundle of {identity.name}"):
        npm = Npm(context.environ)
        return build(project.recipe, identity, str(FIRST), into, progress=context.console, npm=npm)


def given(args: argparse.Namespace, context: Context) -> Bundle | None:
    """The bundle that --artifact names; raises UsageError where it is none."""
    file = getattr(args, "artifact", None)
    return described(context.cwd / file) if file else None


@dataclass(frozen=True)
class Going:
    """Who goes up and where; ``real`` is the component itself where that is its canary."""

    identity: Identity
    mount_point: str
    real: Identity


@dataclass(frozen=True)
class Trial:
    """What a canary becomes."""

    identity: Identity
    version: str


def going_up(
    args: argparse.Namespace,
    context: Context,
    project: Project,
    seen: SeenApplication,
    going: Going,
) -> Bundle:
    """The bundle that goes up, in the folder of bundles.

    It has the version that was asked for. Else, where what runs is the same, it has that one's;
    and else the next after all that are known. Raises UsageError unless it has the digest that was
    asked for.
    """
    with tempfile.TemporaryDirectory(prefix="agentramp-") as folder:
        aside = Path(folder)
        content = given(args, context) or made(context, project, going.real, aside)
        version = _asked(args, context, content) or _version(seen, going, content, aside)
        _check_digest(args, content, going.real, version, aside)
        if _is_given(args) and (content.identity, content.version) == (going.identity, version):
            return content
        return stamped(content, going.identity, version, output_dir(args, context, project))


def _version(seen: SeenApplication, going: Going, content: Bundle, aside: Path) -> str:
    for version in _candidates(seen, going.identity.did, content):
        bundle = stamped(content, going.identity, version, aside)
        if is_unchanged(seen, bundle, going.mount_point) or _was_begun(seen, bundle):
            return version
    return str(next_version(seen, going.real))


def _check_digest(
    args: argparse.Namespace, content: Bundle, real: Identity, version: str, aside: Path
) -> None:
    """It is the digest that build told, which knows of no canary."""
    wanted = getattr(args, "artifact_digest", None)
    if wanted is None:
        return
    found = content if _is_given(args) else stamped(content, real, version, aside)
    if found.sha256 == wanted:
        return
    advice = (
        "usual cause: the bundle of another build, or one that was changed on its way"
        if _is_given(args)
        else "usual cause: it was built from another commit or at another version; hand over the"
        " bundle that was tested, with artifact"
    )
    raise UsageError(
        f"artifact-digest asks for sha256:{wanted}, and {found.path.name} is sha256:{found.sha256}",
        advice=advice,
    )


def _is_given(args: argparse.Namespace) -> bool:
    return bool(getattr(args, "artifact", None))


def _asked(args: argparse.Namespace, context: Context, content: Bundle) -> str | None:
    if not _is_given(args):
        return said_version(args, context)
    if args.version and args.version != content.version:
        raise UsageError(
            f"artifact is version {content.version}, and --version says {args.version}",
            advice="leave --version out: a bundle has the version that it was built with",
        )
    return content.version


def _candidates(seen: SeenApplication, did: str, content: Bundle) -> Iterator[str]:
    """The versions that ``content`` may have already, here or on the way here."""
    known, found = seen.known(did), seen.application.component(did)
    if found and _may_be(known, found.version, content):
        yield found.version
    for begun in reversed(_begun(seen, did)):
        if begun.content == content.content and (not found or _is_after(begun, found)):
            yield begun.version


def _begun(seen: SeenApplication, did: str) -> list[Installation]:
    """All that was ever to be installed, oldest first."""
    begun = [one.event.after for one in seen.records if isinstance(one.event, Installing)]
    return [one for one in begun if one.did == did]


def _is_after(begun: Installation, found: Component) -> bool:
    """Who goes back to what was there before gets a new version all the same."""
    return _is_version(found.version) and parse(begun.version) >= parse(found.version)


def _may_be(known: Mounts, version: str, content: Bundle) -> bool:
    """Whether it is worth a look: where the journal has that version, its content is known."""
    told = [one.content for one in known.path if one.version == version and one.content]
    begun = known.open.after.content if known.open else ""
    return not told or content.content in {*told, begun}


def _was_begun(seen: SeenApplication, bundle: Bundle) -> bool:
    """The very same bytes: a version is of one bundle only."""
    begun = _begun(seen, bundle.identity.did)
    return any(one.sha256 == bundle.sha256 for one in begun if one.version == bundle.version)


def doubt(seen: SeenApplication, bundle: Bundle) -> str:
    """What is odd about the version that was asked for; empty: nothing. A server takes any."""
    found = seen.application.component(bundle.identity.did)
    if found is None or not _is_version(found.version):
        return ""
    if found.version == bundle.version and found.integrity not in {"", bundle.integrity}:
        return f"version {bundle.version} runs there already, and is another bundle"
    if parse(bundle.version) < parse(found.version):
        return f"version {bundle.version} is lower than {found.version}, which runs there"
    return ""


def next_version(seen: SeenApplication, identity: Identity) -> Version:
    """After what runs and after all that ever ran or was begun: no version is given twice."""
    dids = {identity.did, canary_of(identity).did}
    texts = {one.version for one in seen.application.components if one.did in dids}
    for record in seen.records:
        match record.event:
            case Installing(after=after) | Installed(after):
                texts.add(after.version)
            case _:
                pass
    known = [parse(text) for text in texts if _is_version(text)]
    return next_patch(max(known)) if known else FIRST


def _is_version(text: str) -> bool:
    try:
        parse(text)
    except UsageError:
        return False
    return True


def at_hand(
    args: argparse.Namespace, context: Context, project: Project, wanted: Installation
) -> Bundle | None:
    """The bundle of this digest, kept on this machine or in the folder of bundles.

    Where the journal knows no digest, a bundle of that name: the planner compares it with what the
    server has.
    """
    folder = output_dir(args, context, project)
    if not wanted.sha256:
        return _named(folder / f"{wanted.did}-{wanted.version}.tgz")
    return store(context).find(wanted.sha256) or _in(folder, wanted.sha256)


def renamed(
    args: argparse.Namespace, context: Context, project: Project, kept: Bundle | None, to: Trial
) -> Bundle:
    """What ``kept`` is, or else what is in the folder, as another component."""
    with tempfile.TemporaryDirectory(prefix="agentramp-") as folder:
        content = kept or made(context, project, to.identity, Path(folder))
        return stamped(content, to.identity, to.version, output_dir(args, context, project))


def ever_ran(seen: SeenApplication, did: str) -> tuple[Installation, ...]:
    """All that was installed and answered, oldest first; also what was gone back from."""
    ran = [one.event.after for one in seen.records if isinstance(one.event, Installed)]
    return tuple(one for one in ran if one.did == did)


def _named(path: Path) -> Bundle | None:
    try:
        return described(path)
    except UsageError:
        return None


def _in(folder: Path, sha256: str) -> Bundle | None:
    for path in sorted(folder.glob("*.tgz")):
        try:
            found = described(path)
        except UsageError:
            continue
        if found.sha256 == sha256:
            return found
    return None

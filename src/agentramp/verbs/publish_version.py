"""publish-version: freeze the head as an immutable version, once."""

import argparse

from agentramp.config import Config
from agentramp.errors import SupersededError, UsageError
from agentramp.model import Artifact, Container, Observed, RuntimeSpec, Version
from agentramp.planning import plan_publish
from agentramp.platform.port import Platform
from agentramp.provenance import COMMIT, DIGESTS, provenance
from agentramp.report.result import Result
from agentramp.revision import commit
from agentramp.wiring import arguments
from agentramp.wiring.context import Context
from agentramp.wiring.packaging import artifact_of
from agentramp.wiring.project import configured
from agentramp.wiring.target import Target, executor, of

EXAMPLE = "agentramp publish-version examples/quickstart --platform local"
MOST_WORDS = 128
"""A description has 256 characters, and a digest and a commit take half of them."""
LOOKED_AT = 50
"""How many versions, newest first, are compared with the head before a new one is published."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_dry_run(parser)
    arguments.add_output_dir(parser)
    add_own(parser)


def add_own(parser: argparse.ArgumentParser) -> None:
    """What publishing asks for and no other verb."""
    parser.add_argument(
        "--description",
        metavar="TEXT",
        type=_words,
        default="",
        help="words for people; they stand after the package's digest and the commit",
    )
    parser.add_argument(
        "--artifact-digest",
        metavar="SHA256",
        type=arguments.digest,
        help="the package's digest as build told it, where its manifest is on another machine, or"
        " the one that the image is named by",
    )


def run(args: argparse.Namespace, context: Context) -> Result:
    whole, runtime = configured(args, context)
    where = of(args, context, runtime, whole.access)
    observed = _settled(where)
    artifact = artifact_of(args, context, whole, runtime)
    digest = _digest(args.artifact_digest, artifact, observed)
    published = _candidates(where.platform, observed, digest)
    description = _description(digest, whole, context, args.description)
    plan, existing = plan_publish(where.runtime, observed, published, description)
    context.console.plan(plan)
    outcome = executor(args, context, where)(plan)
    number = outcome.version or existing
    context.deeds.version = number
    known = next((v.description for v, _ in published if v.number == existing), digest)
    return Result(
        verb="publish-version",
        message=_message(where.runtime, number, existing),
        changed=outcome.changed,
        dry_run=args.dry_run,
        runtime=where.runtime,
        runtime_id=observed.runtime.id if observed.runtime else None,
        version=number,
        previous_version=_before(observed, number),
        plan=plan,
        artifact=artifact if artifact and digest == f"sha256:{artifact.sha256}" else None,
        digest=_sha256(digest) or _sha256(provenance(known).digest or ""),
        next=_next(args, observed, number),
    )


def _before(observed: Observed, number: int | None) -> int | None:
    """The newest version that was published before ``number``, if one was."""
    numbers = (version.number for version in observed.versions)
    return max((one for one in numbers if number is None or one < number), default=None)


def _settled(where: Target) -> Observed:
    """A head that is still changing is nothing to freeze, so its end is waited for."""
    observed = where.platform.observe(where.runtime)
    if observed.runtime is None or observed.runtime.status.is_final:
        return observed
    where.platform.await_runtime(observed.runtime.id)
    return where.platform.observe(where.runtime)


def _digest(given: str | None, artifact: Artifact | None, observed: Observed) -> str:
    """The digest of what the head runs, as surely as it can be known from here."""
    head = observed.runtime.spec if observed.runtime else None
    if head and head.container:
        return _digest_of_image(given, head.container)
    checksum = head.code.checksum if head and head.code else None
    if given and artifact and given != artifact.sha256:
        if checksum != artifact.crc64:  # what lies here is not what was deployed
            return f"sha256:{given}"
        raise UsageError(
            f"artifact-digest names another package than the head runs, which is the last build"
            f" here (sha256:{artifact.sha256})",
            advice="leave it out, or deploy what you mean first",
        )
    if given and artifact is None:
        return f"sha256:{given}"
    if artifact is None or checksum is None:
        return f"crc64:{checksum}" if checksum else ""
    if artifact.crc64 != checksum:
        raise SupersededError(
            f"the head runs another package (crc64 {checksum}) than the last build here"
            f" (crc64 {artifact.crc64})",
            advice="deploy this build first, or name the deployed one with --artifact-digest",
        )
    return f"sha256:{artifact.sha256}"


def _digest_of_image(given: str | None, container: Container) -> str:
    """An image's own name tells it, so ``given`` can only agree or be wrong."""
    digest = container.digest or given
    if given and given != digest:
        raise UsageError(
            f"artifact-digest names another image than the head runs (sha256:{digest})",
            advice="leave it out, or deploy the image that you mean first",
        )
    return f"sha256:{digest}" if digest else ""


def _sha256(digest: str) -> str | None:
    return digest.removeprefix("sha256:") if digest.startswith("sha256:") else None


def _candidates(
    platform: Platform, observed: Observed, digest: str
) -> list[tuple[Version, RuntimeSpec]]:
    """Versions that may hold the head: all whose description does not name another package."""
    if observed.runtime is None:
        return []
    runtime_id = observed.runtime.id
    likely = [v for v in observed.versions if not _names_another(v.description, digest)]
    return [(v, platform.published_spec(runtime_id, v.number)) for v in likely[:LOOKED_AT]]


def _names_another(description: str, digest: str) -> bool:
    """A digest of another kind, or none at all, says nothing about the package."""
    kind = digest.partition(":")[0]
    named = [word for word in description.split() if word.startswith(f"{kind}:")]
    return bool(kind and named) and digest not in named


def _description(digest: str, whole: Config, context: Context, words: str) -> str:
    revision = commit(whole.root, context.environ)
    return " ".join(part for part in (digest, revision and f"git:{revision}", words) if part)


def _words(text: str) -> str:
    """One line that leaves room for digest and commit, and cannot be taken for either."""
    words = " ".join(text.split())
    if len(words) > MOST_WORDS:
        raise argparse.ArgumentTypeError(f"{len(words)} characters; {MOST_WORDS} is the most")
    if any(word.startswith((*DIGESTS, COMMIT)) for word in words.split()):
        raise argparse.ArgumentTypeError(
            f"a word begins like a digest or a commit: {words!r}; agentramp writes those itself"
        )
    return words


def _message(name: str, number: int | None, existing: int | None) -> str:
    if existing is not None:
        return f"the head of {name} is already published as version {existing}"
    if number is None:
        return f"{name} would be published, as the plan says"
    return f"{name} is published as version {number}"


def _next(args: argparse.Namespace, observed: Observed, number: int | None) -> str | None:
    if number is None or any(e.split.stable == number for e in observed.endpoints):
        return None
    weight = 10 if observed.endpoints else 100
    return arguments.again(args, "shift-traffic", f"--version={number}", f"--weight={weight}")

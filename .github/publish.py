"""Makes a release of agentramp: python .github/publish.py VERSION --tested-tree TREE.

With --move in place of the tree it brings vX and vX.Y to a release that stands. It needs git, and
gh signed in; CONTRIBUTING.md has the rest. Whatever is killed half-way is run again with the same
words: it looks at what stands and does the rest. A tag vX.Y.Z never moves.

Tags are made by the REST API. GitHub takes a workflow's push of a tag with other workflow files
than a branch has for a change of them, and no permission of a workflow lifts that.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SPELLING = re.compile(r"(\d+)\.(\d+)\.(\d+)((?:a|b|rc)\d+)?")
BOT = "github-actions[bot]"
BOT_MAIL = f"41898282+{BOT}@users.noreply.github.com"
REFS = "repos/{owner}/{repo}/git/refs"  # gh fills in the two
MADE = "{made}"
"""Stands in a command for what the command before it printed."""


class RefusedError(Exception):
    """Each line of the message is one reason. Nothing was changed."""


@dataclass(frozen=True)
class Version:
    number: tuple[int, int, int]
    pre: str = ""

    def __str__(self) -> str:
        return ".".join(map(str, self.number)) + self.pre

    @property
    def tag(self) -> str:
        return f"v{self}"

    @property
    def moving(self) -> tuple[str, ...]:
        """The tags that follow it; a prerelease has none."""
        return () if self.pre else (f"v{self.number[0]}", f"v{self.number[0]}.{self.number[1]}")


@dataclass(frozen=True)
class Release:
    """What GitHub has under the tag: nothing, a draft, or the release itself."""

    state: str  # none, draft, published
    assets: Mapping[str, str] = field(default_factory=dict)
    """The digest of each file's bytes by its name; empty where an older gh does not tell it."""


@dataclass(frozen=True)
class Observed:
    """``tags`` are the remote's, each with the commit it leads to in the end."""

    commit: str
    tags: Mapping[str, str]
    refs: Mapping[str, str]
    release: Release


@dataclass(frozen=True)
class Step:
    """``by_hand`` is what a maintainer types where GitHub refuses it to a workflow."""

    what: str
    commands: tuple[tuple[str, ...], ...]
    by_hand: str = ""


def parsed(text: str) -> Version | None:
    found = SPELLING.fullmatch(text)
    if not found:
        return None
    major, minor, patch, pre = found.groups()
    return Version((int(major), int(minor), int(patch)), pre or "")


def notes(changelog: str, version: Version) -> str | None:
    """The section ``## X.Y.Z - YYYY-MM-DD``, without its heading."""
    heading = rf"^## {re.escape(str(version))} - \d{{4}}-\d\d-\d\d$\n(.*?)(?=^## |\Z)"
    found = re.search(heading, changelog, re.MULTILINE | re.DOTALL)
    return found.group(1).strip() or None if found else None


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    if done.returncode:
        told = f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}"
        raise RuntimeError(told)
    return done.stdout.strip()


def observe(version: Version) -> Observed:
    tags, refs = {}, {}
    for line in run("git", "ls-remote", "--tags", "origin").splitlines():
        target, ref = line.split("\t")
        tags[ref.removeprefix("refs/tags/").removesuffix("^{}")] = target  # the peeled one is last
        refs[ref] = target
    return Observed(run("git", "rev-parse", "HEAD"), tags, refs, _release(version))


def _release(version: Version) -> Release:
    words = ("--json", "tagName,isDraft", "--limit", "1000")
    listed = json.loads(run("gh", "release", "list", *words))
    drafts = [one["isDraft"] for one in listed if one["tagName"] == version.tag]
    if not drafts:
        return Release("none")
    told = json.loads(run("gh", "release", "view", version.tag, "--json", "assets"))
    assets = {one["name"]: one.get("digest") or "" for one in told["assets"]}
    return Release("draft" if drafts[0] else "published", assets)


def do(step: Step) -> None:
    made = ""
    try:
        for command in step.commands:
            made = run(*(word.replace(MADE, made) for word in command))
    except RuntimeError as failure:
        if step.by_hand:
            raise RuntimeError(f"{failure}\nas a maintainer, type:\n{step.by_hand}") from None
        raise


def faults(version: Version, tested_tree: str, observed: Observed) -> Iterator[str]:
    """Why this commit must not become this version."""
    if run("git", "status", "--porcelain"):
        yield "the checkout has changes that are not committed"
    tree = run("git", "rev-parse", "HEAD^{tree}")
    if tree != tested_tree:
        yield f"the tree of this commit is {tree}, but tested was {tested_tree or 'none'}"
    run("git", "fetch", "--quiet", "origin", "main")
    main = run("git", "rev-list", "FETCH_HEAD").splitlines()
    if observed.commit not in main:
        yield "this commit is not on main"
    elif version.tag not in observed.tags:
        yield from _left_behind(version, observed.commit)
    own = Path("src/agentramp/__init__.py").read_text(encoding="utf-8")
    if f'__version__ = "{version}"\n' not in own:
        yield f"agentramp.__version__ is not {version}"
    if not notes(Path("CHANGELOG.md").read_text(encoding="utf-8"), version):
        yield f"CHANGELOG.md has no section ## {version} - YYYY-MM-DD with something in it"
    tagged = observed.tags.get(version.tag, observed.commit)
    if tagged != observed.commit:
        yield f"{version.tag} is {tagged} already, and it is never moved"


def _left_behind(version: Version, commit: str) -> Iterator[str]:
    """GitHub may refuse a workflow even the REST call then."""
    folder = ".github/workflows"
    names = run("git", "diff", "--name-only", commit, "FETCH_HEAD", "--", folder).split()
    if names:
        yield (
            f"main has other workflows by now ({', '.join(names)}), so GitHub may refuse the tag"
            f" {version.tag} to a workflow. Publish the newest commit of main; or, as a maintainer,"
            f" make the tag and run this again: {_tag_by_hand(version, commit)}"
        )


def _tag_by_hand(version: Version, commit: str) -> str:
    tag = version.tag
    made = f"git tag -a -m 'agentramp {version}' {tag} {commit}"
    return f"git fetch origin && {made} && git push origin refs/tags/{tag}"


def expected(version: Version) -> tuple[str, ...]:
    return f"agentramp-{version}-py3-none-any.whl", f"agentramp-{version}.tar.gz"


def plan(version: Version, observed: Observed, dist: Path, text: Path) -> list[Step]:
    return [*_tagging(version, observed), *_releasing(version, observed, dist, text)]


def _tagging(version: Version, observed: Observed) -> Iterator[Step]:
    if version.tag not in observed.tags:
        what = f"tag {observed.commit[:12]} as {version.tag}"
        by_hand = _tag_by_hand(version, observed.commit)
        yield Step(what, (_annotated(version, observed.commit), _made(version.tag, MADE)), by_hand)


def _annotated(version: Version, commit: str) -> tuple[str, ...]:
    """Prints the id of the tag's object."""
    about = {
        "tag": version.tag,
        "message": f"agentramp {version}",
        "object": commit,
        "type": "commit",
        "tagger[name]": BOT,
        "tagger[email]": BOT_MAIL,
    }
    path = REFS.replace("refs", "tags")
    fields = [word for name, value in about.items() for word in ("-f", f"{name}={value}")]
    return "gh", "api", "--method", "POST", path, "--jq", ".sha", *fields


def _made(tag: str, target: str) -> tuple[str, ...]:
    fields = ("-f", f"ref=refs/tags/{tag}", "-f", f"sha={target}")
    return "gh", "api", "--silent", "--method", "POST", REFS, *fields


def _moved(tag: str, target: str) -> tuple[str, ...]:
    path = f"{REFS}/tags/{tag}"
    return (
        "gh",
        "api",
        "--silent",
        "--method",
        "PATCH",
        path,
        "-f",
        f"sha={target}",
        "-F",
        "force=true",
    )


def _releasing(version: Version, observed: Observed, dist: Path, text: Path) -> Iterator[Step]:
    """As a draft first: what is immutable has to be whole when it is published."""
    tag, files = version.tag, [str(dist / name) for name in expected(version)]
    if observed.release.state == "none":
        kind = ["--prerelease"] if version.pre else []
        described = ("--title", tag, "--notes-file", str(text), *kind)
        command = ("gh", "release", "create", tag, "--draft", "--verify-tag", *described, *files)
        yield Step(f"draft the release {tag} with {len(files)} files", (command,))
    elif observed.release.state == "draft":
        command = ("gh", "release", "upload", tag, "--clobber", *files)
        yield Step(f"complete the draft {tag}", (command,))
    if observed.release.state != "published":
        latest = f"--latest={str(_leads(version, observed, ())).lower()}"
        command = ("gh", "release", "edit", tag, "--draft=false", latest)
        yield Step(f"publish the release {tag}", (command,))


def moving(version: Version, observed: Observed) -> list[Step]:
    """``vX`` and ``vX.Y`` only go forward: a fix of an older version leaves the newer one there."""
    commit = observed.tags[version.tag]
    names = [
        name
        for name, kept in zip(version.moving, (1, 2), strict=False)
        if _leads(version, observed, version.number[:kept]) and observed.tags.get(name) != commit
    ]
    return [
        Step(
            f"move {name} to {version.tag}",
            ((_moved if name in observed.tags else _made)(name, commit),),
            _move_by_hand(version, observed, names[place:]),
        )
        for place, name in enumerate(names)
    ]


def _move_by_hand(version: Version, observed: Observed, names: Sequence[str]) -> str:
    """All that are left, each only while it still is where it was seen."""
    refs = [f"refs/tags/{name}" for name in names]
    leases = [f"--force-with-lease={ref}:{observed.refs.get(ref, '')}" for ref in refs]
    targets = [f"{observed.tags[version.tag]}:{ref}" for ref in refs]
    return " ".join(
        [f"git fetch origin tag {version.tag} && git push", *leases, "origin", *targets]
    )


def _leads(version: Version, observed: Observed, prefix: Sequence[int]) -> bool:
    """Whether no later version stands under ``prefix``, such as (1,) for all of v1."""
    known = [found for tag in observed.tags if (found := parsed(tag.removeprefix("v")))]
    peers = [one for one in known if not one.pre and one.number[: len(prefix)] == tuple(prefix)]
    return not version.pre and all(one.number <= version.number for one in peers)


def await_immutable(tag: str, patience: float) -> None:
    """GitHub seals a release a moment after it is published, where the repository asks for that."""
    end = time.monotonic() + patience
    while not json.loads(run("gh", "release", "view", tag, "--json", "isImmutable"))["isImmutable"]:
        if time.monotonic() >= end:
            raise RuntimeError(
                f"{tag} is published, but GitHub does not call it immutable. Switch on immutable "
                "releases in the repository's settings before anything else is released"
            )
        time.sleep(min(5, patience))


def _digest(file: Path) -> str:
    """As GitHub tells an asset's."""
    return f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"


def release(version: Version, arguments: argparse.Namespace) -> None:
    observed = observe(version)
    found = list(faults(version, arguments.tested_tree, observed))
    absent = [name for name in expected(version) if not (arguments.dist / name).is_file()]
    found += [f"{arguments.dist} has no {name}" for name in absent]
    if not absent and observed.release.state == "published":
        made = {name: _digest(arguments.dist / name) for name in expected(version)}
        there = observed.release.assets
        if there.keys() != made.keys() or any(there[name] not in {"", made[name]} for name in made):
            found.append(f"the release {version.tag} is published with other files")
    if found:
        raise RefusedError("\n".join(found))
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "notes.md"
        changelog = Path("CHANGELOG.md").read_text(encoding="utf-8")
        text.write_text(notes(changelog, version) or "", encoding="utf-8")
        perform(plan(version, observed, arguments.dist, text), arguments.dry_run)
    if not arguments.dry_run:
        await_immutable(version.tag, arguments.patience)
    elif observed.release.state == "none":
        print(f"(seen is no release {version.tag}: drafts are shown to a login that may write)")


def move(version: Version, arguments: argparse.Namespace) -> None:
    observed = observe(version)
    if version.tag not in observed.tags or observed.release.state != "published":
        raise RefusedError(f"there is no release {version.tag} that vX and vX.Y could come to")
    perform(moving(version, observed), arguments.dry_run)


def perform(steps: Sequence[Step], dry_run: bool) -> None:  # noqa: FBT001 - as it was typed
    for step in steps:
        print(step.what, flush=True)
        if not dry_run:
            do(step)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--tested-tree", help="release it: git rev-parse 'HEAD^{tree}'")
    what.add_argument("--move", action="store_true", help="bring vX and vX.Y to the release")
    parser.add_argument("--dist", type=Path, default=Path("dist"), help="what build.py made")
    parser.add_argument("--dry-run", action="store_true", help="all checks, and the plan")
    parser.add_argument("--patience", type=float, default=60, help="seconds for GitHub to seal it")
    try:
        arguments = parser.parse_args()
        version = parsed(arguments.version)
        if version is None:
            raise RefusedError(f"{arguments.version!r} is no version such as 1.2.3 or 1.2.3rc1")  # noqa: TRY301 - told as the others are
        (move if arguments.move else release)(version, arguments)
    except RefusedError as refused:
        sys.stderr.write(f"not released; nothing was changed:\n{refused}\n")
        return 2
    except RuntimeError as failure:
        sys.stderr.write(f"{failure}\nwhat is done stays; run it again for the rest\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())

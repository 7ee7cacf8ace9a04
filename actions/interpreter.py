# ruff: noqa: INP001 - started by its path, not imported
"""Says which Python this is, and the name of the environment that belongs to it and to us.

Run as ``python3 -I interpreter.py <root of the action>``. Writes the version; then, if it is new
enough, the environment's name and the real interpreter behind shims and links, one a line.
"""

import hashlib
import sys
from pathlib import Path

OLDEST = (3, 10)


def main(root: Path) -> int:
    sys.stdout.write(".".join(map(str, sys.version_info[:3])) + "\n")
    if sys.version_info < OLDEST:
        return 1
    executable = Path(sys.executable).resolve()
    requirements = (root / "requirements" / "run.txt").read_bytes()
    # The root counts, as the environment points at its src: a job may use two releases of us.
    identity = f"{sys.version}\n{executable}\n{root}\n".encode()
    name = hashlib.sha256(identity + requirements).hexdigest()[:16]
    sys.stdout.write(f"agentramp-{name}\n{executable}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

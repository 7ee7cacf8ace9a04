"""Says which Python asks, and the name of the environment that belongs to it and to this checkout.

Run as ``python3 -I interpreter.py <root of the action>``. Prints the version; then, if it is new
enough, the environment's name and the real interpreter behind shims and links, one a line.
"""

import hashlib
import os
import sys

OLDEST = (3, 10)


def main(root: str) -> int:
    print(".".join(map(str, sys.version_info[:3])))
    if sys.version_info < OLDEST:
        return 1
    executable = os.path.realpath(sys.executable)
    with open(os.path.join(root, "requirements", "run.txt"), "rb") as file:
        content = file.read()
    # The root counts, as the environment points at its src: a job may use two releases of us.
    identity = "\0".join([sys.version, executable, root]).encode()
    print("agentramp-" + hashlib.sha256(content + identity).hexdigest()[:16])
    print(executable)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

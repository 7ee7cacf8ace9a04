"""The simulate verb: what the action runs, and what reproduces it on a laptop."""

import sys
from collections.abc import Sequence

from agentramp import cli


def main(argv: Sequence[str]) -> int:
    return cli.main(["simulate", *argv])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

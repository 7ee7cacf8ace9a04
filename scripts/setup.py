"""What the setup action ends with, in the environment that actions/run made or found."""

import os
import sys

from agentramp.report.github import set_up


def main() -> int:
    return set_up.told(os.environ, sys.executable, sys.stdout.write)


if __name__ == "__main__":
    raise SystemExit(main())

"""Our judge and the peers' rules on the same streams; ends with 1 if a bound is broken."""

import argparse
import sys

from bench.judge.bench import TABLES, run
from bench.judge.ours import Ours
from bench.judge.settings import BASE_RUNS, Settings

SEED = 4


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    settings = Settings(arguments.seed, arguments.runs, Ours)
    return run(settings, arguments.only or list(TABLES), as_markdown=arguments.markdown)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.judge", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=SEED, help="of all streams (default: %(default)s)"
    )
    parser.add_argument(
        "--runs",
        type=int,
        default=BASE_RUNS,
        help="ramps in a cell of the first table, the others follow; few are noise, and break a "
        "bound by chance (default: %(default)s)",
    )
    parser.add_argument("--only", action="append", choices=TABLES, help="this table; repeatable")
    parser.add_argument("--markdown", action="store_true", help="as docs/reference/judge-bench.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())

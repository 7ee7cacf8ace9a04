"""Schedules of runs that are killed, stalled and lied to; ends with 1 if an invariant broke."""

import argparse
import os
import sys
import time

from bench.crash.many import many, table
from bench.crash.schedule import run

SHOWN = 10


def main() -> int:
    arguments = _parser().parse_args()
    if arguments.replay is not None:
        return _replay(arguments.replay)
    began = time.monotonic()
    seeds = range(arguments.seed, arguments.seed + arguments.schedules)
    found = many(seeds, arguments.workers)
    print("\n".join(table(found, time.monotonic() - began)))
    for seed, invariant, words in sorted(found.broken)[:SHOWN]:
        print(f"--replay {seed}: {invariant}: {words}")
    return 1 if found.broken else 0


def _replay(seed: int) -> int:
    told = run(seed, telling=True)
    print("\n".join(told.story))
    print(f"{len(told.broken)} violations")
    return 1 if told.broken else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.crash", description=__doc__)
    parser.add_argument("--schedules", type=int, default=100_000, metavar="N")
    parser.add_argument("--seed", type=int, default=0, help="of the first schedule")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--replay", type=int, metavar="SEED", help="tell the story of one schedule")
    return parser


if __name__ == "__main__":
    sys.exit(main())

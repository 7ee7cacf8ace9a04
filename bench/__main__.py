"""Prints figures beside their bounds and ends with 1 if one is broken."""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import gateway, memory, pack, set_up, startup
from bench.figures import BenchError, Figure, table
from bench.workshop import Workshop

ROWS: dict[str, Callable[[Workshop], list[Figure]]] = {
    "startup": startup.measure,
    "set-up": set_up.measure,
    "pack": pack.measure,
    "gateway": gateway.measure,
    "memory": memory.measure,
}


def main() -> int:
    arguments = _parser().parse_args()
    print(f"{os.cpu_count()} CPUs, Python {platform.python_version()}, {platform.platform()}")
    with tempfile.TemporaryDirectory(prefix="agentramp-bench-") as folder:
        workshop = Workshop(arguments.agentramp.absolute(), Path(folder))
        held = [_show(name, workshop) for name in arguments.rows or ROWS]
    return 0 if all(held) else 1


def _show(name: str, workshop: Workshop) -> bool:
    print(f"\n{name}", flush=True)
    try:
        figures = ROWS[name](workshop)
    except BenchError as error:
        print(f"FAIL  not measured: {error}", flush=True)
        return False
    print(table(figures), flush=True)
    return all(figure.ok for figure in figures)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], metavar="row", help=", ".join(ROWS))
    parser.add_argument(
        "--agentramp",
        type=Path,
        default=Path(sys.executable).with_name("agentramp"),
        help="the command to measure (default: the one beside this interpreter)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

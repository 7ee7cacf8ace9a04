"""Runs the tables one after the other and prints each as soon as it is there."""

import os
import platform
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone

from bench.figures import Figure, table
from bench.judge import page
from bench.judge.page import Section
from bench.judge.settings import Settings
from bench.judge.tables.clusters import clusters
from bench.judge.tables.errors import better, leak, no_change, outage, walk, worse
from bench.judge.tables.gates import certification, slo, split
from bench.judge.tables.lines import lines
from bench.judge.tables.metrics import cost, latency, several
from bench.judge.tables.ramp import ramp
from bench.judge.tables.silence import silence
from bench.judge.tables.speed import speed

TABLES: dict[str, Callable[[Settings], Section]] = {
    "no-change": no_change,
    "outage": outage,
    "clusters": clusters,
    "walk": walk,
    "worse": worse,
    "leak": leak,
    "silence": silence,
    "ramp": ramp,
    "lines": lines,
    "better": better,
    "speed": speed,
    "latency": latency,
    "cost": cost,
    "several": several,
    "certification": certification,
    "split": split,
    "slo": slo,
}

TITLE = "The judge bench"
LEAD = (
    "Our judge and the peers' rules, on the same streams of windows. Made by "
    "`python -m bench.judge --markdown`; `make bench-judge` prints the same tables for your "
    "machine. The rules, their sources and what each of them is known for stand in "
    "`bench/judge/peers/`; they are written anew from those sources, and none of the peers' own "
    "programs was run."
)
PROMISES = "What was promised"


def run(settings: Settings, names: Sequence[str], *, as_markdown: bool = False) -> int:
    """0 if every bound is kept, else 1."""
    began, busy = time.perf_counter(), time.process_time()
    shown = page.markdown if as_markdown else page.text
    print(f"# {TITLE}\n\n{LEAD}\n\n{_machine(settings)}\n" if as_markdown else _machine(settings))
    sections = []
    for name in names:
        sections.append(TABLES[name](settings))
        print(f"{'' if as_markdown else chr(10)}{shown(sections[-1])}", flush=True)
    promises = [figure for section in sections for figure in section.promises]
    if promises:
        print(_closing(promises, as_markdown=as_markdown))
    held = [figure for section in sections for figure in section.held]
    broken = [figure.name for figure in held if not figure.ok]
    spent, worked = time.perf_counter() - began, time.process_time() - busy
    print(f"\n{_summary(len(held), broken)}; {spent:.0f} s, {worked:.0f} s of CPU.")
    return 1 if broken else 0


def _machine(settings: Settings) -> str:
    return (
        f"{os.cpu_count()} CPUs, Python {platform.python_version()}, {platform.platform()}, "
        f"{datetime.now(timezone.utc).date()}; seed {settings.seed}, {settings.runs} runs."
    )


def _closing(promises: list[Figure], *, as_markdown: bool) -> str:
    if as_markdown:
        return "\n".join((f"## {PROMISES}", "", *page.pipes(promises)))
    return f"\n{PROMISES}\n\n{table(promises)}"


def _summary(number: int, broken: list[str]) -> str:
    if not broken:
        return f"All {number} bounds are kept"
    return f"{len(broken)} of {number} bounds are broken: {', '.join(broken)}"

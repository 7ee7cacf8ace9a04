"""What a verdict costs."""

import time
import tracemalloc
from collections.abc import Sequence

from agentramp.judge.judge import Judge
from agentramp.judge.verdict import Rules
from agentramp.judge.window import Window
from bench.figures import Figure, at_most
from bench.judge.chance import seeded
from bench.judge.page import Block, Section
from bench.judge.roster import ALPHA
from bench.judge.settings import Settings
from bench.judge.streams import flat, ladder
from bench.judge.tables.errors import RATES, TRAFFIC, rate_names

MOST_MICROSECONDS = 50.0
RAMPS = 20
REPEATS = 10
LONG = 10


def speed(settings: Settings) -> Section:
    """Always of the judge itself, whoever else is on trial."""
    cells = {
        (traffic, rate): _microseconds(_ramps(settings.seed, traffic, rate))
        for traffic in TRAFFIC
        for rate in RATES
    }
    rows = [
        (f"{traffic} sessions a window", *(f"{cells[traffic, rate]:.1f}" for rate in RATES))
        for traffic in TRAFFIC
    ]
    return Section(
        "speed",
        "What a verdict costs",
        "Microseconds of CPU to observe one window of one metric, sentence and all: the mean of "
        f"{RAMPS} ramps of 60 windows, each its best of {REPEATS} times. Columns: rate of bad "
        "sessions.",
        [Block([("microseconds", *rate_names()), *rows])],
        [
            Figure(
                "one metric, one window, worst of 9 cells",
                max(cells.values()),
                "us",
                at_most(MOST_MICROSECONDS),
                f"best of {REPEATS}",
            )
        ],
        [
            Figure("state after 60 windows", _bytes(settings.seed, 1) / 1000, "kB"),
            Figure("state after 600 windows", _bytes(settings.seed, LONG) / 1000, "kB"),
        ],
    )


def _ramps(seed: int, traffic: float, rate: float, number: int = RAMPS) -> list[list[Window]]:
    return [
        [
            counts.window
            for counts in ladder(
                seeded(seed, "speed", traffic, rate, run), traffic, flat(rate, rate)
            )
        ]
        for run in range(number)
    ]


def _microseconds(ramps: Sequence[Sequence[Window]]) -> float:
    """Each ramp's best time, as whatever else the machine does only ever adds to it."""
    windows = sum(map(len, ramps))
    return sum(min(_seconds(ramp) for _ in range(REPEATS)) for ramp in ramps) / windows * 1e6


def _seconds(ramp: Sequence[Window]) -> float:
    judge = Judge(Rules(alpha=ALPHA))
    began = time.process_time()
    for window in ramp:
        judge.observe(window)
    return time.process_time() - began


def _bytes(seed: int, ramps: int) -> int:
    windows = [window for ramp in _ramps(seed, 200, 0.01, ramps) for window in ramp]
    tracemalloc.start()
    judge = Judge(Rules(alpha=ALPHA))
    for window in windows:
        judge.observe(window)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size

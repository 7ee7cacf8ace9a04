"""Many schedules, on several processes, and what they came to together."""

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.crash.commands import REAL, Works
from bench.crash.invariants import ALL
from bench.crash.schedule import run

CHUNK = 100


@dataclass
class Sum:
    """``broken`` are the seed, the invariant and what broke it."""

    schedules: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, other: "Sum") -> None:
        self.schedules += other.schedules
        self.counts.update(other.counts)
        self.broken += other.broken

    @property
    def violations(self) -> Counter[str]:
        return Counter(invariant for _, invariant, _ in self.broken)


def some(seeds: range, works: Works = REAL) -> Sum:
    whole = Sum(len(seeds))
    for seed in seeds:
        told = run(seed, works)
        whole.counts.update(told.counts)
        whole.broken += [(seed, invariant, words) for invariant, words in told.broken]
    return whole


def many(seeds: range, workers: int) -> Sum:
    whole = Sum()
    for part in _parts(seeds, workers):
        whole.add(part)
    if whole.schedules != len(seeds):
        raise RuntimeError(
            f"{whole.schedules} of {len(seeds)} schedules ended: the bench is broken"
        )
    return whole


def _parts(seeds: range, workers: int) -> Iterator[Sum]:
    parts = [seeds[low : low + CHUNK] for low in range(0, len(seeds), CHUNK)]
    if workers == 1:
        yield from map(some, parts)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap_unordered(some, parts)


def table(found: Sum, seconds: float) -> list[str]:
    rows = [("schedules", found.schedules), *sorted(found.counts.items())]
    width = max(len(name) for name in (*ALL, *(name for name, _ in rows)))
    lines = [f"{name.ljust(width)}  {number:>11,}" for name, number in rows]
    lines += ["", f"{'violations'.ljust(width)}  {len(found.broken):>11,}"]
    lines += [f"{('  ' + name).ljust(width)}  {found.violations[name]:>11,}" for name in ALL]
    each = 1000 * seconds / max(found.schedules, 1)
    return [*lines, "", f"{seconds:.1f} s, {each:.2f} ms for each schedule"]

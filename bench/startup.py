"""How long the command takes to start, in multiples of the bare interpreter."""

import sys
from pathlib import Path

from bench.figures import Figure, at_most
from bench.processes import interleaved, run
from bench.workshop import ROOT, Workshop

ROUNDS = 15
HOW = f"times `python -c pass`; minimum of {ROUNDS} interleaved rounds"


def measure(workshop: Workshop) -> list[Figure]:
    home = workshop.fresh_home()
    example = Path("examples/quickstart")
    jobs = {
        "nothing": lambda: run([sys.executable, "-c", "pass"], cwd=ROOT).seconds,
        "version": lambda: home.run("--version").seconds,
        "validate": lambda: home.run("validate", example).seconds,
    }
    interleaved(1, jobs)  # warms the caches up
    best = {name: min(seconds) for name, seconds in interleaved(ROUNDS, jobs).items()}
    nothing = best["nothing"]
    return [
        Figure("python -c pass", nothing * 1000, "ms"),
        Figure("agentramp --version", best["version"] / nothing, "x", at_most(4), HOW),
        Figure(f"agentramp validate {example}", best["validate"] / nothing, "x", at_most(16), HOW),
    ]

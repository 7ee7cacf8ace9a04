"""What the embedded platform's gateway costs, against a direct call of the same agent."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from urllib.error import URLError
from urllib.request import urlopen

from bench.figures import BenchError, Figure, at_least
from bench.processes import run
from bench.workshop import ROOT, Workshop, parsed, release, running_platform

ROUNDS = 5
REQUESTS = 4000
CONCURRENCY = 16
SINGLE_REQUESTS = 300
START_SECONDS = 10
AGENT = ROOT / "bench" / "trivial"


@dataclass(frozen=True)
class Load:
    per_second: float
    median_ms: float


def measure(workshop: Workshop) -> list[Figure]:
    home = workshop.fresh_home()
    with running_platform(home), direct_agent() as direct:
        return compare(direct, release(home, AGENT))


def compare(direct: str, gateway: str) -> list[Figure]:
    _check_same_answer(direct, gateway)
    rounds = [(_round(direct), _round(gateway)) for _ in range(ROUNDS)]
    added = median(through.median_ms - plain.median_ms for (plain, _), (through, _) in rounds)
    ratio = median(through.per_second / plain.per_second for (_, plain), (_, through) in rounds)
    direct_rate = median(plain.per_second for (_, plain), _ in rounds)
    gateway_rate = median(through.per_second for _, (_, through) in rounds)
    alone = f"{SINGLE_REQUESTS} requests one by one, median of {ROUNDS} interleaved rounds"
    together = f"{REQUESTS} requests on {CONCURRENCY} kept connections, median of {ROUNDS} rounds"
    return [
        Figure("added latency, median", added, "ms", how=alone),
        Figure("direct throughput", direct_rate, "/s", how=together),
        Figure("gateway throughput", gateway_rate, "/s", how=together),
        Figure("throughput kept", ratio * 100, "%", at_least(25), together),
    ]


def _round(url: str) -> tuple[Load, Load]:
    """One by one for the latency, then many at once for the throughput."""
    return _load(url, SINGLE_REQUESTS, 1), _load(url, REQUESTS, CONCURRENCY)


def _load(url: str, requests: int, concurrency: int) -> Load:
    command = [sys.executable, "-m", "bench.load", url, str(requests), str(concurrency)]
    answer = parsed(run(command, cwd=ROOT).output)
    if answer["failed"]:
        raise BenchError(f"{answer['failed']} of {requests} requests to {url} failed.")
    return Load(answer["per_second"], answer["median_ms"])


def _check_same_answer(direct: str, gateway: str) -> None:
    """Else an error page would be measured, or two different interpreters."""
    answers = []
    for url in (direct, gateway):
        with urlopen(url, timeout=START_SECONDS) as response:  # noqa: S310  # http on loopback, made here
            answers.append(response.read())
    if answers[0] != answers[1]:
        raise BenchError(f"the two sides answer differently: {answers[0]!r}, {answers[1]!r}")


@contextmanager
def direct_agent() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=AGENT / "code", env={**os.environ, "PORT": str(port)}
    )
    try:
        url = f"http://127.0.0.1:{port}/"
        _wait_until_up(url)
        yield url
    finally:
        process.kill()
        process.wait()


def _wait_until_up(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_up(url):
        if time.monotonic() > deadline:
            raise BenchError(f"the agent did not answer on {url} within {START_SECONDS} s.")
        time.sleep(0.05)


def _is_up(url: str) -> bool:
    try:
        with urlopen(url, timeout=1):  # noqa: S310  # http on loopback, made here
            return True
    except URLError:
        return False

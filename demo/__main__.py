"""Releases the quickstart agent twice, ramps the second version up under traffic, rolls back.

Ends 0 only if no request failed, no session changed its version without need, and each measured
share is within five standard deviations of the weight that was asked for.
"""

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from demo.traffic import Absence, Traffic, problems, wanderers

LADDER = (10, 30, 50, 100)
SESSIONS = 300
SIGMAS = 5
AGENT = Path(__file__).parents[1] / "examples" / "quickstart"
LOCAL = ("--platform", "local")


class DemoError(Exception):
    """Something is not as it should be; the message says what."""


@dataclass
class Demo:
    """``folder`` is thrown away at the end: the agent's copy and all state lie in it."""

    folder: Path
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)

    @property
    def project(self) -> Path:
        return self.folder / "quickstart"

    def run(self) -> None:
        shutil.copytree(AGENT, self.project, ignore=shutil.ignore_patterns(".agentramp"))
        title("Version 1: validate, build, deploy, publish, serve")
        self.release()
        url = self.shift(1, 100)
        with Traffic(url) as traffic:
            self.measure(traffic, "version 1 alone", {1: 100})
            title("Version 2: one line of the agent changes, and is released beside it")
            self.change_the_agent()
            self.release()
            self.ramp(traffic)
            title("And back, in one command")
            self.go_back(traffic)
        self.conclude(traffic)

    def release(self) -> None:
        for verb in ("validate", "build", "deploy", "publish-version"):
            self.agentramp(verb, ".")

    def change_the_agent(self) -> None:
        persona = self.project / "code" / "persona.py"
        text = persona.read_text()
        changed = text.replace('VERSION = "1"', 'VERSION = "2"')
        if changed == text:
            raise DemoError(f'{persona} has no line VERSION = "1" to change')
        persona.write_text(changed)
        say('edited code/persona.py: VERSION = "2"')

    def ramp(self, traffic: Traffic) -> None:
        title("Shift traffic 10 -> 30 -> 50 -> 100 while requests flow")
        for weight in LADDER:
            begun = time.monotonic()
            self.shift(2, weight)
            if weight == LADDER[-1]:
                self.absences = [Absence(1, begun)]
            asked = {1: 100 - weight, 2: weight}
            self.measure(traffic, f"version 2 at {weight} %", asked)

    def go_back(self, traffic: Traffic) -> None:
        begun = time.monotonic()
        self.agentramp("rollback", ".")
        (gone,) = self.absences
        self.absences = [replace(gone, until=time.monotonic()), Absence(2, begun)]
        self.measure(traffic, "rolled back", {1: 100, 2: 0})

    def shift(self, version: int, weight: int) -> str:
        told = self.agentramp(
            "shift-traffic", ".", "--version", str(version), "--weight", str(weight)
        )
        return str(told["url"])

    def measure(self, traffic: Traffic, phase: str, asked: dict[int, int]) -> None:
        """New sessions only: an old one stays where it is while its version serves."""
        got = traffic.let_flow(phase, SESSIONS)
        total = sum(got.values())
        for version, weight in asked.items():
            share = weight / 100
            slack = SIGMAS * math.sqrt(share * (1 - share) / total)
            measured = got.get(version, 0) / total
            if abs(measured - share) > slack:
                raise DemoError(
                    f"{phase}: version {version} got {measured:.1%} of {total} new sessions"
                )
        shown = ", ".join(f"v{v} {100 * got.get(v, 0) / total:.1f} %" for v in sorted(asked))
        wanted = ", ".join(f"v{v} {weight} %" for v, weight in sorted(asked.items()))
        self.rows.append((phase, wanted, f"{shown} of {total}"))
        say(f"measured: {shown} of {total} new sessions")

    def conclude(self, traffic: Traffic) -> None:
        title("What was asked for, and what was measured")
        for phase, asked, measured in (("", "asked", "new sessions went to"), *self.rows):
            print(f"  {phase:<20} {asked:<18} {measured}")
        answers = traffic.answers
        failed, lost = problems(answers), wanderers(answers, self.absences)
        streams = sum(answer.streamed for answer in answers)
        print(
            f"\n  {len(answers):,} requests, {streams:,} of them streams:"
            f" {len(failed)} failed, {len(lost)} sessions moved without need"
        )
        if failed or lost:
            raise DemoError(next(iter(failed + lost)))

    def agentramp(self, verb: str, *arguments: str) -> dict[str, Any]:
        local = () if verb == "validate" else LOCAL
        words = [verb, *arguments, *local]
        print(f"\n$ {' '.join(['agentramp', *words])}")
        done = run([*words, "--output", "json"], self.folder, self.project)
        print(done.stderr, end="")
        if done.returncode != 0:
            raise DemoError(f"agentramp {verb} ended with {done.returncode}")
        told: dict[str, Any] = json.loads(done.stdout)
        say(told["message"])
        return told


def run(words: Sequence[str], folder: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "AGENTRAMP_HOME": str(folder / "home"), "WORD_DELAY_MS": "1"}
    return subprocess.run(
        [sys.executable, "-m", "agentramp", *words],
        env=environ,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def title(text: str) -> None:
    bold = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    print(f"\n\x1b[1m{text}\x1b[0m" if bold else f"\n== {text}")


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="agentramp-demo-") as name:
        folder = Path(name)
        try:
            Demo(folder).run()
        except DemoError as error:
            print(f"\nthe demo failed: {error}", file=sys.stderr)
            return 1
        finally:
            run(["local", "stop"], folder, folder)
            left = run(["local", "status", "--output", "json"], folder, folder)
        if json.loads(left.stdout)["running"]:
            print("\nthe demo failed: the embedded platform still runs", file=sys.stderr)
            return 1
    print("\nAll of it ran on this machine, and nothing is left running.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

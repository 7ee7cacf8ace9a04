"""Releases the quickstart agent three times under traffic, on this machine.

Version 2 is ramped up by hand and rolled back. Version 3 fails for some sessions, and its ramp
rolls it back by itself. Ends 0 only if no request failed but on version 3, no session changed its
version without need, and each measured share is within five standard deviations of the weight
that was asked for.
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
ROLLED_BACK = 4
TICKS, PAUSE = 40, 2.0
RAMP = """\
steps: [10, 30, 50, 100]
bake: 4s
min-sessions: 20
alpha: 0.01     # most chance of rolling back a healthy version
evidence: {window: 2s, settle: 1s}
"""
FAULT = """\
            if self.headers.get("x-agentrun-session-id", "")[-1:] in {"0", "1", "2"}:
                raise ModelError("the model of this session is gone")
"""


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
            self.change_the_agent("1", "2")
            self.release()
            self.ramp(traffic)
            title("And back, in one command")
            self.go_back(traffic)
            title("Version 3 fails for some sessions; its ramp looks at the evidence")
            self.change_the_agent("2", "3")
            self.break_the_agent()
            self.ramp_by_itself(traffic)
        self.conclude(traffic)

    def release(self) -> None:
        for verb in ("validate", "build", "deploy", "publish-version"):
            self.agentramp(verb, ".")

    def change_the_agent(self, old: str, new: str) -> None:
        self.edit("persona.py", f'VERSION = "{old}"', f'VERSION = "{new}"')
        say(f'edited code/persona.py: VERSION = "{new}"')

    def break_the_agent(self) -> None:
        line = "            request = wire.parse_request(body)\n"
        self.edit("routes.py", line, FAULT + line)
        say("edited code/routes.py: three of sixteen sessions find their model gone")

    def edit(self, name: str, old: str, new: str) -> None:
        file = self.project / "code" / name
        text = file.read_text()
        if old not in text:
            raise DemoError(f"{file} has no line {old.strip()} to change")
        file.write_text(text.replace(old, new))

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

    def ramp_by_itself(self, traffic: Traffic) -> None:
        (self.project / "agentramp.yaml").write_text(RAMP)
        print("\n$ cat agentramp.yaml\n" + RAMP, end="")
        traffic.phase = "ramp"
        self.agentramp("release", ".")
        for _ in range(TICKS):
            time.sleep(PAUSE)
            begun = time.monotonic()
            told = self.agentramp("promote", ".", ends=(0, ROLLED_BACK))
            if told["verdict"] == "rollback":
                break
        else:
            raise DemoError(f"version 3 was not rolled back in {TICKS} ticks")
        self.absences.append(Absence(3, begun))
        self.measure(traffic, "rolled back by itself", {1: 100, 3: 0})

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
            print(f"  {phase:<21} {asked:<18} {measured}")
        answers = traffic.answers
        failed = problems(answer for answer in answers if answer.version != 3)
        broken = [answer for answer in answers if answer.version == 3]
        lost = wanderers(answers, self.absences)
        streams = sum(answer.streamed for answer in answers)
        print(
            f"\n  {len(answers):,} requests, {streams:,} of them streams:"
            f" {len(failed)} failed, {len(lost)} sessions moved without need\n"
            f"  on version 3: {len(problems(broken))} of {len(broken)} requests failed"
        )
        if failed or lost:
            raise DemoError(next(iter(failed + lost)))

    def agentramp(self, verb: str, *arguments: str, ends: Sequence[int] = (0,)) -> dict[str, Any]:
        local = () if verb == "validate" else LOCAL
        words = [verb, *arguments, *local]
        print(f"\n$ {' '.join(['agentramp', *words])}")
        done = run([*words, "--output", "json"], self.folder, self.project)
        print(done.stderr, end="")
        if done.returncode not in ends:
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

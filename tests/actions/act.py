"""Runs workflows with nektos/act on this machine, and reads its log."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

LONGEST = 240.0
RUNS = count()
IDENTITY = ("-c", "user.name=A Consumer", "-c", "user.email=consumer@example.com")


@dataclass(frozen=True)
class Run:
    """What one workflow did. ``entries`` are the lines of act's log, each a JSON object."""

    code: int | None
    entries: tuple[Mapping[str, Any], ...]

    def story(self) -> str:
        """The log for people: what a failed assertion shows."""
        return "\n".join(
            f"{entry.get('jobID')}: {str(entry['msg']).strip()}" for entry in self.entries
        )

    def outputs(self, job: str, step: str = "it") -> dict[str, str]:
        """The outputs that the action of ``step`` declares.

        After its end act also tells, for the same step, whatever the steps inside have set;
        GitHub does not, so those are left aside.
        """
        found: dict[str, str] = {}
        for entry in self._of(job):
            if entry.get("stepID") == [step]:
                if entry.get("command") == "set-output":
                    found[entry["name"]] = entry["arg"]
                if entry.get("stage") == "Main" and "stepResult" in entry:
                    break
        return found

    def result(self, job: str) -> str | None:
        """``success`` or ``failure``; None where the job did not run."""
        ends = [entry["jobResult"] for entry in self._of(job) if "jobResult" in entry]
        return str(ends[-1]) if ends else None

    def ran(self, step: str) -> int:
        """How many times a job's step of this name ran, in whatever job."""
        ends = [entry for entry in self.entries if "stepResult" in entry]
        mains = [entry for entry in ends if entry.get("stage") == "Main"]
        return sum(entry["step"] == step and len(entry["stepID"]) == 1 for entry in mains)

    def printed(self, job: str) -> str:
        return "".join(str(entry["msg"]) for entry in self._of(job) if entry.get("raw_output"))

    def errors(self, job: str) -> list[tuple[Mapping[str, str], str]]:
        """Each ``::error``: its properties, its message."""
        return [
            (entry["kvPairs"], entry["arg"])
            for entry in self._of(job)
            if entry.get("command") == "error"
        ]

    def summaries(self, job: str) -> str:
        return "".join(
            str(entry["content"]) for entry in self._of(job) if entry.get("command") == "summary"
        )

    def _of(self, job: str) -> Iterator[Mapping[str, Any]]:
        return (entry for entry in self.entries if entry.get("jobID") == job)


@dataclass(frozen=True)
class Act:
    """The runner. ``release`` is the tree that stands for agentramp/agentramp@v0.

    ``environ`` is the runner's own, ``jobs`` what each job gets besides; ``variables`` and
    ``secrets`` are what a workflow finds in ``vars`` and ``secrets``. ``served`` are folders that
    stand for other repositories, by ``owner/name@ref``. ``payload`` is a file with what GitHub
    tells of the event, as JSON.
    """

    program: Path
    release: Path
    environ: Mapping[str, str]
    jobs: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    served: Mapping[str, Path] = field(default_factory=dict)
    payload: Path | None = None

    def __call__(
        self, repository: Path, workflow: str, *, event: str = "workflow_dispatch", **inputs: str
    ) -> Run:
        """Raises AssertionError with what was told so far where it takes too long."""
        log = repository.with_name(f"{workflow}-{next(RUNS)}.log")
        with log.open("w") as output:
            process = subprocess.Popen(
                self._command(workflow, event, inputs),
                cwd=repository,
                env={**self.environ, **self.secrets},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                code = process.wait(LONGEST)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                code = None
        run = Run(code, tuple(_entries(log.read_text())))
        assert code is not None, f"act was still at work:\n{run.story()}"
        return run

    def _command(self, workflow: str, event: str, inputs: Mapping[str, str]) -> list[str | Path]:
        served = {"agentramp/agentramp@v0": self.release, **self.served}
        return [
            *(self.program, event, "--json"),
            *("-W", f".github/workflows/{workflow}.yml"),
            *("-P", "ubuntu-latest=-self-hosted"),
            *_options("--local-repository", served),
            *_options("--input", inputs),
            *(("--eventpath", self.payload) if self.payload else ()),
            *_options("--env", self.jobs),
            *_options("--var", self.variables),
            # By name alone: act takes the values from its environment, so that no list of
            # processes has them.
            *(word for name in self.secrets for word in ("--secret", name)),
        ]


def _options(option: str, values: Mapping[str, str | Path]) -> Iterator[str]:
    return (word for name, value in values.items() for word in (option, f"{name}={value}"))


def _entries(log: str) -> Iterator[Mapping[str, Any]]:
    for line in log.splitlines():
        yield json.loads(line) if line.startswith("{") and line.endswith("}") else {"msg": line}


def commit(repository: Path, message: str) -> None:
    """All of ``repository`` as one commit; act needs one, and an origin."""
    if not (repository / ".git").exists():
        git(repository, "init", "-q")
        git(repository, "remote", "add", "origin", "https://example.com/acme/shop.git")
    git(repository, "add", "-A")
    git(repository, *IDENTITY, "commit", "-q", "-m", message)


def git(repository: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=repository, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout

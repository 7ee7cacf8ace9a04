"""Every action prints the command that does the same: both are run, and come to the same.

The script behind the action is run as the action runs it; the command goes through a shell, with
nothing of the workflow in its environment, as on a laptop.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agentramp.inputs import variable
from tests.actions.definition import ROOT, Action, every_action
from tests.release.plant import lay_out

ACTIONS = {action.verb: action for action in every_action() if action.verb}
RAMP = "steps: [10, 50, 100]\n"
TOLD = re.compile(r"^  the same on a laptop: (agentramp .*)$", re.MULTILINE)
HOSTILE = "x::y '$(touch made-by-a-shell)' `touch made-by-a-shell` ##[error]z 日本"


@dataclass(frozen=True)
class Case:
    """An action with inputs of its own; ``code`` is how both are to end."""

    verb: str
    inputs: Mapping[str, str]
    code: int = 0

    def __str__(self) -> str:
        return " ".join([self.verb, *self.inputs, *([str(self.code)] if self.code else [])])


PLAN = {"dry-run": "true"}
CASES = (
    Case("validate", {}),
    Case("build", {}),
    Case("deploy", PLAN),
    Case("publish-version", PLAN),
    Case("shift-traffic", {**PLAN, "version": "1", "weight": "100"}),
    Case("shift-traffic", {**PLAN, "version": "7", "weight": "100"}, code=2),
    Case("release", PLAN),
    Case("promote", PLAN),
    Case("abort", {**PLAN, "reason": HOSTILE}),
    Case("rollback", {**PLAN, "reason": HOSTILE}, code=2),
    Case("verify", {"prompt": HOSTILE}, code=3),  # this light agent speaks no chat completion
    Case("status", {}),
    Case("simulate", {"runs": "5"}),
)


@dataclass(frozen=True)
class Laptop:
    """A workspace with a project in a folder of it, and a home for the embedded platform."""

    workspace: Path
    home: Path

    @property
    def environ(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("PIP_", "UV_", "SSL_"))
        }
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return {**kept, "PATH": path, "HOME": str(self.home), "AGENTRAMP_HOME": str(self.home)}

    def types(self, command: str) -> "subprocess.CompletedProcess[str]":
        return self._run(["bash", "-c", command], self.environ)

    def acts(self, action: Action, inputs: Mapping[str, str]) -> "tuple[int, str, dict[str, str]]":
        """The code, the log and the outputs of an action's only step."""
        assert action.verb
        assert inputs.keys() <= action.inputs.keys()
        output = self.home / "output"
        output.write_text("")
        given = {name: one.default or "" for name, one in action.inputs.items()}
        environ = {
            **self.environ,
            **{
                variable(name): value
                for name, value in {**given, **inputs}.items()
                if "token" not in name
            },
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(output),
        }
        script = ROOT / "scripts" / f"{action.verb.replace('-', '_')}.py"
        done = self._run([sys.executable, "-I", str(script)], environ)
        return done.returncode, done.stderr, parsed(output.read_text())

    def _run(
        self, words: list[str], environ: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            words,
            cwd=self.workspace,
            env=environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def parsed(text: str) -> dict[str, str]:
    found = re.findall(r"^([a-z-]+)<<(\w+)\n(.*?)\n\2$", text, re.MULTILINE | re.DOTALL)
    return {name: value for name, _, value in found}


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """With version 1 of an agent in service."""
    folder = tmp_path_factory.mktemp("laptop")
    (folder / "home").mkdir()
    lay_out(folder / "workspace" / "agents", "shop", RAMP)
    found = Laptop(folder / "workspace", folder / "home")
    done = found.types("agentramp release agents/shop --platform local")
    assert done.returncode == 0, done.stderr
    yield found
    found.types("agentramp local stop")


def timeless(found: Any) -> Any:
    """Without what a clock said; a fault names an option where a workflow has an input."""
    match found:
        case str():
            return re.sub(r"\b(?:the )?input ([a-z][a-z-]*)", r"--\1", found)
        case dict():
            moments = ("_at", "_ms", "seconds")
            return {
                name: timeless(one) for name, one in found.items() if not name.endswith(moments)
            }
        case list():
            return [timeless(one) for one in found]
        case _:
            return found


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_printed_command_comes_to_the_same(laptop: Laptop, case: Case) -> None:
    place = {"path": "agents/shop", "platform": "local"}
    action = ACTIONS[case.verb]
    mine = {name: value for name, value in place.items() if name in action.inputs}

    code, log, outputs = laptop.acts(action, {**mine, **case.inputs})
    assert code == case.code, log
    [command] = TOLD.findall(log)
    typed = laptop.types(f"{command} --output json")

    assert typed.returncode == case.code, typed.stderr
    assert timeless(json.loads(outputs["result-json"])) == timeless(json.loads(typed.stdout))
    assert log.index(command) == len("  the same on a laptop: "), "before all else"
    assert not (laptop.workspace / "made-by-a-shell").exists()


def test_every_action_that_can_be_asked_twice_is_asked() -> None:
    assert {case.verb for case in CASES} == ACTIONS.keys() - {"setup"}

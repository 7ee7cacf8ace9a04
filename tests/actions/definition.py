"""Reads action.yml files into what a workflow's author sees of them."""

from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
WHOLE = ("validate", "build", "deploy", "publish-version", "shift-traffic")
"""The verbs of the root action, in their order."""
VERBS = (*WHOLE, "release", "promote", "abort", "rollback", "verify", "status", "simulate")
SETUP = "setup"
"""An action that is no verb: what the others run in."""
TOKEN = "github-token"
"""The one input that is no option: it reaches us as GITHUB_TOKEN, and never stands on a line."""


@dataclass(frozen=True)
class Input:
    description: str
    required: bool
    default: str | None


@dataclass(frozen=True)
class Output:
    description: str
    value: str


@dataclass(frozen=True)
class Step:
    id: str
    shell: str
    run: str
    env: dict[str, str]
    others: frozenset[str]
    """The keys it has besides these."""


@dataclass(frozen=True)
class Action:
    """``uses`` is how a workflow names it; ``verb`` is None for the whole release."""

    file: Path
    verb: str | None
    name: str
    description: str
    inputs: dict[str, Input]
    outputs: dict[str, Output]
    using: str
    steps: tuple[Step, ...]

    @property
    def uses(self) -> str:
        return "agentramp/agentramp" + (f"/actions/{self.verb}" if self.verb else "")


def every_action() -> list[Action]:
    return [_read(None), *map(_read, (*VERBS, SETUP))]


def _read(verb: str | None) -> Action:
    file = ROOT / "actions" / verb / "action.yml" if verb else ROOT / "action.yml"
    tree = yaml.safe_load(file.read_text())
    return Action(
        file=file,
        verb=verb,
        name=tree["name"],
        description=tree["description"],
        inputs={
            name: Input(one.get("description", ""), one.get("required", False), one.get("default"))
            for name, one in (tree.get("inputs") or {}).items()
        },
        outputs={
            name: Output(one.get("description", ""), one["value"])
            for name, one in tree["outputs"].items()
        },
        using=tree["runs"]["using"],
        steps=tuple(_step(one) for one in tree["runs"]["steps"]),
    )


def _step(tree: dict[str, str | dict[str, str]]) -> Step:
    def word(key: str) -> str:
        value = tree.pop(key, "")
        assert isinstance(value, str)
        return value

    env = tree.pop("env", {})
    assert isinstance(env, dict)
    return Step(word("id"), word("shell"), word("run"), env, frozenset(tree))

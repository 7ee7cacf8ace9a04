"""Where workflows and actions stand: ours, those of the examples, and those that the tests run."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWN = "agentramp/agentramp"
"""The repository's name on GitHub, as users write it."""


def actions() -> list[Path]:
    return [ROOT / "action.yml", *sorted(ROOT.glob("actions/*/action.yml"))]


def workflows() -> list[tuple[Path, Path]]:
    """Each with the folder that is its repository's root."""
    return [
        *_below(ROOT, ROOT / ".github" / "workflows"),
        *(
            found
            for example in sorted((ROOT / "examples").iterdir())
            for found in _below(example, example / ".github" / "workflows")
        ),
        *_below(ROOT, ROOT / "tests" / "actions" / "workflows"),
    ]


def _below(root: Path, folder: Path) -> Iterator[tuple[Path, Path]]:
    return ((path, root) for path in sorted(folder.glob("*.y*ml")))

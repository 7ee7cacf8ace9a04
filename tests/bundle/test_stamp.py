import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agentramp.bundle.build import build, opened
from agentramp.bundle.recipe import Engine, Recipe
from agentramp.bundle.stamp import stamped
from agentramp.bundle.tarball import BundleError
from agentramp.component import Identity

if TYPE_CHECKING:
    from tests.bundle.conftest import Fill

CANARY = Identity("my-agent-canary", "z2qa9A6dBf1cPzZtEvmXhqMbsVTdLquPVBPSc")


def test_it_is_what_would_have_been_built(fill: "Fill", identity: Identity, tmp_path: Path) -> None:
    root = fill({"index.js": "1", f"{'deep/' * 30}ä.js": "2", "run.sh": "3"})
    (root / "run.sh").chmod(0o700)
    recipe = Recipe(root, "My agent", "Says hello", Engine.NODE, "index.js")
    bundle = build(recipe, identity, "0.1.0", tmp_path / "out")
    before = os.umask(0o077)
    try:
        canary = stamped(bundle, CANARY, "0.2.0", tmp_path / "out")
    finally:
        os.umask(before)

    other = build(recipe, CANARY, "0.2.0", tmp_path / "other")
    assert canary.path.read_bytes() == other.path.read_bytes()
    assert canary == replace(other, path=canary.path)
    assert opened(bundle.path) == bundle

    bundle.path.write_bytes(canary.path.read_bytes())
    with pytest.raises(BundleError, match="was changed meanwhile"):
        stamped(bundle, CANARY, "0.3.0", tmp_path / "out")

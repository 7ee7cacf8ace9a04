"""Another identity or version of the same content is what a build would have made of it."""

from pathlib import Path

import pytest

from agentramp.bundle.build import build
from agentramp.bundle.recipe import Engine, Recipe
from agentramp.bundle.stamp import stamped
from agentramp.bundle.tarball import BundleError
from agentramp.component import Identity
from agentramp.platform.blocklet.did import canary_did, new_did

DID = new_did(bytes)
MINE, CANARY = Identity("mine", DID), Identity("mine-canary", canary_did(DID))


@pytest.mark.parametrize("engine", list(Engine))
def test_the_same_bytes_as_a_build(tmp_path: Path, engine: Engine) -> None:
    root = tmp_path / "agent"
    (root / "deep").mkdir(parents=True)
    (root / "aigne.yaml").write_text("name: é\n")
    (root / "index.js").write_text("1\n")
    run = root / "deep" / "run.sh"
    run.write_text("#!/bin/sh\n")
    run.chmod(0o755)
    recipe = Recipe(root, "A title", "About it, in a sentence.", engine, "index.js")
    first = build(recipe, MINE, "0.1.0", tmp_path / "a")
    for identity, version in ((MINE, "2.0.0-rc.1"), (CANARY, "0.1.0")):
        wanted = build(recipe, identity, version, tmp_path / "b")
        found = stamped(first, identity, version, tmp_path / "c")
        assert found.path.read_bytes() == wanted.path.read_bytes()
        assert (found.identity, found.version) == (identity, version)
        assert found.content == first.content
    back = stamped(stamped(first, CANARY, "9.9.9", tmp_path / "d"), MINE, "0.1.0", tmp_path / "e")
    assert back.sha256 == first.sha256


def test_a_file_that_was_changed_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "index.js").write_text("1\n")
    recipe = Recipe(tmp_path, "A title", "About it.", Engine.NODE, "index.js")
    made = build(recipe, MINE, "0.1.0", tmp_path / "out")
    build(recipe, MINE, "0.1.1", tmp_path / "out").path.replace(made.path)
    with pytest.raises(BundleError, match="was changed meanwhile"):
        stamped(made, CANARY, "0.1.0", tmp_path / "other")
    assert not (tmp_path / "other").exists()

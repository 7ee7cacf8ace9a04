import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agentramp.bundle.build import build
from agentramp.bundle.recipe import Engine, Recipe
from agentramp.bundle.store import Store
from agentramp.component import Bundle, Identity
from agentramp.errors import UsageError
from agentramp.package.errors import BuildError

if TYPE_CHECKING:
    from tests.bundle.conftest import Fill

OTHER = "z2qa9A6dBf1cPzZtEvmXhqMbsVTdLquPVBPSc"


@pytest.fixture
def bundles(fill: "Fill", identity: Identity, tmp_path: Path) -> tuple[Bundle, ...]:
    recipe = Recipe(fill({"index.js": "1"}), "Title", "Says hello", Engine.NODE, "index.js")
    return tuple(build(recipe, identity, f"0.1.{patch}", tmp_path / "out") for patch in range(4))


def lying(folder: Path) -> set[str]:
    return {path.stem for path in folder.rglob("*") if path.is_file()}


def test_what_is_kept_is_found_when_the_original_is_gone(
    bundles: tuple[Bundle, ...], tmp_path: Path
) -> None:
    first = bundles[0]
    kept = Store(tmp_path / "store").keep(first)
    first.path.unlink()

    assert Store(tmp_path / "store").find(first.sha256) == kept
    assert (kept.identity, kept.version, kept.integrity) == (
        *(first.identity, first.version, first.integrity),
    )
    assert kept.path != first.path
    assert Store(tmp_path / "store").find(bundles[1].sha256) is None
    assert Store(tmp_path / "none").find(first.sha256) is None


def test_only_the_last_of_each_component_are_kept(
    bundles: tuple[Bundle, ...], fill: "Fill", tmp_path: Path
) -> None:
    store = Store(tmp_path / "store", most=2)
    recipe = Recipe(fill({"index.js": "1"}), "Other", "Says hello", Engine.NODE, "index.js")
    other = build(recipe, Identity("other", OTHER), "0.1.0", tmp_path / "out")
    store.keep(other)
    for age, bundle in enumerate(bundles[:2]):
        os.utime(store.keep(bundle).path, (1000 + age, 1000 + age))

    # The oldest is asked for again, so it is the other one that goes.
    store.keep(bundles[0])
    store.keep(bundles[2])

    assert lying(tmp_path / "store") == {
        *(other.sha256, bundles[0].sha256, bundles[2].sha256),
    }


def test_a_file_that_is_no_longer_what_it_was_is_not_given_out_and_is_replaced(
    bundles: tuple[Bundle, ...], tmp_path: Path
) -> None:
    store = Store(tmp_path / "store")
    kept = store.keep(bundles[0])
    kept.path.write_bytes(bundles[1].path.read_bytes())
    assert store.find(kept.sha256) is None
    kept.path.write_bytes(b"hello")
    assert store.find(kept.sha256) is None

    assert store.keep(bundles[0]) == kept
    assert store.find(kept.sha256) == kept


def test_a_bundle_that_changed_since_it_was_read_is_refused(
    bundles: tuple[Bundle, ...], tmp_path: Path
) -> None:
    bundles[0].path.write_bytes(bundles[1].path.read_bytes())

    with pytest.raises(BuildError, match="is no longer the bundle that was read"):
        Store(tmp_path / "store").keep(bundles[0])

    assert lying(tmp_path / "store") == set()


def test_many_may_keep_at_once(bundles: tuple[Bundle, ...], tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda one: Store(tmp_path / "store").keep(one), bundles * 3))

    assert {one.sha256 for one in kept} == lying(tmp_path / "store")
    assert len(lying(tmp_path / "store")) == len(bundles)


@pytest.mark.parametrize("sha256", ["", "*", "../x", "A" * 64])
def test_what_is_no_sum_is_refused(sha256: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no sha256"):
        Store(tmp_path).find(sha256)


def test_a_folder_that_cannot_be_written_is_told(
    bundles: tuple[Bundle, ...], tmp_path: Path
) -> None:
    (tmp_path / "store").write_text("a file")

    with pytest.raises(BuildError, match="cannot be written"):
        Store(tmp_path / "store").keep(bundles[0])

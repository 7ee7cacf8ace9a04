"""What a person wrote stays, to the last character; only name and DID come into it."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agentramp.component import Identity
from agentramp.config import read_ramp
from agentramp.config.identity import by_hand, remember, remembered
from agentramp.diagnostics import ConfigError
from agentramp.errors import UsageError

DID = "z2qa6yt75HHQL3cS4ao7j2aqVodExoBAN7xeS"
SHOP = Identity("shop", DID)
LINES = f"blocklet:\n  name: shop\n  did: {DID}\n"
WRITTEN = {
    "empty": ("", LINES),
    "only words": ("# ours\n", f"# ours\n{LINES}"),
    "no line end": ("alpha: 0.1", f"alpha: 0.1\n{LINES}"),
    "others stay": (
        "# a\nsteps: [10, 100]  # b\nblocklet:\n    # where\n    server: https://a.example # c\n",
        (
            f"# a\nsteps: [10, 100]  # b\nblocklet:\n    # where\n    name: shop\n    did: {DID}\n"
            "    server: https://a.example # c\n"
        ),
    ),
    "one of them": (
        f"blocklet:\n  did: {DID} # ours\n  app: z{'A' * 30}\nalpha: 0.1\n",
        f"blocklet:\n  name: shop\n  did: {DID} # ours\n  app: z{'A' * 30}\nalpha: 0.1\n",
    ),
    "others before": (
        "blocklet: {name: old, did: zOld} # x\nalpha: 0.1\n",
        f"blocklet: {{name: shop, did: {DID}}} # x\nalpha: 0.1\n",
    ),
    "in one line": (
        "blocklet: {mount-point: /x}\n",
        f"blocklet: {{name: shop, did: {DID}, mount-point: /x}}\n",
    ),
    "in no line": ("blocklet: {}\n", f"blocklet: {{name: shop, did: {DID}}}\n"),
    "nothing after it": (
        "blocklet: # soon\nalpha: 0.1\n",
        f"blocklet: # soon\n  name: shop\n  did: {DID}\nalpha: 0.1\n",
    ),
    "at the end": ("alpha: 0.1\nblocklet:", f"alpha: 0.1\nblocklet:\n  name: shop\n  did: {DID}"),
    "no value": (
        "blocklet:\n  name:\n  did: ''\n",
        f"blocklet:\n  name: shop\n  did:  {DID}\n",
    ),
    "another system's line ends": (
        "alpha: 0.1\r\nblocklet:\r\n  mount-point: /x\r\n",
        f"alpha: 0.1\r\nblocklet:\r\n  name: shop\r\n  did: {DID}\r\n  mount-point: /x\r\n",
    ),
    "no value, another system's": (
        "blocklet:\r\nalpha: 0.1\r\n",
        f"blocklet:\r\n  name: shop\r\n  did: {DID}\r\nalpha: 0.1\r\n",
    ),
    "all in one": (
        "{alpha: 0.1}\n",
        f"{{alpha: 0.1, blocklet: {{name: shop, did: {DID}}}}}\n",
    ),
    "other letters before": (
        "# 网站 ✓\nblocklet: {}\n",
        f"# 网站 ✓\nblocklet: {{name: shop, did: {DID}}}\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), WRITTEN.values(), ids=WRITTEN)
def test_only_name_and_did_come_in(before: str, after: str) -> None:
    assert remembered(before, SHOP) == after
    assert remembered(after, SHOP) == after


@pytest.mark.parametrize(
    "text",
    [
        "blocklet: [a]\n...\n",
        "alpha: 0.1\n...\n",
        "x: &a {server: b}\nblocklet: *a\n",
    ],
)
def test_where_it_cannot_be_put_a_person_is_told_what_to_write(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be written") as caught:
        remembered(text, SHOP)
    assert f"did: {DID}" in caught.value.advice


def test_what_is_no_yaml_is_told_with_its_place() -> None:
    with pytest.raises(ConfigError):
        remembered("a: [", SHOP)


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
OTHERS = st.dictionaries(
    st.sampled_from(["server", "app", "mount-point", "main", "name", "did"]), NAMES, max_size=4
)


@given(OTHERS, st.booleans(), st.booleans(), NAMES)
def test_of_any_file_and_name(others: dict[str, str], flow: bool, alone: bool, name: str) -> None:  # noqa: FBT001
    document = {"blocklet": others} if alone else {"alpha": 0.1, "blocklet": others, "slo": 0.2}
    text = yaml.safe_dump(document, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    found = yaml.safe_load(remembered(text, Identity(name, DID)))
    assert found == {**document, "blocklet": {**others, "name": name, "did": DID}}


def test_the_file_is_made_and_found_again(tmp_path: Path) -> None:
    file = remember(tmp_path, SHOP)
    assert file == tmp_path / "agentramp.yaml"
    found = read_ramp(tmp_path, {}, tmp_path).blocklet
    assert (found.name, found.did) == ("shop", DID)
    assert [one.name for one in tmp_path.iterdir()] == ["agentramp.yaml"]


def test_the_file_that_is_there_is_changed_in_one_piece(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"\xef\xbb\xbfalpha: 0.1\r\n")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "agentramp.yml").symlink_to("real")
    assert remember(tmp_path, SHOP) == tmp_path / "agentramp.yml"
    assert (tmp_path / "agentramp.yml").is_symlink()
    written = (tmp_path / "real").read_bytes()
    assert written.startswith(b"\xef\xbb\xbfalpha: 0.1\r\nblocklet:\r\n  name: shop\r\n")
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o640
    assert len(list(tmp_path.iterdir())) == 2


def test_where_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "agentramp.yaml").mkdir()
    with pytest.raises(UsageError, match="is no file") as caught:
        remember(tmp_path, SHOP)
    assert DID in caught.value.advice
    with pytest.raises(UsageError, match="cannot be written"):
        remember(tmp_path / "no" / "where", SHOP)


def test_the_line_for_a_person() -> None:
    assert f'blocklet: {{name: "my shop", did: {DID}}}' in by_hand(Identity("my shop", DID))

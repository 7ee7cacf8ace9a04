import json
import stat
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agentramp.credentials.environment import Held
from agentramp.credentials.named import Drawer, Entry, Named
from agentramp.errors import UsageError
from agentramp.platform.agentrun.signing import Credentials
from tests.credentials.sources import SECRET, no_ring

KEY = Credentials("id", SECRET, f"token-{SECRET}")
NAMED = Named(Held("x", KEY), "1234")


@dataclass
class Ring:
    held: dict[tuple[str, str], str] = field(default_factory=dict)

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


@pytest.mark.parametrize("in_ring", [True, False])
def test_what_was_kept_is_found_again_and_removed(tmp_path: Path, *, in_ring: bool) -> None:
    ring = Ring()
    drawer = Drawer(tmp_path / "home" / "access.json", lambda: ring)
    assert not drawer.put("a", NAMED, in_ring=in_ring)
    found = drawer.get("a")
    assert found
    assert (found.held.credentials, found.account) == (KEY, "1234")
    assert drawer.entries() == (Entry("a", "1234", "keyring" if in_ring else "file"),)
    assert (SECRET in drawer.path.read_text()) is not in_ring
    assert bool(ring.held) is in_ring
    assert SECRET not in repr(found) + repr(drawer)
    assert drawer.remove("a")
    assert not drawer.remove("a")
    assert not ring.held
    assert drawer.get("a") is None


def test_moving_from_the_keyring_to_the_file_leaves_nothing_behind(tmp_path: Path) -> None:
    ring = Ring()
    drawer = Drawer(tmp_path / "access.json", lambda: ring)
    drawer.put("a", NAMED, in_ring=True)
    assert drawer.put("a", NAMED, in_ring=False)
    assert not ring.held
    drawer.put("a", NAMED, in_ring=True)
    assert SECRET not in drawer.path.read_text()


def test_the_file_is_its_owners_alone_and_not_read_where_it_is_not(tmp_path: Path) -> None:
    drawer = Drawer(tmp_path / "access.json", no_ring)
    drawer.put("a", NAMED, in_ring=False)
    assert stat.S_IMODE(drawer.path.stat().st_mode) == 0o600
    for mode in (0o640, 0o604, 0o620):
        drawer.path.chmod(mode)
        for act in (drawer.entries, lambda: drawer.get("a"), lambda: drawer.remove("a")):
            with pytest.raises(UsageError, match="others") as caught:
                act()
            assert SECRET not in str(caught.value)
    drawer.path.chmod(0o600)
    drawer.put("b", NAMED, in_ring=False)
    assert stat.S_IMODE(drawer.path.stat().st_mode) == 0o600
    assert [entry.name for entry in drawer.entries()] == ["a", "b"]


@pytest.mark.parametrize("text", [SECRET, f'["{SECRET}"]', f'{{"a": "{SECRET}"}}', "[" * 100_000])
def test_a_damaged_file_is_told_and_not_overwritten(tmp_path: Path, text: str) -> None:
    drawer = Drawer(tmp_path / "access.json", no_ring)
    drawer.path.write_text(text)
    drawer.path.chmod(0o600)
    for act in (drawer.entries, lambda: drawer.put("a", NAMED, in_ring=False)):
        with pytest.raises(UsageError, match=r"access\.json") as caught:
            act()
        assert SECRET not in f"{caught.value}{caught.value.advice}"
    assert drawer.path.read_text() == text


def test_a_keyring_that_went_away_is_told(tmp_path: Path) -> None:
    ring = Ring()
    Drawer(tmp_path / "access.json", lambda: ring).put("a", NAMED, in_ring=True)
    with pytest.raises(UsageError, match="keyring"):
        Drawer(tmp_path / "access.json", no_ring).get("a")
    ring.held["agentramp", "a"] = json.dumps({"AccessKeySecret": SECRET})
    with pytest.raises(UsageError, match="AccessKeyID") as caught:
        Drawer(tmp_path / "access.json", lambda: ring).get("a")
    assert SECRET not in str(caught.value)
    ring.held.clear()
    with pytest.raises(UsageError, match="no access key"):
        Drawer(tmp_path / "access.json", lambda: ring).get("a")


def test_nothing_is_kept_where_the_keyring_does_not_take_it(tmp_path: Path) -> None:
    drawer = Drawer(tmp_path / "access.json", no_ring)
    with pytest.raises(UsageError, match="no keyring"):
        drawer.put("a", NAMED, in_ring=True)
    assert drawer.entries() == ()

"""Two processes want one URL at once: one fetches it, and if that one is killed the other does."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.archives.hostile import OK, tgz
from tests.archives.shelf import Asked, Given, shelf

TAKER = Path(__file__).with_name("taker.py")
CONTENT = tgz(OK)
PATIENCE = 60


@dataclass
class Gate:
    """The first answer stops half-way until the test lets it go on."""

    half_way: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)
    whole: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> Given:
        if asked.headers.get("if-none-match"):
            return Given(status=304, length=None)
        stops = self.stop if not self.whole else lambda: None
        self.whole.append(asked)
        return Given(CONTENT, headers={"ETag": '"1"'}, half_way=stops)

    def stop(self) -> None:
        self.half_way.set()
        self.opened.wait(PATIENCE)


def taker(root: Path, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(TAKER), str(root), url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


Ending = Callable[[subprocess.Popen[str], Gate], None]


def lives(_: subprocess.Popen[str], gate: Gate) -> None:
    gate.opened.set()


def is_killed(first: subprocess.Popen[str], _: Gate) -> None:
    first.kill()
    first.wait(PATIENCE)


@pytest.mark.parametrize(("ending", "downloads"), [(lives, 1), (is_killed, 2)])
def test_one_whole_copy(tmp_path: Path, ending: Ending, downloads: int) -> None:
    gate = Gate()
    with ExitStack() as open_, shelf(gate.answer) as server:
        open_.callback(gate.opened.set)
        first = open_.enter_context(taker(tmp_path, server.url()))
        open_.callback(first.kill)
        assert gate.half_way.wait(PATIENCE)
        second = open_.enter_context(taker(tmp_path, server.url()))
        open_.callback(second.kill)
        assert second.stderr
        assert "another run is fetching" in second.stderr.readline()
        ending(first, gate)
        said = json.loads(second.communicate(timeout=PATIENCE)[0])
        gate.opened.set()
    assert said["downloaded"] is (downloads == 2)
    assert len(gate.whole) == downloads
    (copy,) = (tmp_path / "cache" / "objects").iterdir()
    assert Path(str(said["folder"])) == copy / "tree"
    assert (copy / "tree" / "s.yaml").read_text() == "fine"
    assert sorted(path.name for path in copy.iterdir()) == ["seal.json", "tree"]
    assert list((tmp_path / "cache" / "staging").iterdir()) == []

"""No archive leaves anything outside the cache or in it, or takes this machine's memory or time."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archives.hostile import HOSTILE, OUTSIDE, Hostile
from tests.archives.shelf import Asked, Given, shelf

TAKER = Path(__file__).with_name("taker.py")
MOST_MEMORY, MOST_SECONDS = 200 << 20, 60
CACHE = [
    "cache",
    "cache/agentramp-cache",
    "cache/index",
    "cache/locks",
    "cache/objects",
    "cache/staging",
]
Said = dict[str, dict[str, object]]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Said]:
    """What one process says of each, which it fetches one after the other into one cache."""
    around = tmp_path_factory.mktemp("around")
    root = around / "deep" / "in"
    root.mkdir(parents=True)

    def answer(asked: Asked) -> Given:
        return Given(HOSTILE[int(asked.path[1:])].build())

    with shelf(answer) as server:
        urls = [server.url(f"/{number}") for number in range(len(HOSTILE))]
        ended = subprocess.run(
            [sys.executable, str(TAKER), str(root), *urls],
            capture_output=True,
            text=True,
            check=False,
        )
    lines = ended.stdout.splitlines()
    assert len(lines) == len(HOSTILE), ended.stderr
    assert ended.returncode == 0
    yield {h.name: json.loads(line) for h, line in zip(HOSTILE, lines, strict=True)}
    names = {path.name for path in around.rglob("*")} - {"deep", "in"}
    assert names <= {path.rpartition("/")[2] for path in CACHE} | {
        path.name for path in (root / "cache" / "locks").iterdir()
    }
    assert not Path("/tmp", OUTSIDE).exists()


@pytest.mark.alone
@pytest.mark.parametrize("archive", HOSTILE, ids=lambda hostile: hostile.name)
def test_it_is_refused_whole_and_told(said: Said, archive: Hostile) -> None:
    ended = said[archive.name]
    assert ended.get("kind") == "ArchiveError", ended
    message = str(ended["message"])
    assert re.search(archive.why, message), message
    assert message.startswith("the archive is ")
    assert message.isprintable()
    assert "nothing of it was kept" in str(ended["advice"])
    assert ended["left"] == CACHE
    assert float(str(ended["seconds"])) < MOST_SECONDS
    assert int(str(ended["peak"])) < MOST_MEMORY


def test_there_are_enough_of_them() -> None:
    assert len({hostile.name for hostile in HOSTILE}) == len(HOSTILE) >= 40

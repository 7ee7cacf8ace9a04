"""A home for one run alone: what a dead one left goes, and what is at work is left in peace."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentramp.errors import UsageError
from agentramp.wiring.run.private_home import BUILD, mark, mend, private_home

HANGS = (sys.executable, "-c", "print(flush=True); import time; time.sleep(600)")


def test_each_run_has_its_own_and_finds_it_again(tmp_path: Path) -> None:
    with private_home(tmp_path, "it") as first, private_home(tmp_path, "it") as second:
        assert first != second
        (first / BUILD).mkdir()
        (first / "more" / "below").mkdir(parents=True)
        (first / "file").touch()
        (second / "theirs").touch()
        mend(tmp_path)
        assert (second / "theirs").exists(), "it is at work"
    assert [path.name for path in first.iterdir()] == [BUILD]
    assert not list(second.iterdir())
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path, first)
    assert [path.name for path in first.iterdir()] == [BUILD]


def interrupted(root: Path, first: Path) -> None:
    with private_home(root, "it") as again:
        assert again == first
        assert (again / BUILD).is_dir()
        (again / "file").touch()
        raise KeyboardInterrupt


def test_what_a_killed_run_left_is_ended_and_goes(tmp_path: Path) -> None:
    dead = tmp_path / "dead-0"
    dead.mkdir()
    (tmp_path / "dead-0.lock").touch()
    environ = {**os.environ, "AGENTRAMP_PLATFORM": mark(dead)}
    other = {**environ, "AGENTRAMP_PLATFORM": "another"}
    start = subprocess.Popen
    with (
        start(HANGS, env=environ, stdout=-1, start_new_session=True) as left,
        start(HANGS, env=other, stdout=-1) as stranger,
    ):
        for one in (left, stranger):
            assert one.stdout
            one.stdout.readline()
        with private_home(tmp_path, "another"):
            assert left.wait(10) < 0
            assert not list(dead.iterdir())
        assert stranger.poll() is None
        stranger.kill()


def test_a_place_that_cannot_be_used_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "it-0.lock").mkdir()
    for root in (tmp_path / "file", tmp_path / "file" / "below", tmp_path):
        with pytest.raises(UsageError, match="cannot be used: ") as caught:
            private_home(root, "it").__enter__()
        assert "AGENTRAMP_HOME" in caught.value.advice


def test_what_nobody_has_run_for_a_month_goes(tmp_path: Path) -> None:
    for name in ("old", "new"):
        with private_home(tmp_path, name) as home:
            (home / BUILD).mkdir()
    os.utime(tmp_path / "old-0.lock", (1, 1))
    mend(tmp_path)
    assert not (tmp_path / "old-0").exists()
    assert (tmp_path / "new-0" / BUILD).exists()
    mend(tmp_path)

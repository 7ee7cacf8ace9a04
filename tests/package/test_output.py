"""Several builds of one output at once, and builds that were killed."""

import os
import signal
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agentramp.package.errors import BuildError
from agentramp.package.manifest import describes, manifest_path, read_manifest
from agentramp.package.output import new_part

if TYPE_CHECKING:
    from tests.package.conftest import Fill

SRC = Path(__file__).parents[2] / "src"
BUILD = """\
import sys
from pathlib import Path
from agentramp.package import BuildRequest, LocalTarget, build

source = Path(sys.argv[1])
for turn in range(int(sys.argv[3])):
    (source / "turn.txt").write_text(f"{source} {turn}")
    build(BuildRequest(source, LocalTarget(), Path(sys.argv[2]), sys.executable), environ={})
"""
HOLD = """\
import sys, time
from pathlib import Path
from agentramp.package.output import new_part

with new_part(Path(sys.argv[1])) as part:
    part.file.write(b"half")
    part.file.flush()
    print(part.path, flush=True)
    time.sleep(60)
"""


def start(script: str, *arguments: str) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-c", textwrap.dedent(script), *arguments]
    environ = {**os.environ, "PYTHONPATH": str(SRC)}
    return subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, text=True)


def test_two_builds_of_one_output_leave_one_whole_package(fill: "Fill", tmp_path: Path) -> None:
    root = fill({f"{side}/{n}.txt": f"{n}" * 3000 for side in "ab" for n in range(40)})
    output = tmp_path / "agent.zip"
    builds = [start(BUILD, str(root / side), str(output), "15") for side in "ab"]
    for build in builds:
        build.communicate()
    assert [build.returncode for build in builds] == [0, 0]

    manifest = read_manifest(manifest_path(output))
    assert manifest is not None
    assert describes(manifest, output)
    with zipfile.ZipFile(output) as archive:
        assert archive.testzip() is None
    assert not list(tmp_path.glob(".agent.zip.*"))


@pytest.mark.skipif(sys.platform == "win32", reason="has no file locks of this kind")
def test_what_a_killed_build_left_is_removed_and_a_living_ones_is_not(tmp_path: Path) -> None:
    output = tmp_path / "agent.zip"
    with start(HOLD, str(output)) as holder:
        assert holder.stdout is not None
        held = Path(holder.stdout.readline().strip())
        with new_part(output):
            assert held.exists()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert held.exists()
    with new_part(output):
        assert not held.exists()
    assert list(tmp_path.iterdir()) == []


def test_what_another_build_takes_away_meanwhile_is_no_trouble(tmp_path: Path) -> None:
    """As if it went between being listed and being opened: its name leads nowhere."""
    output = tmp_path / "agent.zip"
    (tmp_path / ".agent.zip.gone.part").symlink_to(tmp_path / "nowhere")
    with new_part(output) as part:
        assert part.path.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told_though_the_file_cannot_be_closed_either(tmp_path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)

    def fill() -> None:
        with new_part(tmp_path / "agent.zip") as part:
            os.dup2(full, part.file.fileno())
            part.file.write(b"x")
            part.file.flush()

    with pytest.raises(BuildError, match=r"agent\.zip cannot be written: No space left"):
        fill()
    os.close(full)
    assert list(tmp_path.iterdir()) == []

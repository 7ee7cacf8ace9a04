"""The tree of the bench: that it is what it says, and that packing it needs little memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.tree import BYTES, FILES, make_tree

ROOT = Path(__file__).parents[2]
MOST_MB = 150
BUILD = """\
import re, sys
from pathlib import Path
from agentramp.package import BuildRequest, LocalTarget, build

request = BuildRequest(Path(sys.argv[1]), LocalTarget(), Path(sys.argv[2]), sys.executable)
built = build(request, environ={})
# Not ru_maxrss: a child's begins at the size its parent had when it was started.
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(built.manifest.files, built.manifest.bytes, peak[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is told in /proc")
def test_a_large_tree_is_packed_in_little_memory(tmp_path: Path) -> None:
    make_tree(tmp_path / "tree", seed=1)
    argv = [sys.executable, "-c", BUILD, str(tmp_path / "tree"), str(tmp_path / "agent.zip")]
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=True)
    files, size, peak_kb = (int(word) for word in done.stdout.split())

    assert (files, size) == (FILES, BYTES)
    assert peak_kb / 1024 <= MOST_MB

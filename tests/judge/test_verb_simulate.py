import json
import subprocess
import sys
from pathlib import Path

import pytest

from agentramp.cli import main

RUN = [sys.executable, "-c", "import sys; from agentramp.cli import main; sys.exit(main())"]
QUICK = ("--runs", "20", "--sessions-per-hour", "6000")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RUN, "simulate", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_table_fits_a_terminal(tmp_path: Path) -> None:
    done = run(tmp_path, *QUICK)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "20 simulated ramps of each kind, 6000 sessions an hour"
    assert max(map(len, lines)) <= 80
    kinds = [line[2:13].strip() for line in lines[4:8]]
    assert kinds == ["healthy", "+1 point", "+2 points", "+5 points"]
    assert "100.0 %" in lines[7]


def test_programs_get_numbers(tmp_path: Path) -> None:
    done = run(tmp_path, *QUICK, "--regression", "0.2", "--output", "json", "--alpha", "0.05")
    said = json.loads(done.stdout)
    assert said["alpha"] == 0.05
    assert said["regression_0.2_rolled_back"] == 1.0
    assert said["regression_0.2_rolled_back_low"] > 0.8
    assert said["regression_0.2_rolled_back_canary_sessions"] > 0
    assert said["healthy_promoted_seconds"] > 0
    assert said["regression_0.2_promoted_seconds"] is None
    again = run(tmp_path, *QUICK, "--regression", "0.2", "--output", "json", "--alpha", "0.05")
    assert again.stdout == done.stdout


def test_the_folder_s_ramp_is_simulated(tmp_path: Path) -> None:
    (tmp_path / "agentramp.yaml").write_text("steps: [25, 100]\nalpha: 0.2\n")
    said = json.loads(run(tmp_path, *QUICK, "--output", "json").stdout)
    assert (said["steps"], said["alpha"]) == ("25,100", 0.2)


@pytest.mark.parametrize(
    "words",
    [
        ("--error-rate", "1"),
        ("--error-rate", "nan"),
        ("--regression", "0"),
        ("--regression", "1"),
        ("--sessions-per-hour", "0"),
        ("--runs", "0"),
        ("--alpha", "0"),
    ],
)
def test_what_makes_no_sense_is_said(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", str(tmp_path), *words]) == 2
    assert capsys.readouterr().err.startswith("agentramp simulate: ")

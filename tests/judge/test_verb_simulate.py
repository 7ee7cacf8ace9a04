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
    assert said["judged"]
    assert said["regression_0.2_promoted_seconds"] is None
    again = run(tmp_path, *QUICK, "--regression", "0.2", "--output", "json", "--alpha", "0.05")
    assert again.stdout == done.stdout


def test_the_folder_s_ramp_is_simulated(tmp_path: Path) -> None:
    (tmp_path / "agentramp.yaml").write_text("steps: [25, 100]\nalpha: 0.2\n")
    said = json.loads(run(tmp_path, *QUICK, "--output", "json").stdout)
    assert (said["steps"], said["alpha"]) == ("25,100", 0.2)


def test_what_is_not_judged_is_said(tmp_path: Path) -> None:
    (tmp_path / "agentramp.yaml").write_text("steps: [100]\n")
    assert not json.loads(run(tmp_path, "--runs", "1", "--output", "json").stdout)["judged"]
    assert run(tmp_path, "--runs", "1").stdout.splitlines()[0] == (
        "1 simulated ramp of each kind, 600 sessions an hour; "
        "nothing was judged, as the only step is 100 %"
    )


@pytest.mark.parametrize(("rate", "kinds"), [("0.97", 3), ("0.985", 2), ("0.995", 1)])
def test_only_usual_regressions_that_fit_are_tried(
    rate: str, kinds: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--error-rate", rate, "--runs", "1", "--output", "json", "--sessions-per-hour", "60")
    assert main(["simulate", str(tmp_path), *words]) == 0
    said = json.loads(capsys.readouterr().out)
    assert sum(key.endswith("_promoted") for key in said) == kinds


@pytest.mark.parametrize(
    "words",
    [
        ("--error-rate", "1"),
        ("--error-rate", "nan"),
        ("--regression", "0"),
        ("--regression", "1"),
        ("--regression", "0.5", "--error-rate", "0.7"),
        ("--sessions-per-hour", "0"),
        ("--runs", "0"),
        ("--alpha", "0"),
    ],
)
def test_what_makes_no_sense_is_said(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", str(tmp_path), *words]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"agentramp simulate: {words[0].removeprefix('--')}") or words[0] in told
    assert "; " in told


def test_a_folder_that_is_not_there_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", str(tmp_path / "nowhere")]) == 2
    assert "nowhere: no such folder; " in capsys.readouterr().err

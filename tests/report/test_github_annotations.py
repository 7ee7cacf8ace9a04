from pathlib import Path

import pytest

from agentramp.diagnostics import ConfigError, Diagnostic, Position
from agentramp.errors import UsageError
from agentramp.report.github.annotations import (
    LONGEST,
    Place,
    debug,
    error_of,
    errors,
    group,
    warning,
)
from agentramp.report.result import Failure
from tests.report.results import HOSTILE, faults

HERE = Place(Path("/checkout/shop"), Path("/checkout/shop"))


def test_annotations_are_escaped() -> None:
    (line,) = errors(faults(1), HERE)
    assert line == (
        "::error file=s.yaml,line=1,col=3,title=range::props.x: 100 %25 wrong,%0Areally"
    )


def test_ten_faults_are_ten_annotations() -> None:
    assert len(list(errors(faults(10), HERE))) == 10


def test_of_more_faults_the_tenth_annotation_tells_the_count() -> None:
    lines = list(errors(faults(25), HERE))
    assert len(lines) == 10
    assert "s.yaml has 25 faults" in lines[-1]


@pytest.mark.parametrize(
    ("cwd", "file", "shown"),
    [
        ("", "agents/one/s.yaml", "agents/one/s.yaml"),
        ("agents/one", "s.yaml", "agents/one/s.yaml"),
        ("agents/one", "../env.yaml", "agents/env.yaml"),
        ("agents", "{workspace}/agentramp.yaml", "agentramp.yaml"),
    ],
)
def test_a_file_is_named_from_the_workspace(
    tmp_path: Path, cwd: str, file: str, shown: str
) -> None:
    (tmp_path / "agents" / "one").mkdir(parents=True)
    failure = faults(1, file.format(workspace=tmp_path))
    (line,) = errors(failure, Place(tmp_path / cwd, tmp_path))
    assert line.startswith(f"::error file={shown},line=1,col=3,")


def test_a_workspace_behind_a_link_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (line,) = errors(faults(1), Place(tmp_path / "real", tmp_path / "link"))
    assert line.startswith("::error file=s.yaml,")


def test_a_file_elsewhere_is_in_no_diff_and_is_named_in_the_words() -> None:
    (line,) = errors(faults(1, "/etc/env.yaml"), HERE)
    assert line.startswith("::error title=range::/etc/env.yaml:1:3: props.x: 100 %25")


def test_other_failures_are_one_annotation_with_the_fix() -> None:
    failure = Failure("deploy", UsageError("no such thing", advice="do this"), "agentramp deploy")
    assert list(errors(failure, HERE)) == ["::error title=agentramp deploy::no such thing; do this"]


def test_nothing_of_a_user_ends_a_command() -> None:
    odd = Diagnostic(Position(f"x,y:{HOSTILE}", 1, 1), HOSTILE, HOSTILE, "a,b::c")
    failure = Failure(f"v::{HOSTILE}", ConfigError([odd]), "")
    told = [
        *errors(failure, HERE),
        *errors(Failure(f"v::{HOSTILE}", UsageError(HOSTILE, advice=HOSTILE), ""), HERE),
        warning(f"a::b{HOSTILE}", HOSTILE),
        debug(HOSTILE),
        group(HOSTILE),
    ]
    assert [line for line in told if "\n" in line or "\r" in line] == []
    heads = [line[2:].split("::")[0] for line in told]
    assert [head.split(" ")[0] for head in heads] == ["error", "error", "warning", "debug", "group"]
    assert heads[0].count(",") == 3, "file, line, col, title"


def test_a_message_has_an_end() -> None:
    (line,) = errors(Failure("deploy", UsageError("x" * 1_000_000), ""), HERE)
    assert len(line) < LONGEST + 50


def test_lines_to_copy_keep_their_indentation() -> None:
    said = error_of("deploy", "add:\nblocklet:\n  name: x\x1b[2J")
    assert said.endswith("::add:%0Ablocklet:%0A  name: x\\x1b[2J")

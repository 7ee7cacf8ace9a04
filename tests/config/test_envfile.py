from pathlib import Path

import pytest

from agentramp.config.envfile import env_files, parse_env


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\nB=two words\n", {"A": "1", "B": "two words"}),
        ("# note\n\nexport A='x y'\n", {"A": "x y"}),
        ('A="line\\nline"\n', {"A": "line\nline"}),
        ("A=$B ${C}\n", {"A": "$B ${C}"}),
        ("A=\n", {"A": ""}),
        ("A=1\nA=2\n", {"A": "2"}),
        ("export A\n", {}),
        ("", {}),
        ("\ufeffA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
    ],
)
def test_variables_as_written(text: str, expected: dict[str, str]) -> None:
    found = parse_env(text.encode(), ".env")
    assert (found.variables, found.faults) == (expected, ())


def test_broken_lines_are_named_and_not_shown() -> None:
    found = parse_env(b'A=1\n\n\nhunter2\nB=\'hunter2\n# note\nC="x" hunter2\nD=4\n', ".env")
    told = [str(fault) for fault in found.faults]
    assert [fault.position.line for fault in found.faults] == [4, 5, 7]
    assert all(fault.startswith(".env:") and fault.endswith("[dotenv]") for fault in told)
    assert "hunter2" not in "".join(told)
    assert found.variables == {"A": "1", "D": "4"}


def test_a_binary_file_is_a_fault() -> None:
    (only,) = parse_env(b"A=\xff\n", ".env").faults
    assert only.rule == "encoding"


def test_the_working_folder_is_read_last_and_so_wins(tmp_path: Path) -> None:
    root, cwd = tmp_path / "root", tmp_path / "cwd"
    for folder in (root, cwd):
        folder.mkdir()
        (folder / ".env").write_text("A=1\n")
    assert env_files(root, cwd) == (root / ".env", cwd / ".env")
    assert env_files(root, root) == (root / ".env",)
    assert env_files(tmp_path, cwd) == (cwd / ".env",)


def test_a_folder_named_env_is_no_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert env_files(tmp_path, tmp_path) == ()

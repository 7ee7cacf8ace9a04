from pathlib import Path

import pytest

from agentramp.local.launch import (
    SHIM,
    Launch,
    Machine,
    interpreter_libraries,
    make_programs,
    mapped,
)
from agentramp.local.records import LATEST, Label, Spec, Unit

CODE = Path("/home/me/run/code")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/code", "/home/me/run/code"),
        ("/code/app.py", "/home/me/run/code/app.py"),
        ("/code/python:/code", "/home/me/run/code/python:/home/me/run/code"),
        ("--root=/code", "--root=/home/me/run/code"),
        ("file:///code/x", "file:///code/x"),
        ("/opt/code", "/opt/code"),
        ("/code-base", "/code-base"),
        ("/codec", "/codec"),
        ("/code.zip", "/code.zip"),
        ("https://host/code", "https://host/code"),
        ("app.py", "app.py"),
    ],
)
def test_paths_under_code(text: str, expected: str) -> None:
    assert mapped(text, CODE) == expected


def launch(tmp_path: Path, **environment: str) -> Launch:
    spec = Spec(("python3", "/code/app.py"), 9000, environment)
    machine = Machine(tmp_path / "bin", "/usr/bin", "us")
    unit = Unit("rt", Label("1"), 1)
    return Launch(unit, spec, tmp_path / "zip", tmp_path / "run", tmp_path / "log", machine)


def test_the_command(tmp_path: Path) -> None:
    assert launch(tmp_path).command() == ("python3", f"{tmp_path}/run/code/app.py")


def test_the_environment(tmp_path: Path) -> None:
    found = launch(
        tmp_path,
        PYTHONPATH="/code/python",
        PATH="/code/bin:/bin",
        NODE_OPTIONS="--no-warnings",
        PORT="9000",
        HOME="/code",
        LANG="de_DE",
    ).environment(18_001)
    code = f"{tmp_path}/run/code"
    assert found["PYTHONPATH"] == f"{SHIM}/python:{code}/python"
    assert found["PATH"] == f"{tmp_path}/bin:{code}/bin:/bin"
    assert found["NODE_OPTIONS"] == f'--require "{SHIM}/node/listen.cjs" --no-warnings'
    assert found["PORT"] == "18001"
    assert (found["HOME"], found["LANG"]) == (code, "de_DE")


def test_nothing_of_ours_leaks(tmp_path: Path) -> None:
    assert set(launch(tmp_path).environment(18_001)) - set(interpreter_libraries()) == {
        "AGENTRAMP_PLATFORM",
        "AGENTRAMP_PORT_ASSIGNED",
        "AGENTRAMP_PORT_CONFIGURED",
        "HOME",
        "LANG",
        "NODE_OPTIONS",
        "PATH",
        "PORT",
        "PYTHONPATH",
        "PYTHONUNBUFFERED",
        "TMPDIR",
    }


def test_programs_can_be_made_again(tmp_path: Path) -> None:
    make_programs(tmp_path / "bin")
    folder = make_programs(tmp_path / "bin")
    assert (folder / "python3").resolve() == (folder / "python").resolve()
    assert not (folder / "python3").resolve().is_relative_to(tmp_path)


def test_unit_names() -> None:
    assert Unit("rt", LATEST, 3).name == "head-3"
    assert Unit("rt", Label("2"), 3).name == "v2"

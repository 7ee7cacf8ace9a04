"""Faults of each file that people write are told at their line, wherever a step runs."""

import re
from pathlib import Path

import pytest

from agentramp import cli
from tests.release.plant import SETTINGS

FAULTY = {
    "s.yaml": (SETTINGS.format(name="shop").replace("port: 9000", "port: 90000"), 17),
    "agentramp.yaml": ("# a ramp\nsteps: [10, 5, 100]\n", 2),
    "env.yaml": ("# layers\nenvironments:\n  - name: dev\n", 2),
}


@pytest.mark.parametrize(
    ("file", "folder"),
    [
        ("s.yaml", "."),
        ("s.yaml", "agents/shop"),
        ("agentramp.yaml", "agents"),
        ("env.yaml", "agents/shop"),
    ],
)
def test_a_fault_has_its_file_from_the_workspace(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    file: str,
    folder: str,
) -> None:
    project = tmp_path / "agents" / "shop"
    (project / "code").mkdir(parents=True)
    (project / "s.yaml").write_text(SETTINGS.format(name="shop") + "env: env.yaml\n")
    (project / "env.yaml").write_text("environments:\n  - name: prod\n")
    content, line = FAULTY[file]
    (project / file).write_text(content)
    monkeypatch.chdir(tmp_path / folder)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    path = project.relative_to(tmp_path / folder) if project != tmp_path / folder else Path()

    code = cli.main(["validate", str(path), "--env", "prod"])

    log = capfd.readouterr().err
    assert code == 2, log
    places = re.findall(r"^::error file=([^,]+),line=(\d+),col=\d+,title=", log, re.MULTILINE)
    assert {place for place, _ in places} == {f"agents/shop/{file}"}, log
    assert str(line) in {line for _, line in places}

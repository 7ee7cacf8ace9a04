from pathlib import Path

import pytest

from agentramp.config import read
from agentramp.diagnostics import ConfigError
from agentramp.errors import UsageError

MINIMAL = """\
edition: 3.0.0
resources:
  a:
    component: agentrun
    props:
      region: cn-hangzhou
      agent:
        name: ${env('NAME')}
        code: {language: python3.12, src: .}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "s.yaml").write_text(MINIMAL)
    return folder


def name_of(project: Path, environ: dict[str, str], cwd: Path) -> str:
    return read(project, environ, cwd=cwd).runtimes[0].spec.name


def test_a_folder_means_its_s_yaml_and_then_its_s_yml(project: Path, tmp_path: Path) -> None:
    environ = {"NAME": "agent"}
    assert read(project, environ, cwd=tmp_path).file == str(project / "s.yaml")
    (project / "s.yaml").rename(project / "s.yml")
    config = read(project, environ, cwd=tmp_path)
    assert (config.file, config.root) == (str(project / "s.yml"), project)
    assert config.runtimes[0].source == project


def test_any_file_can_be_named(project: Path, tmp_path: Path) -> None:
    (project / "s.yaml").rename(project / "other.yaml")
    assert read(project / "other.yaml", {"NAME": "agent"}, cwd=tmp_path).runtimes


def test_shell_wins_over_the_working_folder_and_that_over_the_project(
    project: Path, tmp_path: Path
) -> None:
    (project / ".env").write_text("NAME=project\n")
    assert name_of(project, {}, tmp_path) == "project"
    (tmp_path / ".env").write_text("NAME=cwd\n")
    assert name_of(project, {}, tmp_path) == "cwd"
    assert name_of(project, {"NAME": "shell"}, tmp_path) == "shell"


def test_no_cwd_means_the_working_folder(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("NAME=cwd\n")
    monkeypatch.chdir(tmp_path)
    assert read(project, {}).runtimes[0].spec.name == "cwd"


def test_faults_of_both_files_are_told_together(project: Path, tmp_path: Path) -> None:
    (project / ".env").write_text("NAME=1bad\nbroken\n")
    with pytest.raises(ConfigError) as caught:
        read(project, {}, cwd=tmp_path)
    told = [(Path(fault.position.file).name, fault.rule) for fault in caught.value.diagnostics]
    assert told == [(".env", "dotenv"), ("s.yaml", "pattern")]
    assert "1bad" not in "".join(str(fault) for fault in caught.value.diagnostics)


def test_a_broken_env_file_is_a_fault_even_if_nothing_needs_it(
    project: Path, tmp_path: Path
) -> None:
    (project / ".env").write_text("broken\n")
    with pytest.raises(ConfigError):
        read(project, {"NAME": "agent"}, cwd=tmp_path)


@pytest.mark.parametrize("name", ["", "gone.yaml", "gone/s.yaml", "a\0b", "x" * 5000])
def test_no_file_is_a_usage_error_with_advice(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path / name, {}, cwd=tmp_path)
    assert not isinstance(caught.value, ConfigError)
    assert caught.value.advice


def test_a_folder_in_the_place_of_the_file_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").mkdir()
    with pytest.raises(UsageError, match="is no file"):
        read(tmp_path, {}, cwd=tmp_path)


def test_a_dangling_link_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").symlink_to(tmp_path / "gone")
    with pytest.raises(UsageError):
        read(tmp_path, {}, cwd=tmp_path)


def test_a_huge_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    with (tmp_path / "s.yaml").open("wb") as stream:
        stream.truncate(8 * 1024**3)  # sparse: takes no disk
    with pytest.raises(ConfigError, match="1 fault"):
        read(tmp_path, {}, cwd=tmp_path)


def test_an_archive_is_a_source(project: Path, tmp_path: Path) -> None:
    (project / "agent.zip").write_bytes(b"")
    text = MINIMAL.replace("src: .", "src: agent.zip")
    (project / "s.yaml").write_text(text)
    source = read(project, {"NAME": "agent"}, cwd=tmp_path).runtimes[0].source
    assert source == project / "agent.zip"

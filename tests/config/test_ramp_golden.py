"""Every file of data/config/ramp/err against the exact text of its faults; those of ok have none.

Each is read as the agentramp.yaml of a folder that holds one other file, prompts.yaml.
"""

from pathlib import Path

import pytest

from agentramp.config import read_ramp
from agentramp.config.ramp_settings import RampConfig
from agentramp.diagnostics import ConfigError

DATA = Path(__file__).parents[1] / "data" / "config" / "ramp"
ENVIRON = {
    "EMPTY": "",
    "HOOK": "https://chat.example.com/hunter2",
    "PROMETHEUS": "https://prometheus.example.com:9090",
    "SECRET": "hunter2",
    "TOKEN": "hunter2",
}


def files(kind: str) -> list[str]:
    found = sorted(path.name for path in (DATA / kind).glob("*.yaml"))
    assert found
    return found


def read(kind: str, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> RampConfig:
    (folder / "agentramp.yaml").write_bytes((DATA / kind / name).read_bytes())
    (folder / "prompts.yaml").touch()
    monkeypatch.chdir(folder)
    return read_ramp(Path(), ENVIRON, folder)


@pytest.mark.parametrize("name", files("err"))
def test_faults_are_told_word_for_word(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError) as caught:
        read("err", name, tmp_path, monkeypatch)
    told = "".join(f"{fault}\n" for fault in caught.value.diagnostics)
    assert told == (DATA / "err" / name).with_suffix(".out").read_text(encoding="utf-8")
    assert "hunter2" not in told.lower()


@pytest.mark.parametrize("name", files("ok"))
def test_good_files_have_no_fault(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = read("ok", name, tmp_path, monkeypatch)
    assert config.file == Path("agentramp.yaml")
    assert config.policy.rungs[-1].weight == 100
    assert "hunter2" not in repr(config)


def test_every_expectation_has_its_file() -> None:
    expected = {path.stem for path in (DATA / "err").glob("*.out")}
    assert expected == {Path(name).stem for name in files("err")}

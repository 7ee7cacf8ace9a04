"""Every file of data/config/err against the exact text of its faults; data/config/ok has none."""

from pathlib import Path

import pytest

from agentramp.config import Config, read
from agentramp.diagnostics import ConfigError

DATA = Path(__file__).parents[1] / "data" / "config"
ENVIRON = {
    "COUNT": "3",
    "IS_EMPTY": "",
    "SECRET_PLACE": "hunter2",
    "MODEL": "m",
    "MODEL_KEY": "hunter2",
    "HOST": "models.example.com",
    "ARMS_KEY": "hunter2",
    "REGISTRY_PASSWORD": "hunter2",
}


def files(kind: str) -> list[str]:
    found = sorted(path.name for path in (DATA / kind).glob("*.yaml"))
    assert found
    return found


def environment(file: Path) -> str | None:
    """A file says in its first line which environment it is read in."""
    first = file.read_bytes().partition(b"\n")[0]
    return first.removeprefix(b"# --env ").decode() if first.startswith(b"# --env ") else None


@pytest.mark.parametrize("name", files("err"))
def test_faults_are_told_word_for_word(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(DATA / "err")
    with pytest.raises(ConfigError) as caught:
        read(Path(name), ENVIRON, cwd=tmp_path, environment=environment(Path(name)))
    told = "".join(f"{fault}\n" for fault in caught.value.diagnostics)
    assert told == Path(name).with_suffix(".out").read_text(encoding="utf-8")
    assert "hunter2" not in told.lower()


@pytest.mark.parametrize("name", files("ok"))
def test_good_files_have_no_fault(name: str, tmp_path: Path) -> None:
    file = DATA / "ok" / name
    config = read(file, ENVIRON, cwd=tmp_path, environment=environment(file))
    assert isinstance(config, Config)
    assert config.runtimes


def test_every_expectation_has_its_file() -> None:
    expected = {path.stem for path in (DATA / "err").glob("*.out")}
    assert expected == {Path(name).stem for name in files("err")}

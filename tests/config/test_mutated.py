"""2,000 damaged files: a Config or faults with places in the file, and never anything else."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentramp.config import read
from agentramp.config.check import check
from agentramp.config.layers import compose
from agentramp.config.outside import Outside
from agentramp.config.settings import Config
from agentramp.diagnostics import ConfigError
from tests.config.damage import damaged, rearranged

OK = Path(__file__).parents[1] / "data" / "config" / "ok"
FILE = OK / "s.yaml"
LAYERS = sorted(path.name for path in (OK / "layers").iterdir())
BELOW = (("layered.yaml", None), ("environment.yaml", "staging"), ("functions.yaml", None))
SEEDS = [path.read_bytes() for path in sorted(OK.glob("*.yaml"))]
ENVIRON = {"MODEL": "zq-secret-zq", "MODEL_KEY": "zq-secret-zq", "HOST": "zq-secret-zq"}


@settings(
    max_examples=2000,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.one_of(damaged(SEEDS), rearranged(SEEDS)))
def test_a_damaged_file_gives_a_config_or_faults_with_places(data: bytes) -> None:
    outcome = checked(data)
    if isinstance(outcome, Config):
        assert outcome.runtimes
        return
    # Line ends as YAML counts them; bytes that are not UTF-8 still have lines.
    last = len(data.decode(errors="replace").splitlines()) + 1
    assert outcome.diagnostics
    for fault in outcome.diagnostics:
        if fault.position.file == str(FILE):
            assert 1 <= fault.position.line <= last
            assert 1 <= fault.position.column <= len(data) + 1
        else:  # a file that this one names
            assert Path(fault.position.file).resolve().is_file()
        assert "\n" not in str(fault)
        assert str(fault).encode()
        assert "zq-secret-zq" not in str(fault)


@settings(
    max_examples=400,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_a_damaged_file_below_gives_a_config_or_faults(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "below"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(OK, folder)
    broken = folder / "layers" / data.draw(st.sampled_from(LAYERS))
    broken.write_bytes(data.draw(damaged([broken.read_bytes()])))
    for name, environment in BELOW:
        outcome = below(folder / name, environment)
        if isinstance(outcome, Config):
            assert outcome.runtimes
            continue
        files = {Path(fault.position.file).name for fault in outcome.diagnostics}
        assert files <= {name, *LAYERS}
        assert "zq-secret-zq" not in "".join(map(str, outcome.diagnostics))


def below(file: Path, environment: str | None) -> Config | ConfigError:
    try:
        return read(file, ENVIRON, file.parent, environment=environment)
    except ConfigError as error:
        return error


def checked(data: bytes) -> Config | ConfigError:
    try:
        layered = compose(data, FILE, "staging" if b"layers/env.yaml" in data else None)
        return check(layered.tree, ENVIRON, Outside(OK), layered.faults)
    except ConfigError as error:
        return error

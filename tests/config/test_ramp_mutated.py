"""1,000 damaged files: a RampConfig or faults with places in the file, and never anything else."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentramp.config.load import load
from agentramp.config.ramp_check import AGENTRAMP_YAML, check
from agentramp.config.ramp_settings import RampConfig
from agentramp.diagnostics import ConfigError
from tests.config.damage import damaged, rearranged

DATA = Path(__file__).parents[1] / "data" / "config" / "ramp"
SEEDS = [
    path.read_bytes()
    for kind, pattern in (("ok", "full"), ("err", "evidence*"), ("err", "gates"), ("err", "freeze"))
    for path in sorted((DATA / kind).glob(f"{pattern}.yaml"))
]
SECRET = "zq-secret-zq"
ENVIRON = dict.fromkeys(("HOOK", "PROMETHEUS", "TOKEN", "MODEL", "NOT_SET"), SECRET)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ramp")
    (folder / "prompts.yaml").touch()
    return folder


@settings(
    max_examples=1000,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.one_of(damaged(SEEDS), rearranged(SEEDS)))
def test_a_damaged_file_gives_a_config_or_faults_with_places(data: bytes, root: Path) -> None:
    outcome = checked(data, root)
    if isinstance(outcome, RampConfig):
        weights = [rung.weight for rung in outcome.policy.rungs]
        assert weights == sorted(set(weights))
        assert weights[-1] == 100
        assert sum(share for _, share in outcome.policy.rules.budgets) == pytest.approx(1)
        return
    last = len(data.decode(errors="replace").splitlines()) + 1
    assert outcome.diagnostics
    for fault in outcome.diagnostics:
        assert fault.position.file == "agentramp.yaml"
        assert 1 <= fault.position.line <= last
        assert "\n" not in str(fault)
        assert str(fault).encode()
        assert SECRET not in str(fault)


def checked(data: bytes, root: Path) -> RampConfig | ConfigError:
    try:
        return check(load(data, "agentramp.yaml", AGENTRAMP_YAML), ENVIRON, root)
    except ConfigError as error:
        return error

"""2,000 damaged files: a Config or faults with places in the file, and never anything else."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentramp.config.check import check
from agentramp.config.load import load
from agentramp.config.settings import Config
from agentramp.diagnostics import ConfigError
from tests.config.damage import damaged, rearranged

OK = Path(__file__).parents[1] / "data" / "config" / "ok"
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
        assert fault.position.file == "s.yaml"
        assert 1 <= fault.position.line <= last
        assert 1 <= fault.position.column <= len(data) + 1
        assert "\n" not in str(fault)
        assert str(fault).encode()
        assert "zq-secret-zq" not in str(fault)


def checked(data: bytes) -> Config | ConfigError:
    try:
        return check(load(data, "s.yaml"), ENVIRON, OK)
    except ConfigError as error:
        return error

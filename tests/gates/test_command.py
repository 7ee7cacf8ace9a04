import os
import sys

import pytest

from agentramp.gates.command import CommandGate
from agentramp.gates.port import GateError, Opinion, Outcome, Pinned

PINNED = Pinned(8, 7, "https://canary.example/i", "https://stable.example/i")


def run(code: str, timeout: float = 30, **environ: str) -> Opinion:
    return CommandGate((sys.executable, "-c", code), environ, timeout).run(PINNED)


def stopped(code: str, timeout: float = 30) -> GateError:
    with pytest.raises(GateError) as raised:
        run(code, timeout)
    return raised.value


def test_status_0_lets_the_canary_through() -> None:
    opinion = run("print('12 of 12 passed')")
    assert opinion.outcome is Outcome.PASSED
    assert opinion.reason == f"{sys.executable} lets it through (status 0): 12 of 12 passed"


def test_status_1_refuses_it_and_the_tail_says_why() -> None:
    code = (
        "import sys\n"
        "for n in range(99): print('test', n)\n"
        "print('3 failed', file=sys.stderr); sys.exit(1)"
    )
    opinion = run(code)
    assert opinion.outcome is Outcome.FAILED
    assert opinion.reason.endswith("refuses it (status 1): 3 failed")
    assert opinion.details[-2:] == ("test 98", "3 failed")
    assert len(opinion.details) == 10


def test_it_is_told_both_addresses_and_versions_and_nothing_of_ours() -> None:
    code = (
        "import os\n"
        "told = (pair for pair in os.environ.items() if pair[0].startswith(('AGENTRAMP', 'OWN')))\n"
        "print(sorted(told))\n"
        "assert 'HIDDEN' not in os.environ"
    )
    os.environ["HIDDEN"] = "x"
    try:
        opinion = run(code, OWN="1", AGENTRAMP_CANARY_URL="stale")
    finally:
        del os.environ["HIDDEN"]
    assert opinion.details == (
        str(
            [
                ("AGENTRAMP_CANARY_URL", "https://canary.example/i"),
                ("AGENTRAMP_CANARY_VERSION", "8"),
                ("AGENTRAMP_STABLE_URL", "https://stable.example/i"),
                ("AGENTRAMP_STABLE_VERSION", "7"),
                ("OWN", "1"),
            ]
        ),
    )


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("import sys; sys.exit(2)", 2),
        ("import os; os.abort()", -6),
        ("raise SystemExit(127)", 127),
    ],
)
def test_another_status_stops_and_refuses_nothing(code: str, status: int) -> None:
    error = stopped(code)
    assert f"stopped: {sys.executable} ended with status {status}" in error.message
    assert "refuses" not in error.message


def test_a_crash_is_not_taken_for_a_refusal_by_its_text() -> None:
    """Python ends with status 1 after a traceback: that cannot be told from a refusal."""
    opinion = run("1 / 0")
    assert opinion.outcome is Outcome.FAILED
    assert "ZeroDivisionError" in opinion.reason


def test_a_time_out_stops() -> None:
    error = stopped("import time; print('slow', flush=True); time.sleep(30)", timeout=1)
    assert "did not end within 1 s" in error.message


def test_a_program_that_is_not_there_stops() -> None:
    with pytest.raises(GateError, match="stopped: /nowhere/suite cannot be started"):
        CommandGate(("/nowhere/suite",), {}).run(PINNED)

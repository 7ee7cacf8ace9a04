"""The AIGNE engine over a stand-in, which has what was captured of the real program."""

import sys
from pathlib import Path

import pytest

from agentramp.agents.aigne import AigneAgent, Asked, parameter
from agentramp.agents.learned import Learned, recalled, remember
from agentramp.errors import UsageError
from agentramp.program import ProgramError
from tests.agents.agent_suite import said
from tests.agents.aigne_suite import AigneSuite, Make, silent

STAND_IN = Path(__file__).with_name("stand_in_aigne.py")


class TestStandIn(AigneSuite):
    words = (sys.executable, str(STAND_IN))

    def test_a_stale_memory_is_mended(self, make: Make) -> None:
        agent = make(Asked())
        remember(agent.memory, Learned(placeholder=True, parameters=("gone",)))
        assert agent.answer(said("hello"), silent) == "hello"
        assert recalled(agent.memory).parameters == ("text",)


def test_a_memory_that_makes_no_sense_is_none(tmp_path: Path) -> None:
    for text in ("", "[]", '{"placeholder": 1}', "\xff"):
        (tmp_path / "it").write_text(text, encoding="latin-1")
        assert recalled(tmp_path / "it") == Learned()


def test_an_answer_is_not_lost_where_nothing_can_be_remembered(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    remember(tmp_path / "taken" / "it", Learned(placeholder=True))
    assert recalled(tmp_path / "taken" / "it") == Learned()


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    hangs = (sys.executable, "-c", "import time; time.sleep(600)")
    agent = AigneAgent(hangs, tmp_path, tmp_path, tmp_path, tmp_path / "m", Asked(), 0.2, {})
    with pytest.raises(ProgramError, match=r"did not end within 0\.2 s"):
        agent.answer(said("hello"), silent)


@pytest.mark.parametrize("text", ["text", "=x", "output=/etc/passwd", "o=x", "a b=c", "force="])
def test_what_is_no_parameter(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"is no parameter|cannot be handed") as caught:
        parameter(text, tmp_path)
    assert caught.value.advice

"""What the engine makes of the AIGNE CLI: the stand-in and the real one pass the same."""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from agentramp.agents.aigne import AigneAgent, Asked, parameter
from agentramp.agents.environment import given
from agentramp.agents.learned import Learned, recalled
from agentramp.agents.port import Agent, AgentError
from agentramp.errors import UsageError
from tests.agents.agent_suite import AgentSuite, said

PROJECT = Path(__file__).parent / "tiny-echo"
MODELS = ("MODEL", "IMAGE_MODEL", "_API_KEY", "AIGNE_HUB")
SECRETS = {
    "GITHUB_TOKEN": "s1",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s2",
    "BLOCKLET_ACCESS_KEY_SECRET": "s3",
}
Make = Callable[[Asked], AigneAgent]


def silent(_: str) -> None:
    """Who does not care for pieces."""


class AigneSuite(AgentSuite):
    """``words`` start the program; ``environ`` is what it needs of this machine's."""

    words: Sequence[str]
    patience = 60.0

    @pytest.fixture
    def environ(self, tmp_path: Path) -> dict[str, str]:
        """As on a machine where nobody has configured a model yet."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not any(mark in name for mark in MODELS) and name != "CI"
        }
        return {**kept, "HOME": str(tmp_path), **SECRETS, "OWN": "1"}

    @pytest.fixture
    def make(self, tmp_path: Path, environ: Mapping[str, str]) -> Make:
        folder, scratch, cwd = (tmp_path / name for name in ("project", "scratch", "cwd"))
        shutil.copytree(PROJECT, folder)
        for made in (scratch, cwd):
            made.mkdir()

        def made_for(asked: Asked) -> AigneAgent:
            return AigneAgent(
                self.words,
                folder,
                scratch,
                cwd,
                tmp_path / "learned" / "it.json",
                asked,
                self.patience,
                given(environ, foreign=False),
            )

        return made_for

    @pytest.fixture
    def agent(self, make: Make) -> Agent:
        return make(Asked())

    def test_what_was_learned_is_used_again(self, make: Make) -> None:
        agent = make(Asked())
        assert agent.answer(said("first"), silent) == "first"
        assert recalled(agent.memory) == Learned(placeholder=True, parameters=("text",))
        words = agent.answer(said("words"), silent)
        assert "--text=@" in words
        assert "--input" not in words, "it is not tried again what did not work"
        names = agent.answer(said("environment"), silent).split()
        assert "OWN" in names
        assert not SECRETS.keys() & set(names)
        with pytest.raises(AgentError, match=r"failed:\n\s*echo was told to fail"):
            agent.answer(said("fail"), silent)
        assert recalled(agent.memory) == Learned(parameters=("text",)), "a model may be there now"

    def test_parameters(self, make: Make, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("from a file")
        given = [parameter(one, tmp_path) for one in ("text=@notes.txt", "times=2")]
        assert make(Asked(params=given)).answer((), silent) == "from a file from a file"
        both = json.dumps({"text": "twice", "times": 2})
        assert make(Asked("echo")).answer(said(both), silent) == "twice twice"

    def test_an_answer_without_a_message(self, make: Make) -> None:
        agent = make(Asked())
        assert json.loads(agent.answer(said("object"), silent)) == {"reply": "no message"}
        with pytest.raises(AgentError, match="gave no answer"):
            agent.answer(said("nothing"), silent)

    @pytest.mark.parametrize(
        ("asked", "why"),
        [
            (Asked("nobody", params=[("text", "x")]), r"no agent nobody \(it has: echo\)"),
            (Asked(params=[("text", "x"), ("bogus", "1")]), "takes no parameter bogus"),
            (Asked(params=[("times", "1")]), "wants the parameters text"),
        ],
    )
    def test_what_makes_no_sense_is_told_as_such(self, make: Make, asked: Asked, why: str) -> None:
        with pytest.raises(UsageError, match=why) as caught:
            make(asked).answer((), silent)
        assert caught.value.advice

    def test_a_model_without_its_key(self, make: Make) -> None:
        """A placeholder is for nobody who names a model."""
        agent = make(Asked(model="openai/gpt-4o", params=[("text", "x")]))
        with pytest.raises(AgentError, match="no key for openai/gpt-4o"):
            agent.answer((), silent)

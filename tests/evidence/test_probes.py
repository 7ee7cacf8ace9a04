"""Probes against real agents, and against two versions on the embedded platform."""

import base64
import io
import itertools
import json
import random
import socket
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentramp.evidence.port import EvidenceError, Missing, Question
from agentramp.evidence.probes import BOUNDS, ProbeEvidence
from agentramp.gates.chat import Chat
from agentramp.gates.golden import GoldenGate
from agentramp.gates.model_judge import ModelJudge
from agentramp.gates.port import Outcome, Pinned
from agentramp.gates.prompts import Expectation, Message, Prompt
from agentramp.gates.trial import Trials
from agentramp.judge.window import Tally, Unit, Window
from agentramp.local import daemon
from tests.evidence.questions import question, span
from tests.gates import chat_agent
from tests.gates.chat_agent import Agent, running
from tests.local.client import Control

PROMPTS = tuple(
    Prompt(name, (Message("user", name),), Expectation(contains=("well",))) for name in "abcdefgh"
)


def trials(judge: ModelJudge | None = None) -> Trials:
    numbers = itertools.count()
    return Trials(Chat(lambda: f"probe-{next(numbers)}", timeout=20), judge)


def probing(canary: str, stable: str, **more: Any) -> ProbeEvidence:
    given = {"prompts": PROMPTS, "trials": trials(), "order": random.Random(1), **more}
    return ProbeEvidence(canary, stable, **given)


def window(evidence: ProbeEvidence) -> Window:
    (answer,) = evidence.read(question())
    assert isinstance(answer, Window)
    return answer


@pytest.fixture
def agents() -> Iterator[Callable[[Callable[[str], str]], Agent]]:
    stack: list[Any] = []

    def make(reply: Callable[[str], str]) -> Agent:
        stack.append(running(Agent(reply)))
        made: Agent = stack[-1].__enter__()
        return made

    yield make
    for one in stack:
        one.__exit__(None, None, None)


Agents = Callable[[Callable[[str], str]], Agent]


def well(asked: str) -> str:
    return f"well {asked}"


def test_each_version_is_probed_as_often_and_with_the_same_prompts(agents: Agents) -> None:
    canary, stable = agents(lambda asked: "badly" if asked == "a" else well(asked)), agents(well)
    seen = window(probing(canary.url, stable.url))
    assert seen.canary.errors == Tally(20, 3)
    assert seen.stable.errors == Tally(20, 0)
    assert sorted(canary.asked) == sorted(stable.asked)
    assert set(canary.asked) == set("abcdefgh")
    assert (seen.start, seen.end) == (span().start, span().end)


def test_nobody_promised_the_probes_a_split(agents: Agents) -> None:
    assert window(probing(agents(well).url, agents(well).url)).weight is None


def test_every_probe_is_a_session_of_its_own(agents: Agents) -> None:
    canary, stable = agents(well), agents(well)
    evidence = probing(canary.url, stable.url, count=5)
    assert evidence.unit is Unit.SESSIONS
    window(evidence)
    assert len({*canary.sessions, *stable.sessions}) == 10


def test_only_the_newest_span_is_answered(agents: Agents) -> None:
    canary = agents(well)
    evidence = probing(canary.url, agents(well).url, count=3)
    newer, newest, oldest = span(1), span(2), span(0)
    first, second, third = evidence.read(question(newer, newest, oldest))
    assert isinstance(second, Window)
    assert [first, third] == [
        Missing(one, "probes see only what is now") for one in (newer, oldest)
    ]
    assert len(canary.asked) == 3


def test_no_span_is_no_probe() -> None:
    assert (
        probing("http://127.0.0.1:9", "http://127.0.0.1:9").read(Question("a", "b", 1, 2, ())) == ()
    )


def test_the_times_to_the_first_byte_are_told(agents: Agents) -> None:
    canary, stable = agents(well), agents(well)
    canary.pause = 0.12
    seen = window(probing(canary.url, stable.url, count=4))
    assert seen.canary.latency is not None
    assert seen.stable.latency is not None
    assert seen.canary.latency.bounds == BOUNDS
    assert seen.canary.latency.sessions == 4
    assert sum(seen.canary.latency.counts[:2]) == 0
    assert seen.canary.latency.total > seen.stable.latency.total


def test_a_canary_that_is_down_is_bad_and_has_no_latency(agents: Agents) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        down = f"http://127.0.0.1:{free.getsockname()[1]}"
        seen = window(probing(down, agents(well).url, count=4))
        assert seen.canary.errors == Tally(4, 4)
        assert seen.canary.latency is not None
        assert seen.canary.latency.sessions == 0
        with pytest.raises(EvidenceError, match="no probe got an answer"):
            probing(down, down).read(question())


def test_what_only_a_judge_refuses_is_quality(agents: Agents) -> None:
    def verdict(asked: str) -> str:
        return json.dumps({"acceptable": "rude" not in json.loads(asked)["answer"]})

    model, canary, stable = agents(verdict), agents(lambda _: "rude"), agents(well)
    judge = ModelJudge(f"{model.url}/openai/v1", "m", lambda _: None)
    judged = (Prompt("a", (Message("user", "a"),), Expectation(judged="polite")),)
    seen = window(probing(canary.url, stable.url, prompts=judged, trials=trials(judge), count=3))
    assert seen.canary.errors == seen.stable.errors == Tally(3, 0)
    assert seen.canary.quality == Tally(3, 3)
    assert seen.stable.quality == Tally(3, 0)


def test_prompts_that_cannot_be_tried_are_no_evidence(agents: Agents) -> None:
    with pytest.raises(EvidenceError, match="no golden prompts"):
        probing(agents(well).url, agents(well).url, prompts=()).read(question())


# --- the embedded platform ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pinned]:
    """Version 2 answers ``a`` wrongly; each version has an endpoint of its own."""
    home = tmp_path_factory.mktemp("home")
    control = Control(daemon.start(home))
    said = {name: f"well {name}" for name in "abcdefgh"} | {"": "what?"}
    runtime = control.make_runtime(codeConfiguration=code(said))
    control.publish(runtime)
    control.update(runtime, codeConfiguration=code(said | {"a": "badly"}))
    control.publish(runtime)
    stable, canary = (
        control.make_endpoint(runtime, f"pinned-{number}", targetVersion=str(number)).url
        for number in (1, 2)
    )
    yield Pinned(2, 1, canary, stable)
    daemon.stop(home, timeout=30)


def code(said: dict[str, str]) -> dict[str, Any]:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("chat_agent.py", Path(chat_agent.__file__).read_text())
        archive.writestr("said.json", json.dumps(said))
    return {
        "language": "python3.12",
        "command": ["python3", "chat_agent.py"],
        "zipFile": base64.b64encode(sink.getvalue()).decode(),
    }


def test_probes_see_the_version_each_endpoint_is_pinned_to(pinned: Pinned) -> None:
    seen = window(probing(pinned.canary_url, pinned.stable_url, count=16))
    assert seen.canary.errors == Tally(16, 2)
    assert seen.stable.errors == Tally(16, 0)


def test_the_golden_gate_compares_both(pinned: Pinned) -> None:
    gate = GoldenGate(PROMPTS, trials(), random.Random(1), repeats=2)
    opinion = gate.run(pinned)
    assert opinion.outcome is Outcome.PASSED
    assert opinion.details == ('a: canary 0 of 2, stable 2 of 2: "well" is missing from "badly "',)

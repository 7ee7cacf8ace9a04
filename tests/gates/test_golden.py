"""The golden gate against real agents over HTTP."""

import json
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from agentramp.gates.chat import Chat
from agentramp.gates.golden import GoldenGate
from agentramp.gates.model_judge import ModelJudge
from agentramp.gates.port import GateError, Opinion, Outcome, Pinned
from agentramp.gates.prompts import Expectation, Message, Prompt
from agentramp.gates.trial import Trials
from tests.gates.chat_agent import Agent

Run = Callable[[Agent], Agent]


def prompts(count: int, **more: bool) -> tuple[Prompt, ...]:
    return tuple(
        Prompt(f"p{n}", (Message("user", f"q{n}"),), Expectation(contains=("well",)), **more)
        for n in range(count)
    )


def agent(reply: Callable[[str], str]) -> Agent:
    return Agent(reply)


def well(asked: str) -> str:
    return f"well: {asked}"


def badly(asked: str) -> str:
    return f"badly: {asked}"


def well_but(*wrong: str) -> Callable[[str], str]:
    return lambda asked: badly(asked) if asked in wrong else well(asked)


@pytest.fixture
def ask(chat: Chat, run_agent: Run) -> Callable[..., Opinion]:
    def run(canary: Agent, stable: Agent, asked: tuple[Prompt, ...], repeats: int = 1) -> Opinion:
        gate = GoldenGate(asked, Trials(chat), random.Random(1), repeats)
        pinned = Pinned(8, 7, run_agent(canary).url, run_agent(stable).url)
        return gate.run(pinned)

    return run


Ask = Callable[..., Opinion]


def test_a_canary_that_answers_as_well_passes(ask: Ask) -> None:
    opinion = ask(agent(well), agent(well), prompts(10))
    assert opinion.outcome is Outcome.PASSED
    assert opinion.reason == (
        "version 8 answers 10 of 10 golden prompts well, 0 worse and 0 better than version 7 "
        "(E = 1.0 < 20)"
    )
    assert opinion.details == ()


def test_a_canary_that_answers_worse_is_refused_as_soon_as_it_is_clear(ask: Ask) -> None:
    canary = agent(badly)
    opinion = ask(canary, agent(well), prompts(40))
    assert opinion.outcome is Outcome.FAILED
    assert opinion.reason == (
        "version 8 answers worse on 7 and better on 0 of 7 golden prompts than version 7 "
        "(E = 31.9 \u2265 20)"
    )
    assert len(canary.asked) == 7
    assert opinion.details[0] == (
        'p0: canary 0 of 1, stable 1 of 1: "well" is missing from "badly: q0 "'
    )


def test_what_both_get_wrong_says_nothing(ask: Ask) -> None:
    wrong = tuple(f"q{n}" for n in range(9))
    opinion = ask(agent(well_but(*wrong)), agent(well_but(*wrong)), prompts(10))
    assert opinion.outcome is Outcome.PASSED
    assert "answers 1 of 10" in opinion.reason


def test_a_better_canary_passes(ask: Ask) -> None:
    wrong = tuple(f"q{n}" for n in range(9))
    opinion = ask(agent(well), agent(well_but(*wrong)), prompts(10))
    assert opinion.outcome is Outcome.PASSED
    assert "0 worse and 9 better" in opinion.reason


def test_one_slip_in_many_is_no_refusal(ask: Ask) -> None:
    opinion = ask(agent(well_but("q3")), agent(well), prompts(10))
    assert opinion.outcome is Outcome.PASSED
    assert len(opinion.details) == 1


def test_what_a_canary_must_get_right_refuses_it_at_once(ask: Ask) -> None:
    canary = agent(well_but("q1"))
    opinion = ask(canary, agent(badly), prompts(10, must=True))
    assert opinion.outcome is Outcome.FAILED
    assert opinion.reason == 'version 8 must answer p1: "well" is missing from "badly: q1 "'
    assert len(canary.asked) == 2


def test_too_few_prompts_to_tell_are_inconclusive(ask: Ask) -> None:
    opinion = ask(agent(well_but("q0", "q1", "q2")), agent(well), prompts(4))
    assert opinion.outcome is Outcome.INCONCLUSIVE
    assert opinion.reason.endswith("4 prompts are too few to show it")


def test_a_stable_version_that_answers_nothing_well_is_no_measure(ask: Ask) -> None:
    opinion = ask(agent(badly), agent(badly), prompts(10))
    assert opinion.outcome is Outcome.INCONCLUSIVE
    assert "nothing to compare with" in opinion.reason


def test_repeats_are_averaged_before_they_are_compared(ask: Ask) -> None:
    """A canary that is right half of the time is worse on each prompt, and each counts once."""
    turns: dict[str, int] = {}

    def every_other(asked: str) -> str:
        turns[asked] = turns.get(asked, 0) + 1
        return well(asked) if turns[asked] % 2 else badly(asked)

    opinion = ask(agent(every_other), agent(well), prompts(20), 4)
    assert opinion.outcome is Outcome.FAILED
    assert "worse on 7" in opinion.reason
    assert opinion.details[0].startswith("p0: canary 2 of 4, stable 4 of 4")


def test_an_agent_that_is_down_answers_worse(ask: Ask) -> None:
    down = agent(well)
    down.status = 503
    opinion = ask(down, agent(well), prompts(10))
    assert opinion.outcome is Outcome.FAILED
    assert "status 503" in opinion.details[0]


def test_neither_version_is_always_asked_first(chat: Chat, run_agent: Run) -> None:
    heard: list[str] = []

    def telling(name: str) -> Agent:
        def reply(asked: str) -> str:
            heard.append(name)
            return well(asked)

        return agent(reply)

    canary, stable = run_agent(telling("canary")), run_agent(telling("stable"))
    gate = GoldenGate(prompts(20), Trials(chat), random.Random(3))
    gate.run(Pinned(8, 7, canary.url, stable.url))
    firsts = heard[::2]
    assert {*firsts} == {"canary", "stable"}
    assert heard.count("canary") == heard.count("stable") == 20


# --- a model as the judge ----------------------------------------------------------------------


def judged(count: int) -> tuple[Prompt, ...]:
    polite = Expectation(judged="the answer is polite")
    return tuple(replace(prompt, expect=polite) for prompt in prompts(count))


def judging(chat: Chat, model: Agent, asked: tuple[Prompt, ...]) -> GoldenGate:
    judge = ModelJudge(f"{model.url}/openai/v1", "judge", lambda _: None, token="t0ken")
    return GoldenGate(asked, Trials(chat, judge), random.Random(1))


def verdicts(asked: str) -> str:
    """A model that finds impolite what was said badly."""
    good = json.loads(asked)["answer"].startswith("well")
    return '{"acceptable": true}' if good else '{"acceptable": false, "reason": "rude"}'


def test_a_model_may_judge(chat: Chat, run_agent: Run) -> None:
    model, canary, stable = (run_agent(agent(reply)) for reply in (verdicts, badly, well))
    opinion = judging(chat, model, judged(10)).run(Pinned(8, 7, canary.url, stable.url))
    assert opinion.outcome is Outcome.FAILED
    assert "judged unacceptable: rude" in opinion.details[0]


@pytest.mark.parametrize(
    "says", ["yes", '{"acceptable": "yes"}', '{"acceptable": 1}', "[]", "", '{"acceptable": null}']
)
def test_a_judge_without_a_usable_verdict_is_inconclusive_and_no_pass(
    chat: Chat, run_agent: Run, says: str
) -> None:
    model, canary, stable = (run_agent(agent(reply)) for reply in (lambda _: says, well, well))
    opinion = judging(chat, model, judged(3)).run(Pinned(8, 7, canary.url, stable.url))
    assert opinion.outcome is Outcome.INCONCLUSIVE
    assert opinion.reason == (
        "3 of 3 golden prompts could not be judged: "
        "the judge model gave no verdict in the form asked for"
    )


def test_a_judge_is_not_asked_about_answers_that_are_wrong_anyway(
    chat: Chat, run_agent: Run
) -> None:
    model, canary, stable = (run_agent(agent(reply)) for reply in (verdicts, well, well))
    asked = tuple(
        replace(one, expect=replace(one.expect, contains=("never",))) for one in judged(3)
    )
    judging(chat, model, asked).run(Pinned(8, 7, canary.url, stable.url))
    assert model.asked == []


def test_prompts_to_be_judged_need_a_judge(ask: Ask) -> None:
    with pytest.raises(GateError, match="p0 has to be judged"):
        ask(agent(well), agent(well), judged(1))
    with pytest.raises(GateError, match="no golden prompts"):
        ask(agent(well), agent(well), ())

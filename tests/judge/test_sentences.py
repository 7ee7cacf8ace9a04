"""What a sentence says of its numbers has to be true of them as they are printed."""

import math
import re
from random import Random

import pytest

from agentramp.judge.chance import binomial
from agentramp.judge.judge import Judge
from agentramp.judge.sentences import reached
from agentramp.judge.verdict import Decision, Rules
from agentramp.judge.window import Tally
from tests.judge.streams import window

CLAIM = re.compile(r"E = ([\d.,e+]+) ≥ ([\d.,e+]+)(?!\d)")


def holds_as_printed(sentence: str) -> bool:
    found = CLAIM.findall(sentence)
    assert found, sentence
    return all(value(e) >= value(threshold) for e, threshold in found)


def value(text: str) -> float:
    return float(text.replace(",", "").rstrip(")"))


def alphas() -> list[float]:
    random = Random(5)
    return [0.03, 0.07, 0.015, *(10 ** random.uniform(-9, -0.01) for _ in range(3000))]


def test_no_inequality_is_false_as_printed() -> None:
    random = Random(6)
    for alpha in alphas():
        limit = 1 / alpha
        above = [limit * (1 + 10 ** random.uniform(-16, 1)) for _ in range(3)]
        for e in (limit, math.nextafter(limit, math.inf), *above, limit * 1e5, 1e308):
            said = reached(e, limit)
            assert holds_as_printed(said), said


def test_what_is_printed_is_near() -> None:
    for alpha in alphas():
        e, limit = CLAIM.findall(reached(1.004 / alpha, 1 / alpha))[0]
        assert value(limit) == pytest.approx(1 / alpha, rel=6e-4)
        assert value(e) == pytest.approx(1.004 / alpha, rel=6e-3)


@pytest.mark.parametrize(
    ("e", "alpha", "said"),
    [
        (33.9, 0.03, "E = 33.90 ≥ 33.33"),
        (163.9, 0.01, "E = 163 ≥ 100"),
        (66.669, 0.015, "E = 66.67 ≥ 66.67"),
        (100.0, 0.2 * 0.05, "E = 100 ≥ 100"),
        (3.456, 1 / 3, "E = 3.45 ≥ 3"),
        (1.2345e7, 0.01, "E = 1.2e+07 ≥ 100"),
        (12_346.0, 1 / 12_345.6, "E = 12,346 ≥ 12,346"),
    ],
)
def test_an_e_has_the_threshold_s_decimals(e: float, alpha: float, said: str) -> None:
    assert reached(e, 1 / alpha) == said


@pytest.mark.parametrize("alpha", [0.03, 0.07, 0.015, 0.3])
def test_verdicts_are_true_as_printed(alpha: float) -> None:
    random, told = Random(7), 0
    for _ in range(60):
        judge = Judge(Rules(alpha=alpha, certify_alpha=alpha, slo=0.03))
        for number in range(12):
            counts = Tally(20, binomial(random, 20, 0.05)), Tally(180, binomial(random, 180, 0.01))
            verdict = judge.observe(window(number, *counts))
            if CLAIM.search(verdict.reason):
                told += 1
                assert holds_as_printed(verdict.reason), verdict.reason
            if verdict.decision is Decision.ROLLBACK:
                break
    assert told >= 10

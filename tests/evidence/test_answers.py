"""The JSON of sources outside: matched to spans, and never believed where it makes no sense."""

import json
from typing import Any

import pytest

from agentramp.evidence.answers import question_json, read_answers
from agentramp.evidence.port import Answer, EvidenceError, Missing
from agentramp.judge.window import Arm, Spread, Tally, Window
from tests.evidence.questions import document, question, span, told

CANARY, STABLE = Arm(Tally(20, 1)), Arm(Tally(180, 2))


def read(content: bytes, *spans: Any) -> tuple[Answer, ...]:
    return read_answers(content, question(*spans), "counts.py")


def window(number: int = 0) -> Window:
    one = span(number)
    return Window(one.start, one.end, CANARY, STABLE, 10)


def missing(content: bytes) -> Missing:
    (answer,) = read(content)
    assert isinstance(answer, Missing)
    return answer


def test_the_question_holds_all_that_a_source_needs() -> None:
    assert json.loads(question_json(question(span(), span(1, 30)))) == {
        "runtime": "assistant",
        "endpoint": "production",
        "stable": 7,
        "canary": 8,
        "spans": [
            {"start": 1.7e9, "end": 1.7e9 + 300, "settled": 1.7e9 + 360, "weight": 10},
            {"start": 1.7e9 + 300, "end": 1.7e9 + 600, "settled": 1.7e9 + 660, "weight": 30},
        ],
    }


def test_a_window_is_found_by_start_and_end_in_any_order() -> None:
    content = document(told(2), told(0), told(1))
    assert read(content, span(0), span(1), span(2)) == (window(0), window(1), window(2))


def test_json_lines_are_as_good() -> None:
    lines = "\n".join(json.dumps(told(number)) for number in range(2)) + "\n\n"
    assert read(lines.encode(), span(0), span(1)) == (window(0), window(1))
    assert read(json.dumps(told()).encode()) == (window(),)


def test_an_arm_may_know_more() -> None:
    spread = {"bounds": [0.5, 1], "counts": [3, 1, 0], "total": 1.9, "squares": 1.1}
    quality = {"sessions": 9.0, "bad": 2}
    arm = {"sessions": 20, "bad": 1, "latency": spread, "cost": None, "quality": quality}
    (answer,) = read(document(told(canary=arm)))
    assert isinstance(answer, Window)
    latency = Spread((0.5, 1.0), (3, 1, 0), 1.9, 1.1)
    assert answer.canary == Arm(Tally(20, 1), latency, None, Tally(9, 2))


def test_a_window_left_out_is_asked_for_again() -> None:
    content = document(told(1))
    assert read(content, span(0), span(1)) == (
        Missing(span(0), "the source has no counts of it yet", final=False),
        window(1),
    )
    assert not missing(b'{"windows": []}').final


def test_a_window_nobody_asked_for_is_nothing() -> None:
    assert read(document(told(5), told(0, canary=None) | {"end": 1.7e9 + 5}, told())) == (window(),)


def test_digits_below_a_millisecond_may_get_lost() -> None:
    rounded = told() | {"start": 1_700_000_000.0004}
    assert read(document(rounded)) == (window(),)


def test_no_traffic_is_a_window_of_zeros() -> None:
    empty = {"sessions": 0, "bad": 0}
    (answer,) = read(document(told(canary=empty, stable=empty)))
    assert isinstance(answer, Window)
    assert answer.canary == answer.stable == Arm(Tally(0, 0))


@pytest.mark.parametrize(
    ("arm", "reason"),
    [
        (None, "canary: null is not an object"),
        ([], "canary: a list is not an object"),
        ({}, "canary: sessions is missing"),
        ({"sessions": 20}, "canary: bad is missing"),
        ({"sessions": None, "bad": 0}, "canary: sessions: null is not a number"),
        ({"sessions": "20", "bad": 0}, 'canary: sessions: "20" is not a number'),
        ({"sessions": True, "bad": 0}, "canary: sessions: true is not a number"),
        ({"sessions": float("nan"), "bad": 0}, "canary: sessions: NaN is not a finite number"),
        ({"sessions": float("inf"), "bad": 0}, "canary: sessions: Infinity is not a finite number"),
        ({"sessions": 10**400, "bad": 0}, "is not a finite number"),
        ({"sessions": 10**17, "bad": 0}, "is not a count"),
        ({"sessions": -1, "bad": 0}, "canary: sessions: -1 is not a count"),
        ({"sessions": 20.5, "bad": 0}, "canary: sessions: 20.5 is not a whole number"),
        ({"sessions": 20, "bad": 21}, "canary: 21 bad of 20: not 0 <= bad <= sessions"),
        ({"sessions": 20, "bad": 0, "latncy": {}}, 'canary: "latncy" is not known here'),
        ({"sessions": 20, "bad": 0, "latency": {"counts": [1]}}, "canary: latency: bounds is miss"),
        (
            {"sessions": 20, "bad": 0, "cost": {"bounds": [1], "counts": [1]}},
            "canary: cost: 1 bounds need one more count",
        ),
        (
            {"sessions": 20, "bad": 0, "cost": {"bounds": [2, 1], "counts": [1, 1, 1]}},
            "canary: cost: bounds must ascend",
        ),
        (
            {"sessions": 20, "bad": 0, "cost": {"bounds": [], "counts": [1], "total": -1}},
            "canary: cost: total: -1 is below 0",
        ),
        (
            {"sessions": 20, "bad": 0, "quality": {"sessions": 1, "bad": 2}},
            "canary: quality: 2 bad",
        ),
    ],
)
def test_counts_that_make_no_sense_are_missing_for_good(arm: object, reason: str) -> None:
    answer = missing(document(told(canary=arm)))
    assert answer.final
    assert reason in answer.reason


def test_one_bad_window_leaves_the_others() -> None:
    first, second = read(document(told(0, stable=None), told(1)), span(0), span(1))
    assert isinstance(first, Missing)
    assert second == window(1)


def test_a_window_told_twice_counts_once() -> None:
    assert read(document(told(), told())) == (window(),)


def test_a_window_told_twice_and_differently_is_missing() -> None:
    other = told(canary={"sessions": 20, "bad": 2})
    assert missing(document(told(), other)).final
    assert missing(document(told(), told(canary=None))).final


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "counts.py answered nothing"),
        (b" \n", "counts.py answered nothing"),
        (b"\xff\xfe", "no UTF-8"),
        (b"Traceback\n", "line 1 of the answer of counts.py is not JSON"),
        (json.dumps(told()).encode() + b"\n{", "line 2 of"),
        (b"[]", "has no windows"),
        (b'{"windows": {}}', "has no windows"),
        (b'{"windows": [7]}', "no start and end"),
        (b'{"windows": [{"start": 1}]}', "no start and end"),
        (b'{"windows": [{"start": NaN, "end": 1}]}', "no start and end"),
        (b'{"windows": [{"start": 1e999, "end": 1}]}', "no start and end"),
        (b"[" * 100_000, "is not JSON"),
    ],
)
def test_an_answer_that_is_none_is_an_error(content: bytes, message: str) -> None:
    with pytest.raises(EvidenceError, match=message) as raised:
        read(content)
    assert raised.value.advice

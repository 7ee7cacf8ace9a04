import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentramp.judge.docket import Docket, NotAWindowError, Said, parse_entry
from agentramp.judge.judge import judge
from agentramp.judge.verdict import Decision, Rules
from agentramp.judge.window import Arm, Tally, Window

GOOD: dict[str, Any] = {
    "ramp": "a",
    "window": 0,
    "canary": {"sessions": 400, "bad": 1},
    "stable": {"sessions": 3600, "bad": 24},
}
BAD = {"sessions": 40, "bad": 30}
ODD_COUNTS: list[object] = [
    None,
    {},
    [],
    "20",
    {"sessions": 20},
    {"sessions": None, "bad": 0},
    {"sessions": float("nan"), "bad": 0},
    {"sessions": float("inf"), "bad": 0},
    {"sessions": 20, "bad": -1},
    {"sessions": -20, "bad": -30},
    {"sessions": 20, "bad": 21},
    {"sessions": 20.5, "bad": 1},
    {"sessions": True, "bad": True},
    {"sessions": "20", "bad": "1"},
    {"sessions": 10**400, "bad": 1},
    {"sessions": 20, "bad": 1, "latency": {"bounds": [2, 1], "counts": [1, 1, 1]}},
]


def hear(docket: Docket, **changes: Any) -> Said:
    return docket.hear(parse_entry(json.dumps(GOOD | changes)))


@pytest.mark.parametrize("arm", ["canary", "stable"])
@pytest.mark.parametrize("value", ODD_COUNTS, ids=str)
def test_counts_that_make_no_sense_are_a_hold_that_says_so(arm: str, value: object) -> None:
    docket = Docket(Rules())
    said = hear(docket, **{arm: value})
    assert said.decision is Decision.HOLD
    assert said.reason.startswith(f"hold: window 0 does not count: {arm}")
    assert (said.e, said.canary_sessions) == (1.0, 0)
    assert hear(docket).canary_sessions == 400


@pytest.mark.parametrize("arm", ["canary", "stable"])
def test_a_missing_arm_is_a_hold(arm: str) -> None:
    line = {key: value for key, value in GOOD.items() if key != arm}
    said = Docket(Rules()).hear(parse_entry(json.dumps(line)))
    assert said.reason == f"hold: window 0 does not count: {arm} is missing"


def test_a_window_counts_once() -> None:
    docket = Docket(Rules())
    first, again = hear(docket), hear(docket, window=0.0)
    assert (again.e, again.canary_sessions) == (first.e, first.canary_sessions)
    assert again.decision is first.decision is Decision.ADVANCE
    assert again.reason == f"{first.reason}; window 0.0 was counted before, and counts once"


def test_a_contradiction_is_a_hold_that_says_so() -> None:
    docket = Docket(Rules())
    first = hear(docket)
    other = hear(docket, canary=BAD)
    assert other.decision is Decision.HOLD
    assert "with other counts" in other.reason
    assert other.e == first.e
    assert hear(docket).decision is Decision.ADVANCE


def test_a_rollback_stands_whatever_comes() -> None:
    docket = Docket(Rules())
    back = hear(docket, canary=BAD)
    assert back.decision is Decision.ROLLBACK
    later: list[dict[str, Any]] = [{"window": 1}, {"window": 2, "canary": None}, {"canary": {}}, {}]
    for changes in later:
        said = hear(docket, **changes)
        assert said.decision is Decision.ROLLBACK
        assert said.reason.startswith(back.reason)


def test_ramps_do_not_mix() -> None:
    docket = Docket(Rules())
    assert hear(docket, canary=BAD).decision is Decision.ROLLBACK
    assert hear(docket, ramp="b").decision is Decision.ADVANCE
    assert hear(docket, ramp=1, canary=BAD).decision is Decision.ROLLBACK
    assert hear(docket, ramp="1").decision is Decision.ADVANCE


COUNTS = st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@given(st.lists(st.tuples(COUNTS, COUNTS), max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_disorder_and_doubles_change_nothing(windows: list[Any], random: Any) -> None:
    """As long as no verdict is final on the way, which the rules see to."""
    rules = Rules(alpha=1e-250)
    lines = [
        {
            "ramp": "a",
            "window": number,
            "canary": dict(zip(("sessions", "bad"), canary, strict=True)),
            "stable": dict(zip(("sessions", "bad"), stable, strict=True)),
        }
        for number, (canary, stable) in enumerate(windows)
    ]
    shuffled = [*lines, *random.sample(lines, len(lines) // 2)]
    random.shuffle(shuffled)
    docket = Docket(rules)
    said = [docket.hear(parse_entry(json.dumps(line))) for line in shuffled]
    plain = judge(
        [Window(0, 0, Arm(Tally(*canary)), Arm(Tally(*stable))) for canary, stable in windows],
        rules,
    )
    if said:
        assert said[-1].e == pytest.approx(plain.e)
        assert said[-1].canary_sessions == plain.canary.sessions


@pytest.mark.parametrize("weight", [-1, 101, 10.5, "10", True])
def test_a_weight_that_is_none_does_not_count(weight: object) -> None:
    assert "weight" in hear(Docket(Rules()), weight=weight).reason


@pytest.mark.parametrize(
    "line",
    [
        "",
        "garbage",
        "[]",
        "3",
        "null",
        '"a"',
        "{}",
        '{"ramp": "a"}',
        '{"ramp": "a", "window": null}',
        '{"ramp": "a", "window": NaN}',
        '{"ramp": true, "window": 1}',
        '{"ramp": {}, "window": 1}',
        '{"ramp": "a", "window": [1]}',
        "[" * 100_000,
        '{"ramp": "a", "window": ' + "9" * 5000 + "}",
    ],
    ids=lambda line: line[:30],
)
def test_what_names_no_window_is_refused(line: str) -> None:
    with pytest.raises(NotAWindowError):
        parse_entry(line)


@given(
    st.text(max_size=200)
    | st.builds(
        json.dumps,
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
            lambda inner: st.dictionaries(
                st.sampled_from(["ramp", "window", "canary", "stable", "sessions", "bad"]), inner
            ),
        ),
    )
)
def test_no_line_is_a_crash(line: str) -> None:
    docket = Docket(Rules())
    try:
        said = docket.hear(parse_entry(line))
    except NotAWindowError:
        return
    assert said.decision in set(Decision)


def test_a_canary_that_nobody_reaches_any_more_does_not_advance() -> None:
    docket = Docket(Rules())
    assert hear(docket).decision is Decision.ADVANCE
    said = hear(docket, window=1, canary={"sessions": 0, "bad": 0})
    assert said.decision is Decision.HOLD
    assert said.reason.startswith("hold: no canary sessions in window 1; before it, certified")


def test_a_history_may_say_more_than_is_judged() -> None:
    arm = {"sessions": 400, "bad": 1, "region": "eu", "p99": 2.5}
    assert hear(Docket(Rules()), canary=arm).decision is Decision.ADVANCE

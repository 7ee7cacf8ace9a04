import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentramp.judge.docket import Docket, Said
from agentramp.judge.entry import NotAWindowError, parse_entry
from agentramp.judge.judge import judge
from agentramp.judge.verdict import Decision, Rules
from agentramp.judge.window import Arm, Metric, Tally, Unit, Window

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


@pytest.mark.parametrize("weight", [-1, 101, 12.5, 0.1, "10", True, float("nan"), None])
def test_a_weight_that_is_no_whole_percent_only_silences_the_split(weight: object) -> None:
    """One canary session in ten, where every plan of the split would be far from that."""
    assert hear(Docket(Rules()), weight=weight).decision is Decision.ADVANCE


@pytest.mark.parametrize("weight", [50, 50.0])
def test_a_whole_weight_is_a_plan(weight: float) -> None:
    said = hear(Docket(Rules()), weight=weight)
    assert "400 of 4,000 sessions went to the canary where the weights plan 2,000" in said.reason


def test_metrics_without_a_budget_are_not_looked_at() -> None:
    odd = GOOD["canary"] | {"latency": 1.2, "cost": 0.4, "quality": [], "errors": 7}
    assert hear(Docket(Rules()), canary=odd).decision is Decision.ADVANCE
    none = ((Metric.ERRORS, 1.0), (Metric.LATENCY, 0.0))
    entry = parse_entry(json.dumps(GOOD | {"canary": odd}), Rules(budgets=none))
    assert entry.counted is not None


@pytest.mark.parametrize("metric", [Metric.LATENCY, Metric.COST, Metric.QUALITY])
def test_a_metric_with_a_budget_has_to_make_sense(metric: Metric) -> None:
    rules = Rules(budgets=((Metric.ERRORS, 0.5), (metric, 0.5)))
    line = json.dumps(GOOD | {"canary": GOOD["canary"] | {metric.value: 1.2}})
    said = Docket(rules).hear(parse_entry(line, rules))
    assert said.reason == (
        f"hold: window 0 does not count: canary: {metric.value}: 1.2 is not an object"
    )


def test_whole_floats_are_counts() -> None:
    said = hear(Docket(Rules()), canary={"sessions": 400.0, "bad": 1.0})
    assert (said.decision, said.canary_sessions) == (Decision.ADVANCE, 400)


def test_a_number_too_long_to_read_does_not_count() -> None:
    line = json.dumps(GOOD).replace("400", "4" * 5000)
    said = Docket(Rules()).hear(parse_entry(line))
    assert said.reason == (
        "hold: window 0 does not count: canary: sessions: Infinity is not a finite number"
    )
    spared = json.dumps(GOOD)[:-1] + f', "trace": {"7" * 5000}}}'
    assert Docket(Rules()).hear(parse_entry(spared)).decision is Decision.ADVANCE


def test_a_key_that_stands_twice_does_not_count() -> None:
    docket, line = Docket(Rules()), json.dumps(GOOD)
    twice = ""
    for twice, key in (
        (line.replace('"bad": 1', '"bad": 9, "bad": 1'), "bad"),
        (line.replace('"canary"', '"stable": {}, "canary"'), "stable"),
        (line.replace('"bad": 1', f'"bad": 9, "bad": {"1" * 5000}'), "bad"),
    ):
        said = docket.hear(parse_entry(twice))
        assert said.reason == f"hold: window 0 does not count: {key} stands twice"
    for name in ("ramp", "window"):
        for text in (line, twice):
            with pytest.raises(NotAWindowError, match=f"{name} stands twice"):
                parse_entry(text.replace(f'"{name}"', f'"{name}": 1, "{name}"'))


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


NOBODY = {"sessions": 0, "bad": 0}


@pytest.mark.parametrize("arm", ["canary", "stable"])
def test_an_arm_that_nobody_reaches_advances_nothing_until_somebody_does(arm: str) -> None:
    docket = Docket(Rules())
    assert hear(docket).decision is Decision.ADVANCE
    first, said = (hear(docket, window=1, **{arm: NOBODY}) for _ in range(2))
    assert first.decision is said.decision is Decision.HOLD
    assert first.reason.startswith(f"hold: no {arm} sessions in window 1; so far, certified: ")
    assert said.reason.endswith("; window 1 was counted before, and counts once")
    assert hear(docket).decision is Decision.HOLD
    assert hear(docket, window=2).decision is Decision.ADVANCE
    assert hear(docket, window=1, **{arm: NOBODY}).decision is Decision.ADVANCE


@pytest.mark.parametrize("arm", ["canary", "stable"])
def test_a_hold_says_which_arm_nobody_reaches(arm: str) -> None:
    docket = Docket(Rules())
    few = {"canary": {"sessions": 20, "bad": 0}, "stable": {"sessions": 180, "bad": 2}}
    assert "in window" not in hear(docket, **few).reason
    first, again = (hear(docket, window=1, **(few | {arm: NOBODY})) for _ in range(2))
    assert first.reason.startswith("hold: 0 of ")
    assert first.reason.endswith(f" more are needed to certify; no {arm} sessions in window 1")
    assert again.reason == f"{first.reason}; window 1 was counted before, and counts once"
    assert "in window" not in hear(docket, window=2, **few).reason


@pytest.mark.parametrize("arm", ["canary", "stable"])
def test_what_is_missing_is_said_once(arm: str) -> None:
    assert "in window" not in hear(Docket(Rules()), **{arm: NOBODY}).reason


def test_the_doubt_names_what_is_counted() -> None:
    docket = Docket(Rules(unit=Unit.REQUESTS))
    many = {"sessions": 40_000, "bad": 100}
    assert hear(docket, canary=many, stable=many).decision is Decision.ADVANCE
    said = hear(docket, window=1, canary=NOBODY)
    assert said.reason.startswith("hold: no canary requests in window 1; ")
    assert "sessions" not in said.reason


def test_only_other_counts_are_a_contradiction() -> None:
    docket = Docket(Rules())
    first = hear(docket)
    assert hear(docket, weight=10).reason == (
        f"{first.reason}; window 0 was counted before, and counts once"
    )


def test_a_history_may_say_more_than_is_judged() -> None:
    arm = {"sessions": 400, "bad": 1, "region": "eu", "p99": 2.5}
    assert hear(Docket(Rules()), canary=arm).decision is Decision.ADVANCE

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentramp.local.records import Label, Route, Weighted
from agentramp.local.routing import choose, draw, point


def route(target: str, **weights: float) -> Route:
    return Route(Label(target), tuple(Weighted(Label(n[1:]), w) for n, w in weights.items()))


@pytest.mark.parametrize(
    ("split", "at", "version"),
    [
        (route("1"), 0.0, "1"),
        (route("1"), 0.999, "1"),
        (route("1", v2=0.1), 0.0, "2"),
        (route("1", v2=0.1), 0.0999, "2"),
        (route("1", v2=0.1), 0.1, "1"),
        (route("1", v2=0.1), 0.999, "1"),
        (route("1", v2=0.1, v3=0.2), 0.05, "2"),
        (route("1", v2=0.1, v3=0.2), 0.15, "3"),
        (route("1", v2=0.1, v3=0.2), 0.35, "1"),
        (route("LATEST", v2=0.5), 0.7, "LATEST"),
    ],
)
def test_draw(split: Route, at: float, version: str) -> None:
    assert draw(split, at) == version


@pytest.mark.parametrize(
    ("split", "assigned", "at", "version"),
    [
        (route("1", v2=0.5), None, 0.2, "2"),
        # Known sessions stay, on either side of the split and whatever the weights say now.
        (route("1", v2=0.5), "1", 0.2, "1"),
        (route("1", v2=0.01), "2", 0.9, "2"),
        (route("2"), "2", 0.9, "2"),
        # Where their version left, they are drawn anew.
        (route("2"), "1", 0.9, "2"),
        (route("3", v4=0.5), "1", 0.2, "4"),
    ],
)
def test_choose(split: Route, assigned: str | None, at: float, version: str) -> None:
    assert choose(split, None if assigned is None else Label(assigned), at) == version


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_point_is_a_share_and_always_the_same(session: str, endpoint: str) -> None:
    assert 0 <= point(session, endpoint) < 1
    assert point(session, endpoint) == point(session, endpoint)


@given(
    st.floats(0, 1, exclude_max=True),
    st.floats(0.001, 0.999),
    st.floats(0.001, 0.999),
)
def test_a_growing_canary_loses_nobody(at: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    if draw(route("1", v2=low), at) == "2":
        assert draw(route("1", v2=high), at) == "2"


@pytest.mark.parametrize("weight", [0.01, 0.1, 0.3, 0.5, 0.9])
def test_the_share_is_the_weight(weight: float) -> None:
    sessions = 20_000
    split = route("1", v2=weight)
    hits = sum(draw(split, point(f"session {n}", "endpoint")) == "2" for n in range(sessions))
    deviation = (weight * (1 - weight) / sessions) ** 0.5
    assert abs(hits / sessions - weight) < 4 * deviation


def test_two_endpoints_draw_independently() -> None:
    sessions = 4_000
    split = route("1", v2=0.5)
    same = sum(
        draw(split, point(f"session {n}", "a")) == draw(split, point(f"session {n}", "b"))
        for n in range(sessions)
    )
    assert abs(same / sessions - 0.5) < 0.04

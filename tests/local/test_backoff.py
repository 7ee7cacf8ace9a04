from agentramp.local.backoff import Backoff


def test_doubles_up_to_the_most() -> None:
    backoff = Backoff(first=0.5, most=30, stable=60)
    delays = [backoff.after(lived=1) for _ in range(9)]
    assert delays == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_stable_life_begins_anew() -> None:
    backoff = Backoff(first=0.5, most=30, stable=60)
    assert [backoff.after(lived) for lived in (0, 0, 0, 60, 0)] == [0.5, 1, 2, 0.5, 1]

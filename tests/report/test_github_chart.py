from agentramp.model import Split
from agentramp.report.github import chart
from tests.report.results import climb


def drawn(*lines: str) -> list[str]:
    """Without the style, which stands in front."""
    at = lines.index("xychart-beta")
    assert lines[0] == "```mermaid"
    return [line.strip() for line in lines[at + 1 :]]


def test_a_ramp_on_its_way_shows_what_was_and_what_comes() -> None:
    assert drawn(*chart.ramp(climb(10, 30))) == [
        'title "New sessions on version 2"',
        'x-axis ["10 %", "30 %", "then 50 %", "then 100 %"]',
        'y-axis "percent" 0 --> 100',
        "bar [10, 30]",
        "line [10, 30, 50, 100]",
        "```",
        "",
        "Version 2 has 30 % of new sessions since 2026-11-21 12:15:00 UTC; ahead: 50 %, 100 %.",
    ]


def test_a_roll_back_ends_at_nothing_and_nothing_comes() -> None:
    lines = drawn(*chart.ramp(climb(10, 30, 0)))
    assert lines[1] == 'x-axis ["10 %", "30 %", "0 %"]'
    assert lines[3] == "bar [10, 30, 0]"
    assert lines[-1] == (
        "Version 2 has no traffic since 2026-11-21 12:30:00 UTC: version 1 serves."
    )


def test_the_end_of_the_ladder() -> None:
    lines = drawn(*chart.ramp(climb(10, 30, 50, 100)))
    assert lines[3] == "bar [10, 30, 50, 100]"
    assert lines[-1] == "Version 2 has 100 % of new sessions since 2026-11-21 12:45:00 UTC."


def test_a_dry_run_draws_a_line_and_no_bar_for_what_it_would_do() -> None:
    lines = drawn(*chart.ramp(climb(10, 30), ahead=True))
    assert lines[1] == 'x-axis ["10 %", "then 30 %", "then 50 %", "then 100 %"]'
    assert lines[3] == "bar [10]"
    assert lines[-1] == "Version 2 would get 30 % of new sessions."
    assert not any(line.startswith("bar") for line in chart.ramp(climb(10), ahead=True))


def test_the_same_weight_twice_is_two_bars() -> None:
    assert drawn(*chart.ramp(climb(10, 30, 10)))[1] == (
        'x-axis ["10 %", "30 %", "10 % (2)", "then 30 %", "then 50 %", "then 100 %"]'
    )


def test_a_long_way_shows_its_end() -> None:
    lines = drawn(*chart.ramp(climb(*range(1, 30))))
    assert lines[1].count('"') == 2 * 8
    assert lines[3].endswith("28, 29]")


def test_a_move_shows_each_version_before_and_after() -> None:
    assert drawn(*chart.move(Split(1), Split(1, ((2, 40),)))) == [
        'title "New sessions by version"',
        'x-axis ["v1 before", "v1 after", "v2 before", "v2 after"]',
        'y-axis "percent" 0 --> 100',
        "bar [100, 60, 0, 40]",
        "```",
    ]
    assert '"LATEST before"' in drawn(*chart.move(Split("LATEST"), Split(1)))[1]

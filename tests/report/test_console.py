import io
from dataclasses import dataclass

from agentramp.report.console import Console


@dataclass
class Ticks:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def console(*, terminal: bool) -> tuple[Console, io.StringIO, Ticks]:
    stream, ticks = io.StringIO(), Ticks()
    return Console(stream, terminal=terminal, clock=ticks), stream, ticks


def test_a_log_gets_plain_lines_and_few_of_them() -> None:
    told, stream, ticks = console(terminal=False)
    for done in range(101):
        ticks.now = done * 0.25
        told.advance("packing", done, 100)
    told.say("packed")
    assert stream.getvalue().splitlines() == [
        "  packing 40 %",
        "  packing 80 %",
        "  packed",
    ]


def test_a_terminal_gets_a_bar_that_is_wiped_before_the_next_line() -> None:
    told, stream, ticks = console(terminal=True)
    told.advance("packing", 50, 100)
    ticks.now = 1
    told.advance("packing", 75, 100)
    told.say("packed")
    shown = stream.getvalue()
    assert "[############............]  50 %" in shown
    assert shown.endswith("\r\x1b[K  packed\n")


def test_a_bar_is_not_redrawn_too_often() -> None:
    told, stream, _ = console(terminal=True)
    for done in range(1000):
        told.advance("packing", done, 1000)
    assert stream.getvalue().count("[") < 10


def test_short_work_in_a_log_is_silent() -> None:
    told, stream, _ = console(terminal=False)
    told.advance("packing", 1, 10)
    told.advance("packing", 9, 10)
    told.advance("packing", 10, 10)
    assert stream.getvalue() == ""

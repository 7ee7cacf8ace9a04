import io
import re
from pathlib import Path

import pytest

from agentramp.model import Split
from agentramp.policy import Policy
from agentramp.ramp import standing
from agentramp.record import Paused
from agentramp.report.console import Console
from agentramp.report.plain import columns
from agentramp.report.ramp_view import ROWS, sentence, view, waits
from agentramp.report.screen import Screen
from tests.report import ramps
from tests.report.ramps import Story

PAINT = re.compile(r"\x1b\[\d+m")


def drawn(story: Story, after: float = 30, width: int = 80, *, color: bool = False) -> list[str]:
    now = (story.records[-1].at if story.records else story.now) + after
    stands = standing(story.records)
    return view("agent/production", stands, story.records, now, width, color=color)


def row(lines: list[str], name: str) -> str:
    return next(line for line in lines if line.startswith(f"  {name}"))


def test_a_ramp_is_seen_at_a_glance() -> None:
    lines = drawn(ramps.one_window())
    assert lines[0] == "agent/production" + " " * 41 + "2026-03-02 08:06:52 UTC"
    assert lines[1] == "version 8 on trial against version 7, for 6m 52s"
    assert row(lines, "ladder").endswith("[10] 30 50 100")
    assert row(lines, "bake").endswith("3m 10s left of 10m")
    assert row(lines, "canary v8").endswith("0.0 % (0.0 to 32.4), 0 of 8")
    assert row(lines, "evidence").endswith("E 1.00, rolls back at 100")
    text = " ".join(line.strip() for line in lines)
    assert "hold: 0 of 8 canary sessions failed" in text
    assert "waits for 3m 10s more at 10 %, 42 more canary sessions at 10 %" in text


def test_what_warms_up_does_not_bake_yet() -> None:
    story = Story()
    story.begin(8, Policy(rungs=ramps.rungs(), warm_up=300.0))
    assert row(drawn(story, after=30), "bake").endswith("10m left of 10m")
    later = drawn(story, after=410)
    assert row(later, "bake").endswith("8m 10s left of 10m")
    assert "waits for 8m 10s more at 10 %" in " ".join(line.strip() for line in later)


def test_the_how_to_shows_what_is_drawn() -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "read-a-ramp.md"
    lines = drawn(ramps.one_window())[:8]
    lines[0] = lines[0].replace("agent/production     ", "quickstart/production")
    assert "\n".join(lines) in page.read_text()


def test_the_evidence_bar_is_full_at_the_threshold_and_marks_one() -> None:
    bars = {}
    for name in ("one-window", "healthy", "rolled-back"):
        story = ramps.ALL[name]()
        end = next(i for i, r in enumerate(story.records) if "rolled back" in str(r.event)) + 1 if (
            name == "rolled-back"
        ) else 4  # fmt: skip
        story.records = story.records[:end]
        bars[name] = row(drawn(story), "evidence")[13:43]
    assert bars["rolled-back"] == "#" * 10 + "|" + "#" * 19
    assert bars["one-window"] == "#" * 10 + "|" + "." * 19
    assert bars["healthy"].count("#") < 10


@pytest.mark.parametrize("width", [40, 60, 80, 100])
@pytest.mark.parametrize("name", sorted(ramps.ALL))
def test_it_fits_whatever_is_told(name: str, width: int) -> None:
    story = ramps.ALL[name]()
    whole = story.records
    for count in {0, 1, 2, 3, len(whole) // 2, len(whole)}:
        story.records = whole[:count]
        lines = drawn(story, width=width)
        assert len(lines) <= ROWS
        assert max(map(columns, lines)) <= width
        assert all(char.isprintable() for line in lines for char in line)


def test_colour_changes_no_word() -> None:
    for name in ("eventful", "many-windows", "rolled-back"):
        plain = drawn(ramps.ALL[name]())
        painted = drawn(ramps.ALL[name](), color=True)
        assert painted != plain
        assert [PAINT.sub("", line) for line in painted] == plain
        assert "\x1b" not in "".join(plain)


def test_it_says_what_a_ramp_waits_for() -> None:
    story = Story()
    story.begin(8, Policy(rungs=ramps.rungs(bake=60, least=5, approval=30)))
    story.tick(story.window(0.0, 0.0))
    story.keep("pause", Paused("until Monday"))
    now = standing(story.records)
    assert waits(now, story.watermark + 400) == [
        "agentramp resume (paused: until Monday)",
        "agentramp approve --weight 30",
    ]
    story.records.pop()
    story.move("promote", Split(7), "rolled back: too many failed")
    now = standing(story.records)
    assert waits(now, story.now) == []
    assert sentence(now) == "version 8 was rolled back: too many failed"


def test_an_open_move_is_what_is_waited_for() -> None:
    stands = standing(ramps.hostile().records)
    (said,) = waits(stands, (stands.open.at if stands.open else 0) + 5)
    assert said.startswith("the end of a move to v7 70 %, v8 30 %, begun by </script>")
    assert said.endswith(" 5s ago")


def screen(*, terminal: bool) -> tuple[Screen, io.StringIO]:
    stream = io.StringIO()
    return Screen(Console(stream, terminal=terminal, clock=lambda: 0.0)), stream


def test_a_terminal_is_drawn_over_in_place() -> None:
    on, stream = screen(terminal=True)
    on.show(["one", "two", "three"], "said")
    on.show(["four", "five"], "said")
    first = "\rone\x1b[K\n\rtwo\x1b[K\n\rthree\x1b[K\n\x1b[J"
    assert stream.getvalue() == first + "\x1b[3A\rfour\x1b[K\n\rfive\x1b[K\n\x1b[J"


def test_other_words_push_the_picture_aside() -> None:
    on, stream = screen(terminal=True)
    on.show(["one", "two"], "said")
    on.console.say("moving")
    on.show(["three"], "said")
    assert stream.getvalue().endswith("\x1b[2A\r\x1b[J  moving\n\rthree\x1b[K\n\x1b[J")


def test_a_log_gets_each_sentence_once_and_no_escape() -> None:
    on, stream = screen(terminal=False)
    for said in ("hold: a", "hold: a", "hold: \x1b[2Jb", "hold: a"):
        on.show(["a picture"], said)
    assert stream.getvalue() == "  hold: a\n  hold: \\x1b[2Jb\n  hold: a\n"

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from agentramp.judge.verdict import Decision
from agentramp.model import Split
from agentramp.record import Begun, Judged, Record
from agentramp.report.page import page
from agentramp.report.page.plot import Frame, nice, rows, times
from agentramp.report.page.trial import past
from agentramp.report.plain import harmless
from tests.report import ramps

PAGES = {
    **{name: story().records for name, story in ramps.ALL.items()},
    "season": ramps.season(),
    "empty": [],
}
VOID = {"meta", "path", "rect", "circle"}
OPTIONAL = {"li", "td", "th", "tr"}


class Read(HTMLParser):
    """The page as a browser takes it: elements, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID and tag not in OPTIONAL:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in OPTIONAL:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def ids(self) -> list[str]:
        return [attrs["id"] or "" for _, attrs in self.tags if "id" in attrs]


@pytest.fixture(scope="module", params=sorted(PAGES))
def read(request: pytest.FixtureRequest) -> Read:
    return Read(page("agent/production", PAGES[request.param]))


def test_elements_close_and_names_are_unique(read: Read) -> None:
    assert read.open == []
    assert len(read.ids()) == len(set(read.ids()))


def test_nothing_is_loaded_and_nothing_runs(read: Read) -> None:
    known = {"html", "head", "meta", "title", "style", "body", "header", "main", "footer", "nav"}
    known |= {"section", "figure", "figcaption", "div", "span", "p", "h1", "h2", "h3", "ul", "li"}
    known |= {"dl", "dt", "dd", "small", "strong", "em", "bdi", "a", "time", "details", "summary"}
    known |= {"table", "thead", "tbody", "tr", "td", "th"}
    known |= {"svg", "desc", "path", "rect", "circle", "text"}
    assert {tag for tag, _ in read.tags} <= known
    for _, attrs in read.tags:
        assert not any(name.startswith("on") or name in {"src", "style"} for name in attrs)
        assert (attrs.get("href") or "#").startswith("#")


def test_links_and_labels_lead_somewhere(read: Read) -> None:
    ids = set(read.ids())
    for tag, attrs in read.tags:
        assert set((attrs.get("aria-labelledby") or "").split()) <= ids
        assert (attrs.get("href") or "#").lstrip("#") in {*ids, ""}
        assert tag != "svg" or attrs.get("aria-hidden") or attrs.get("aria-labelledby")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_pictures_are_sound_and_nothing_leaves_them(name: str) -> None:
    html = page("agent/production", PAGES[name])
    for svg in re.findall(r"<svg .*?</svg>", html, re.DOTALL):
        root = ET.fromstring(svg)
        _, _, width, height = map(float, root.attrib["viewBox"].split())
        for text in root.iter("text"):
            half = len(text.text or "") * 6.6
            x, y = float(text.attrib["x"]), float(text.attrib["y"])
            shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.attrib["text-anchor"]]
            assert x - half * shift >= -8
            assert x + half * (1 - shift) <= width + 8
            assert 8 <= y <= height
        for mark in root.iter("circle"):
            assert 0 <= float(mark.attrib["cx"]) <= width
            assert 0 <= float(mark.attrib["cy"]) <= height


@pytest.mark.parametrize("name", sorted(PAGES))
def test_labels_on_an_axis_do_not_touch(name: str) -> None:
    html = page("agent/production", PAGES[name])
    for svg in re.findall(r"<svg .*?</svg>", html, re.DOTALL):
        rows: dict[float, list[tuple[float, float]]] = {}
        for text in ET.fromstring(svg).iter("text"):
            if text.attrib["text-anchor"] == "middle":
                x, half = float(text.attrib["x"]), len(text.text or "") * 3.0
                rows.setdefault(float(text.attrib["y"]), []).append((x - half, x + half))
        for spans in rows.values():
            ordered = sorted(spans)
            assert all(a[1] < b[0] for a, b in pairwise(ordered)), name


def test_the_same_records_give_the_same_page() -> None:
    assert page("a/b", ramps.season()) == page("a/b", ramps.season())


def test_what_people_wrote_cannot_act() -> None:
    html = page("agent/production", PAGES["hostile"])
    assert "<script" not in html
    assert "<img" not in html
    html.encode("utf-8")
    shown = "".join(Read(html).text)
    assert f"hold: {harmless(ramps.HOSTILE)}" in shown


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_sentence_is_there(name: str) -> None:
    shown = "".join(Read(page("agent/production", PAGES[name])).text)
    for record in PAGES[name]:
        if isinstance(record.event, Judged):
            assert harmless(record.event.reason) in shown


def test_each_ramp_is_a_section_the_newest_first() -> None:
    read = Read(page("agent/production", PAGES["season"]))
    sections = [attrs.get("id") for tag, attrs in read.tags if tag == "section"]
    assert sections == ["ramp-3", "ramp-2", "ramp-1", None]
    text = " ".join("".join(read.text).split())
    assert "✓ promoted" in text
    assert "✕ rolled back" in text
    assert "● in progress, 30 of 100 %" in text
    assert "Outside of any ramp" in text


def test_counts_add_up_at_each_weight() -> None:
    story = ramps.healthy()
    html = page("agent/production", story.records)
    (trial,) = past(story.records).trials
    tallies = [window.canary.errors for window in trial.ramp.windows]
    bad, sessions = sum(tally.bad for tally in tallies), sum(tally.sessions for tally in tallies)
    (row,) = re.findall(r'<tr><th scope="row">all.*?</tr>', html)
    count = f'<td class="n">{len(tallies)}<td class="n">{bad} of {sessions:,}<'
    assert count in row
    assert [weight for _, weight in trial.weights] == [0, 10, 30, 50, 100]


def test_many_windows_are_pooled_and_few_are_not() -> None:
    assert "a mark is 7 windows" in page("a/b", PAGES["many-windows"])
    few = page("a/b", PAGES["healthy"])
    assert "a mark is one window" in few
    wide = next(svg for svg in re.findall(r"<svg .*?</svg>", few, re.DOTALL) if "errors-w" in svg)
    (trial,) = past(PAGES["healthy"]).trials
    assert wide.count('<circle class="mark canary"') == len(trial.ramp.windows)
    assert wide.count('<rect class="mark stable"') == len(trial.ramp.windows)


def test_wild_numbers_are_drawn_at_the_edge() -> None:
    begun = next(r.event for r in PAGES["one-window"] if isinstance(r.event, Begun))
    records = [Record("release", -1e12, begun), *PAGES["one-window"]]
    for at, e, limit in ((1e300, 1e308, 1e9), (5.0, 0.0, -1.0), (7.0, 1e-300, 1e300)):
        judged = Judged(begun.ramp, Decision.HOLD, "hold: x", e, limit, at)
        records.append(Record("promote", at, judged))
    html = page("a/b", records)
    assert "nan" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL).lower()
    assert Read(html).open == []


def test_labels_that_would_touch_give_way() -> None:
    frame = Frame(380, 194, 0, 1, 0, 100)
    labels = rows(frame, [(n, f"{n} %") for n in (0, 1, 5, 10, 50, 100)])
    places = [float(y) for y in re.findall(r'<text x="[^"]*" y="([^"]*)"', "".join(labels))]
    assert [low - high >= 13 for low, high in pairwise(places)] == [True] * 3


@pytest.mark.parametrize("length", [1, 20, 400, 4000, 40_000, 4e5, 4e6, 4e7])
@pytest.mark.parametrize("width", [380, 900])
def test_a_time_axis_has_some_labels_and_not_too_many(length: float, width: int) -> None:
    frame = Frame(width, 200, ramps.START + 17, ramps.START + 17 + length, 0, 1)
    labels = [mark for mark in times(frame) if mark.startswith("<text")]
    assert 1 <= len(labels) <= 12


@pytest.mark.parametrize("high", [0.001, 0.024, 0.31, 1.0, 7.0, 1234.0])
def test_an_axis_ends_on_a_round_number(high: float) -> None:
    end, step = nice(high)
    assert end >= high * 0.999999
    assert round(end / step, 6).is_integer()
    assert 3 <= round(end / step) <= 6


def test_records_outside_of_ramps_are_kept_apart() -> None:
    found = past(ramps.season())
    assert [trial.ramp.canary for trial in found.trials] == [8, 9, 10]
    assert len(found.others) == 4
    assert found.now.settled == Split(8, ((10, 30),))

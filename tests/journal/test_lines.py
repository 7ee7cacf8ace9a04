import json
import math
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentramp.journal.lines import KINDS, SCHEMA, Phase, parsed, rendered
from agentramp.journal.port import JournalError
from agentramp.judge.window import Spread, Tally
from agentramp.model import LATEST, Split, VersionRef
from agentramp.record import Begun, Event, Judged, Paused, Record, Resumed
from tests.conformance.journal_suite import EVERY_KIND

Drawn: TypeAlias = st.SearchStrategy[Any]
FINITE = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 2**70)
REFS: st.SearchStrategy[VersionRef] = st.one_of(st.just(LATEST), st.integers(1))


@st.composite
def splits(draw: st.DrawFn) -> Split:
    refs = draw(st.lists(REFS, min_size=1, max_size=4, unique=True))
    weights = draw(st.lists(st.integers(1, 33), min_size=len(refs) - 1, max_size=len(refs) - 1))
    return Split(refs[0], tuple(zip(refs[1:], weights, strict=True)))


@st.composite
def spreads(draw: st.DrawFn) -> Spread:
    bounds = sorted(draw(st.sets(FINITE, max_size=5)))
    counts = draw(st.lists(COUNTS, min_size=len(bounds) + 1, max_size=len(bounds) + 1))
    return Spread(tuple(bounds), tuple(counts), draw(FINITE), draw(FINITE))


def tallies() -> Drawn:
    return st.tuples(COUNTS, COUNTS).map(lambda drawn: Tally(max(drawn), min(drawn)))


BOUND: dict[Any, Drawn] = {
    Split: splits(),
    Spread: spreads(),
    Tally: tallies(),
    float: FINITE,
    int: st.integers(),
    bool: st.booleans(),
    str: st.text(),
    NoneType: st.none(),
}


def values_of(hint: Any) -> Drawn:
    """Every field of every noun, so that a field added later is drawn too."""
    if hint in BOUND:
        return BOUND[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(hint, **{f.name: values_of(hints[f.name]) for f in fields(hint)})
    return _values_of_generic(get_origin(hint), get_args(hint))


def _values_of_generic(origin: Any, arguments: tuple[Any, ...]) -> Drawn:
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values_of, arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    assert origin in {Union, UnionType}
    return st.one_of(*map(values_of, arguments))


@given(values_of(Record))
def test_every_record_comes_back_as_it_was(record: Record) -> None:
    line = rendered(record)
    assert parsed(line, "here") == record
    assert line.isascii()
    assert "\n" not in line
    assert list(json.loads(line))[:5] == ["schema", "phase", "verb", "at", "by"]


@pytest.mark.parametrize("record", EVERY_KIND, ids=lambda record: type(record.event).__name__)
def test_a_field_too_many_or_too_few_is_refused(record: Record) -> None:
    fields_of = json.loads(rendered(record))
    for changed in (
        {**fields_of, "hope": 1},
        *({k: v for k, v in fields_of.items() if k != name} for name in fields_of),
        *({**fields_of, name: {"no": "such"}} for name in fields_of),
    ):
        with pytest.raises(JournalError):
            parsed(json.dumps(changed), "here")


def test_every_kind_of_event_has_its_phase() -> None:
    assert set(KINDS) == set(Phase)
    assert set(KINDS.values()) == set(get_args(Event))
    assert {type(record.event) for record in EVERY_KIND} == set(get_args(Event))


def judged() -> Judged:
    return next(r.event for r in EVERY_KIND if isinstance(r.event, Judged) and r.event.windows)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_refused(bad: float) -> None:
    (window,) = judged().windows
    for event in (
        replace(judged(), e=bad),
        replace(judged(), windows=(replace(window, end=bad),)),
    ):
        with pytest.raises(ValueError, match="JSON compliant"):
            rendered(Record("promote", 1.0, event))
    line = rendered(Record("promote", 1.0, judged())).replace('"e":0.5', f'"e":{json.dumps(bad)}')
    with pytest.raises(JournalError, match="is not a number"):
        parsed(line, "here")


BEGUN = '"verb":"x","at":1,"by":"","ramp":"r","stable":1,"canary":2'


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "not a journal record"),
        ("1", "not an object"),
        ("[]", "not an object"),
        ("[" * 100_000, "not a journal record"),
        ('{"phase": "hope"}', "missing"),
        ('{"phase":"paused","verb":"x","at":1,"before":null,"after":[[1,100]]}', "first edition"),
        ('{"schema":0,"phase":"resumed","verb":"x","at":1,"by":""}', "no schema 0"),
        ('{"schema":true,"phase":"resumed","verb":"x","at":1,"by":""}', "whole number"),
        ('{"schema":1,"phase":"resumed","verb":"x","at":true,"by":""}', "is not a number"),
        ('{"schema":1,"phase":"resumed","verb":"x","at":1e999,"by":""}', "too large"),
        (f'{{"schema":1,"phase":"resumed","verb":"x","at":1{"0" * 400},"by":""}}', "too large"),
        ('{"schema":1,"phase":"resumed","verb":"x","at":1,"at":1,"by":""}', "stands twice"),
        ('{"schema":1,"phase":"adopted","verb":"x","at":1,"by":"","split":[]}', "without"),
        ('{"schema":1,"phase":"adopted","verb":"x","at":1,"by":"","split":[[1,9]]}', "sum to 100"),
        ('{"schema":1,"phase":"adopted","verb":"x","at":1,"by":"","split":[["v",100]]}', "whole"),
        ('{"schema":1,"phase":"resumed","verb":"x","at":1,"by":7}', "not a text"),
        (f'{{"schema":1,"phase":"begun",{BEGUN},"policy":[]}}', "not an object"),
    ],
)
def test_what_is_no_record_is_told_with_its_place(line: str, why: str) -> None:
    with pytest.raises(JournalError, match=f"^here: not a journal record.*{why}|^here: .*{why}"):
        parsed(line, "here")


@pytest.mark.parametrize("event", [Resumed(), Paused()])
def test_what_a_newer_one_wrote_is_told(event: Event) -> None:
    line = rendered(Record("x", 1.0, event))
    for changed in (
        line.replace(f'"schema":{SCHEMA}', f'"schema":{SCHEMA + 1}'),
        line.replace('"phase":"', '"phase":"un'),
    ):
        with pytest.raises(JournalError, match="here: a newer agentramp wrote this") as told:
            parsed(changed, "here")
        assert told.value.exit_code == 3
        assert "update" in told.value.advice


def test_a_ramps_policy_is_whole() -> None:
    """No default of today is left out: tomorrow's may differ."""
    begun = next(record for record in EVERY_KIND if isinstance(record.event, Begun))
    assert isinstance(begun.event, Begun)
    policy = json.loads(rendered(begun))["policy"]
    assert set(policy) == {field.name for field in fields(begun.event.policy)}
    assert set(policy["rules"]) == {field.name for field in fields(begun.event.policy.rules)}

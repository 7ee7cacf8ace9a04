"""The question and its answer as the JSON that commands and addresses of users speak.

The question names the spans; the answer gives the counts of each, found by start and end. A span
that is left out is asked again; one that is there and makes no sense is not.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from agentramp.evidence.port import Answer, EvidenceError, Missing, Question, Span
from agentramp.judge.arms import parse_arm
from agentramp.judge.window import Arm, Window

_Key: TypeAlias = tuple[int, int]
_NOT_JSON: Final = 'print {"windows": [...]} or one window on each line, and nothing else'


def question_json(question: Question) -> bytes:
    return json.dumps(
        {
            "runtime": question.runtime,
            "endpoint": question.endpoint,
            "stable": question.stable,
            "canary": question.canary,
            "spans": [
                {
                    "start": span.start,
                    "end": span.end,
                    "settled": span.settled,
                    "weight": span.weight,
                }
                for span in question.spans
            ],
        }
    ).encode()


def read_answers(content: bytes, question: Question, source: str) -> tuple[Answer, ...]:
    """One answer for each span of ``question``; ``source`` names who said it.

    Raises EvidenceError where ``content`` is not JSON, or a window does not say which it is.
    """
    told: dict[_Key, list[Answer]] = {}
    asked = {_key(span.start, span.end): span for span in question.spans}
    for entry in _entries(content, source):
        key = _key_of(entry, source)
        if key in asked:
            told.setdefault(key, []).append(_answer(entry, asked[key]))
    return tuple(_settle(span, told.get(key, [])) for key, span in _keyed(question.spans))


def _keyed(spans: Iterable[Span]) -> Iterable[tuple[_Key, Span]]:
    return ((_key(span.start, span.end), span) for span in spans)


def _key(start: float, end: float) -> _Key:
    """To the millisecond, as not every program keeps all digits."""
    return round(start * 1000), round(end * 1000)


def _entries(content: bytes, source: str) -> list[object]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EvidenceError(f"{source} answered no UTF-8 text", advice=_NOT_JSON) from error
    if not text.strip():
        raise EvidenceError(f"{source} answered nothing", advice=_NOT_JSON)
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return _lines(text, source)
    match whole:
        case {"windows": list(windows)}:
            return windows
        case {"start": _, "end": _}:
            return [whole]
        case _:
            raise EvidenceError(f"the answer of {source} has no windows", advice=_NOT_JSON)


def _lines(text: str, source: str) -> list[object]:
    entries: list[object] = []
    # Not splitlines: a JSON text may hold U+2028 and the like.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            entries.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise EvidenceError(
                f"line {number} of the answer of {source} is not JSON", advice=_NOT_JSON
            ) from error
    return entries


def _key_of(entry: object, source: str) -> _Key:
    try:
        match entry:
            case {"start": int(start) | float(start), "end": int(end) | float(end)}:
                return _key(start, end)
            case _:
                pass
    except (ValueError, OverflowError):
        pass
    raise EvidenceError(
        f"a window in the answer of {source} has no start and end",
        advice="copy both from the span of the question that it answers",
    )


def _answer(entry: object, span: Span) -> Answer:
    try:
        return Window(
            span.start, span.end, _arm(entry, "canary"), _arm(entry, "stable"), span.weight
        )
    except ValueError as error:
        return Missing(span, str(error))


def _arm(entry: object, name: str) -> Arm:
    try:
        return parse_arm(entry.get(name) if isinstance(entry, Mapping) else None)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _settle(span: Span, answers: list[Answer]) -> Answer:
    """A window that is told twice counts once, where both say the same."""
    if not answers:
        return Missing(span, "the source has no counts of it yet", final=False)
    first, *others = answers
    if any(other != first for other in others):
        return Missing(span, "it is told more than once, with different counts")
    return first

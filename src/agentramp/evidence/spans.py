"""Which windows of a ramp are closed and not yet read."""

from collections.abc import Iterator

from agentramp.evidence.port import Answer, Missing, Span
from agentramp.judge.window import Window
from agentramp.ramp import Ramp, Tail

MOST = 500
"""Windows asked for in one tick; the next tick goes on where this one ends."""
GIVEN_UP = 10
"""After how many windows' time a span that a source has not got yet is passed over."""
LEAST = 1.0
"""A shorter end of a step, in seconds, is joined to the window before it, or left."""


def closed(ramp: Ramp, now: float) -> tuple[Span, ...]:
    """Windows never straddle a change of weight: they are counted from the last move.

    Within one the weights are constant, so an error rate that drifts hits both arms alike. What a
    former step has left comes first, at its own weight, so that no time goes unseen.
    """
    settle = ramp.policy.settle
    spans: list[Span] = []
    for tail in ramp.tails:
        spans += _cut(ramp, tail, whole=False)
    if ramp.weight:
        spans += _cut(ramp, Tail(ramp.stands_from, now - settle, ramp.weight), whole=True)
    return tuple(span for span in spans if span.settled <= now)[:MOST]


def _cut(ramp: Ramp, part: Tail, *, whole: bool) -> Iterator[Span]:
    window, settle = ramp.policy.window, ramp.policy.settle
    start = max(part.start, ramp.watermark)
    count = min(int(max(0.0, part.end - start) // window), MOST)
    if not whole and not count and part.end - start >= LEAST:
        yield Span(start, part.end, part.end + settle, part.weight)
    for number in range(1, count + 1):
        end = part.end if number == count and not whole else start + window
        yield Span(start, end, end + settle, part.weight)
        start = end


def taken(
    ramp: Ramp, spans: tuple[Span, ...], answers: tuple[Answer, ...], now: float
) -> tuple[tuple[Window, ...], float, str]:
    """The windows to judge, the new watermark, and why some were passed over, if any were.

    What a source may still learn is not passed over, until it is very late.
    """
    windows: list[Window] = []
    watermark, why = ramp.watermark, ""
    patience = max(GIVEN_UP * ramp.policy.window, 600.0)
    for span, answer in zip(spans, answers, strict=True):
        if isinstance(answer, Missing):
            if not answer.final and now - span.settled < patience:
                break
            why = answer.reason
        else:
            windows.append(answer)
        watermark = span.end
    return tuple(windows), watermark, why

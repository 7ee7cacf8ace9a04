"""Which windows of a ramp are closed and not yet read."""

from agentramp.evidence.port import Answer, Missing, Span
from agentramp.judge.window import Window
from agentramp.ramp import Ramp

MOST = 500
"""Windows asked for in one tick; the next tick goes on where this one ends."""
GIVEN_UP = 10
"""After how many windows' time a span that a source has not got yet is passed over."""


def closed(ramp: Ramp, now: float) -> tuple[Span, ...]:
    """Windows never straddle a change of weight: they are counted from the last move.

    Within one the weights are constant, so an error rate that drifts hits both arms alike.
    """
    policy = ramp.policy
    if ramp.weight == 0:
        return ()
    first = ramp.entered_at + policy.warm_up
    begin = max(first, ramp.watermark)
    count = int((now - policy.settle - begin) // policy.window)
    starts = [begin + number * policy.window for number in range(min(max(count, 0), MOST))]
    return tuple(
        Span(start, start + policy.window, start + policy.window + policy.settle, ramp.weight)
        for start in starts
    )


def taken(
    ramp: Ramp, spans: tuple[Span, ...], answers: tuple[Answer, ...], now: float
) -> tuple[tuple[Window, ...], float, str]:
    """The windows to judge, the new watermark, and why it skipped or stopped short, if it did.

    What a source may still learn is not passed over, until it is very late.
    """
    windows: list[Window] = []
    watermark, why = ramp.watermark, ""
    patience = max(GIVEN_UP * ramp.policy.window, 600.0)
    for span, answer in zip(spans, answers, strict=True):
        if isinstance(answer, Missing):
            why = answer.reason
            if not answer.final and now - span.settled < patience:
                break
        else:
            windows.append(answer)
        watermark = span.end
    return tuple(windows), watermark, why

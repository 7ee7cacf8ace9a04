"""Questions that tests ask, and the answers that a source of the user's may give."""

import json
from typing import Any

from agentramp.evidence.port import Question, Span

START = 1_700_000_000.0
SECONDS = 300.0


def span(number: int = 0, weight: int = 10) -> Span:
    start = START + number * SECONDS
    return Span(start, start + SECONDS, start + SECONDS + 60, weight)


def question(*spans: Span) -> Question:
    return Question("assistant", "production", 7, 8, spans or (span(),))


def told(number: int = 0, **arms: Any) -> dict[str, Any]:
    """A window as a source outside writes it; any part may be replaced."""
    one = span(number)
    return {
        "start": one.start,
        "end": one.end,
        "canary": {"sessions": 20, "bad": 1},
        "stable": {"sessions": 180, "bad": 2},
        **arms,
    }


def document(*windows: Any) -> bytes:
    return json.dumps({"windows": list(windows)}).encode()

"""What a hold waits for, where that is more than time and sessions.

A journal keeps a hold's sentence only, so the sentence is what tells one kind from another.
"""

from enum import Enum


class Wait(Enum):
    """The words of ``planning`` that each kind of hold bears."""

    PERSON = "waits for a person"
    CALENDAR = "hold: frozen "
    EVIDENCE = "no evidence"
    TIME = " took longer than "


def wait(reason: str) -> Wait | None:
    return next((kind for kind in Wait if kind.value in reason), None)

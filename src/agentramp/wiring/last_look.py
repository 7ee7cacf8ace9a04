"""What is read once more where a run is cut short, in the time that its end can spare."""

from collections.abc import Callable
from threading import Thread
from typing import Final, TypeVar

T = TypeVar("T")

PATIENCE: Final = 3.0
"""Seconds. Ten after it cancels a step a runner kills it, and the way back comes first."""


def in_time(read: Callable[[], T]) -> tuple[T | None, str]:
    """What ``read`` gives; or None, and why it gives nothing.

    A thread reads it, so that whoever is silent keeps nobody from the end of this run.
    """
    seen: list[T] = []
    faults: list[str] = []

    def look() -> None:
        try:
            seen.append(read())
        except Exception as error:  # noqa: BLE001 - the interruption is told anyway
            faults.append(str(error) or type(error).__name__)

    reader = Thread(target=look, daemon=True)
    reader.start()
    reader.join(PATIENCE)
    if seen:
        return seen[0], ""
    return None, faults[0] if faults else f"no answer in {PATIENCE:g} s"

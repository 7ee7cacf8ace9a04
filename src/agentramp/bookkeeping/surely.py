"""What is to be made once, though the answer that says so may be lost."""

from collections.abc import Callable
from typing import Final, TypeVar

import tenacity

from agentramp.bookkeeping.client import UnsureError
from agentramp.bookkeeping.patience import Patience

T = TypeVar("T")

_ATTEMPTS: Final = 3


def surely(patience: Patience, make: Callable[[], T], look: Callable[[], T | None]) -> T:
    """Where an answer was lost it is looked whether it was made, and only then made again."""
    again = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(UnsureError),
        stop=tenacity.stop_after_attempt(_ATTEMPTS),
        sleep=patience.endure,
        wait=lambda state: patience.backoff(state.attempt_number - 1),
        reraise=True,
    )
    for attempt in again:
        with attempt:
            if attempt.retry_state.attempt_number > 1 and (found := look()) is not None:
                return found
            return make()
    raise AssertionError  # the last attempt returns or raises

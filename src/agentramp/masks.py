"""Secrets as platforms show them: not at all, or masked."""

from typing import Final

_MASKS: Final = frozenset("*xX•")
_RUN: Final = "***"


def is_hidden(shown: str | None) -> bool:
    """Whether ``shown`` tells nothing of a secret, so that nobody can say whether it is the same.

    A text of several values hides one of them where it holds a run of asterisks.
    """
    return not shown or _MASKS.issuperset(shown) or _RUN in shown

"""This machine's terminal, lent to a program far away."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from agentramp.errors import UsageError


def window(descriptor: int) -> tuple[int, int]:
    """Rows and columns."""
    try:
        size = os.get_terminal_size(descriptor)
    except OSError:
        return 24, 80
    return size.lines, size.columns


@contextmanager
def raw(descriptor: int) -> Iterator[None]:
    """Every key goes through as it is typed; whatever happens, the terminal is put back."""
    try:
        import termios  # noqa: PLC0415 - not on every system
        import tty  # noqa: PLC0415 - as above
    except ImportError as error:
        raise UsageError(
            "this system has no terminal that can be lent to a shell",
            advice="give the command itself: agentramp instances exec -- ls",
        ) from error
    before = termios.tcgetattr(descriptor)
    try:
        tty.setraw(descriptor)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)

"""A file's bytes, bounded, or why it cannot be read."""

import os
from pathlib import Path

from agentramp.config.text import MAX_BYTES


class Unreadable(Exception):  # noqa: N818 - a reason, told by who asked for the file
    """``what`` follows the file's name in a sentence."""

    def __init__(self, what: str, *, is_file: bool) -> None:
        super().__init__(what)
        self.what = what
        self.is_file = is_file


def bytes_of(file: Path) -> bytes:
    """Read at most one byte more than allowed, so that a huge file costs nothing.

    Raises Unreadable.
    """
    try:
        if not file.is_file():
            what = "is no file" if os.path.lexists(file) else "does not exist"
            raise Unreadable(what, is_file=False)
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Unreadable(f"cannot be read: {reason}", is_file=True) from error

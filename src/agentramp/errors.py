"""The errors every part may raise, each with the exit code it ends the process with.

A port defines its own errors beside its Protocol; they are children of these.
The codes are a promise to callers and are documented in ``docs/reference/exit-codes.md``.
"""

from typing import ClassVar


class AgentrampError(Exception):
    """What went wrong and, in ``advice``, what to do about it.

    The message says where, what and the usual cause; the advice is the sentence a person
    reads last and acts on. ``exit_code`` 1 means a bug of ours: nothing raises the base class.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class UsageError(AgentrampError):
    """The command line or the configuration asks for something that makes no sense."""

    exit_code = 2


class RefusedError(AgentrampError):
    """Something outside refused or could not be reached.

    Traffic is where it was: nothing was moved, or the way back succeeded.
    """

    exit_code = 3


class WayBackFailedError(AgentrampError):
    """The change failed and so did the way back: the traffic state is unknown."""

    exit_code = 5


class SupersededError(AgentrampError):
    """Another run holds the release, or what was observed no longer matches the plan."""

    exit_code = 6


class UnsupportedError(AgentrampError):
    """The platform has no such ability."""

    exit_code = 7


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM came while traffic was at stake.

    ``message`` says where traffic is now, ``advice`` what goes on by itself and what stops it.
    """

    exit_code: ClassVar[int] = 130

    def __init__(self, message: str, *, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

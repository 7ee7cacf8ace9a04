"""What can go wrong while a package is built."""

from collections.abc import Iterator
from contextlib import contextmanager

from agentramp.errors import RefusedError, UsageError


class BuildError(UsageError):
    """The source folder or its requirements cannot become a package."""


class RegistryError(RefusedError):
    """The package registry refused or could not be reached; nothing was written."""


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what the system says about an unreadable file into a BuildError that names it."""
    try:
        yield
    except OSError as error:
        raise BuildError(
            f"{name} cannot be read: {error.strerror or error}",
            advice="check its owner and mode, or name it in .fcignore",
        ) from error

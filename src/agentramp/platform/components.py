"""The components port: what agentramp needs of a server that mounts components into applications.

Beside ``platform.port``, for a place that keeps one version of each component and splits no
traffic. The errors are that port's. Every call returns when its effect has been read back.
"""

from typing import Protocol

from agentramp.component import Application, Bundle, Component


class Components(Protocol):
    """One application on one server."""

    def now(self) -> float:
        """The server's clock, in seconds since 1970-01-01 UTC; this machine's before any answer."""
        ...

    def observe(self) -> Application:
        """Read the application and its components; raises NotFoundError where there is none."""
        ...

    def install(self, bundle: Bundle, mount_point: str) -> Component:
        """Install or replace a component, and wait until it runs at the bundle's version.

        Raises AlreadyExistsError where another component has ``mount_point`` (``untouched``),
        NotReadyError where it ends stopped or broken, NotAppliedError where another version runs.
        """
        ...

    def remove(self, did: str) -> None:
        """Remove a component and wait until it is gone; one that is not there is done."""
        ...

    def answers(self, mount_point: str, page: str = "") -> int:
        """The HTTP status of the page at ``mount_point``, or of ``page`` below it, as a user asks.

        Raises UnreachableError where nothing answers. Redirects that stay there are followed.
        """
        ...

"""The platform port: what agentramp needs of any place an agent can run.

Every call returns when its effect has been read back, so a caller never assumes. An adapter
does not know why it is called: it never sees a plan, a journal or a command line.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from agentramp.errors import RefusedError
from agentramp.model import (
    Artifact,
    Endpoint,
    Observed,
    Runtime,
    RuntimeSpec,
    Split,
    Workspace,
)


class PlatformError(RefusedError):
    """The platform refused; ``code`` and ``request_id`` are its own, where it gave any.

    ``untouched`` says for sure that nothing had been asked to change yet.
    """

    untouched = False

    def __init__(
        self, message: str, *, code: str = "", request_id: str = "", advice: str = ""
    ) -> None:
        details = [part for part in (code, request_id and f"request id {request_id}") if part]
        super().__init__(message + (f" ({', '.join(details)})" if details else ""), advice=advice)
        self.code = code
        self.request_id = request_id


class UnreachableError(PlatformError):
    """No answer came, after all the retries the adapter allows itself."""


class NotReadyError(PlatformError):
    """A runtime or endpoint ended in a failed state, or did not become ready in time."""


class NotAppliedError(PlatformError):
    """The platform said yes, but reading back showed something else."""


class NotFoundError(PlatformError):
    """The platform has no such thing."""


class AlreadyExistsError(PlatformError):
    """The name is taken."""


@contextmanager
def untouched() -> Iterator[None]:
    """What fails inside has changed nothing, and says so."""
    try:
        yield
    except PlatformError as error:
        error.untouched = True
        raise


class Platform(Protocol):
    """Runtimes and endpoints are addressed by the ids the platform gave them."""

    def now(self) -> float:
        """The platform's clock, in seconds since 1970-01-01 UTC; this machine's is never trusted.

        Known from the platform's last answer, and this machine's before the first one.
        """
        ...

    def observe(self, runtime_name: str) -> Observed:
        """Read the runtime, its versions and its endpoints; all pages of each."""
        ...

    def create_runtime(self, spec: RuntimeSpec, artifact: Artifact | None) -> Runtime:
        """Make the runtime and wait until it is ready."""
        ...

    def update_runtime(
        self, runtime_id: str, spec: RuntimeSpec, artifact: Artifact | None
    ) -> Runtime:
        """Change the head and wait until it is ready; no artifact leaves the code as it is."""
        ...

    def await_runtime(self, runtime_id: str) -> Runtime:
        """Wait until a change that was begun elsewhere has ended; raises NotReadyError."""
        ...

    def published_spec(self, runtime_id: str, number: int) -> RuntimeSpec:
        """What a published version froze."""
        ...

    def publish_version(self, runtime_id: str, description: str) -> int:
        """Freeze the head and give the new version's number."""
        ...

    def create_endpoint(
        self, runtime_id: str, name: str, split: Split, description: str = ""
    ) -> Endpoint:
        """Make an endpoint with this split and wait until it is ready."""
        ...

    def describe_endpoint(self, runtime_id: str, endpoint_id: str, description: str) -> Endpoint:
        """Change the words about an endpoint and nothing else."""
        ...

    def delete_endpoint(self, runtime_id: str, endpoint_id: str) -> None:
        """Remove an endpoint and wait until it is gone; one that is not there is done."""
        ...

    def delete_runtime(self, runtime_id: str) -> None:
        """Remove a runtime that has no endpoints, with its versions; as ``delete_endpoint``."""
        ...

    def workspaces(self) -> tuple[Workspace, ...]:
        """All workspaces of the account in this region."""
        ...

    def create_workspace(self, wanted: Workspace) -> Workspace:
        """Make a workspace; raises AlreadyExistsError where the name is taken."""
        ...

    def get_endpoint(self, runtime_id: str, endpoint_id: str) -> Endpoint:
        """Read one endpoint."""
        ...

    def set_split(self, runtime_id: str, endpoint_id: str, split: Split) -> Endpoint:
        """Move traffic, wait until ready, read back and compare.

        Raises NotAppliedError where what was read differs from ``split``.
        """
        ...

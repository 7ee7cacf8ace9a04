"""The port of what a runtime stands on in the account: its role and its network."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Cloud(Protocol):
    """Each may raise RefusedError. That one may not look says nothing of what is there."""

    def role_trusts(self, name: str) -> Sequence[str] | None:
        """The services that may take on a role; None where there is no such role."""
        ...

    def switches(self, ids: Sequence[str]) -> Mapping[str, str]:
        """The VPC of each vSwitch that exists."""
        ...

    def security_group(self, group_id: str) -> str | None:
        """The VPC that a security group belongs to; None where there is no such group."""
        ...

"""An account in memory: the shipped fake of ``Cloud``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class MemoryCloud:
    """``roles`` with the services they trust; the VPC of each vSwitch and security group."""

    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    vswitches: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)

    def role_trusts(self, name: str) -> Sequence[str] | None:
        return self.roles.get(name)

    def switches(self, ids: Sequence[str]) -> Mapping[str, str]:
        return {name: self.vswitches[name] for name in ids if name in self.vswitches}

    def security_group(self, group_id: str) -> str | None:
        return self.groups.get(group_id)

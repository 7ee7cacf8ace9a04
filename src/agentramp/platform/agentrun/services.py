"""Where the vendor's services answer: one place for each host name, by region.

``AGENTRUN_CONTROL_ENDPOINT`` moves the control plane, ``FC_CLIENT_CUSTOM_ENDPOINT`` Function
Compute and ``FC_CODE_TEMP_OSS_ENDPOINT`` the upload, as they do for the vendor's own tools. A
control plane on this machine is the embedded platform, and there all of them are at its address.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from agentramp.exchange import is_loopback

_OLD_HOSTS: Final = {
    ("vpc", "cn-hangzhou"): "vpc.aliyuncs.com",
    ("ecs", "cn-hangzhou"): "ecs-cn-hangzhou.aliyuncs.com",
}
"""Hosts that do not follow the rule, as the vendor's own clients know them."""


@dataclass(frozen=True)
class Services:
    """``account`` is asked for only where a host name has it in it."""

    region: str
    control: str
    account: Callable[[], str] = field(repr=False)
    functions_override: str | None = None
    upload_override: str | None = None
    tokens_override: str | None = None

    @classmethod
    def of(cls, region: str, account: Callable[[], str], environ: Mapping[str, str]) -> "Services":
        return cls(
            region=region,
            control=_moved("AGENTRUN_CONTROL_ENDPOINT", environ)
            or f"https://agentrun.{region}.aliyuncs.com",
            account=account,
            functions_override=_moved("FC_CLIENT_CUSTOM_ENDPOINT", environ),
            upload_override=_moved("FC_CODE_TEMP_OSS_ENDPOINT", environ),
            tokens_override=_tokens(region, environ),
        )

    @property
    def is_local(self) -> bool:
        return is_loopback(self.control)

    @property
    def functions(self) -> str:
        """Function Compute 3.0, API 2023-03-30."""
        if self.functions_override or self.is_local:
            return self.functions_override or self.control
        return f"https://fcv3.{self.region}.aliyuncs.com"

    def classic_functions(self) -> str:
        """Function Compute 2.0: the temporary bucket and the socket of ``exec``."""
        if self.functions_override or self.is_local:
            return self.functions_override or self.control
        return f"https://{self.account()}.{self.region}.fc.aliyuncs.com"

    def upload(self, bucket: str) -> str:
        """The bucket's own address; on this machine buckets are the first part of a path."""
        if self.is_local:
            return f"{self.upload_override or self.control}/{bucket}"
        host = self.upload_override or "https://oss-accelerate.aliyuncs.com"
        scheme, _, name = host.rpartition("://")
        return f"{scheme or 'https'}://{bucket}.{name}"

    def logs(self, project: str | None = None) -> str:
        """The log service, or one project of it."""
        if self.is_local:
            return self.control
        host = f"{self.region}.log.aliyuncs.com"
        return f"https://{project}.{host}" if project else f"https://{host}"

    @property
    def tokens(self) -> str:
        """The security token service (STS)."""
        if self.is_local:
            return self.control
        return self.tokens_override or f"https://sts.{self.region}.aliyuncs.com"

    @property
    def roles(self) -> str:
        """The access management (RAM), which has one place for all regions."""
        return self.control if self.is_local else "https://ram.aliyuncs.com"

    @property
    def networks(self) -> str:
        """VPC, where vSwitches are known."""
        return self.control if self.is_local else self._regional("vpc")

    @property
    def security_groups(self) -> str:
        """ECS, where security groups are known."""
        return self.control if self.is_local else self._regional("ecs")

    def _regional(self, service: str) -> str:
        host = _OLD_HOSTS.get((service, self.region), f"{service}.{self.region}.aliyuncs.com")
        return f"https://{host}"


def _moved(variable: str, environ: Mapping[str, str]) -> str | None:
    """An address of the environment; a bare host is one by https."""
    address = environ.get(variable, "").rstrip("/")
    return address if "://" in address or not address else f"https://{address}"


def _tokens(region: str, environ: Mapping[str, str]) -> str | None:
    """STS elsewhere, as the vendor's own clients are told it."""
    place = environ.get("ALIBABA_CLOUD_STS_REGION", "")
    inside = environ.get("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "").lower() == "true"
    if not (place or inside):
        return None
    return f"https://{'sts-vpc' if inside else 'sts'}.{place or region}.aliyuncs.com"

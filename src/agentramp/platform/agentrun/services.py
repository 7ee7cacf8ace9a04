"""Where the vendor's services answer: one place for each host name, by region.

``AGENTRUN_CONTROL_ENDPOINT`` moves the control plane, ``FC_CLIENT_CUSTOM_ENDPOINT`` Function
Compute and ``FC_CODE_TEMP_OSS_ENDPOINT`` the upload, as they do for the vendor's own tools. A
control plane on this machine is the embedded platform, and there all of them are at its address.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agentramp.platform.agentrun.client import is_loopback


@dataclass(frozen=True)
class Services:
    """``account`` is asked for only where a host name has it in it."""

    region: str
    control: str
    account: Callable[[], str] = field(repr=False)
    functions_override: str | None = None
    upload_override: str | None = None

    @classmethod
    def of(cls, region: str, account: Callable[[], str], environ: Mapping[str, str]) -> "Services":
        control = environ.get("AGENTRUN_CONTROL_ENDPOINT", "").rstrip("/")
        return cls(
            region=region,
            control=control or f"https://agentrun.{region}.aliyuncs.com",
            account=account,
            functions_override=environ.get("FC_CLIENT_CUSTOM_ENDPOINT", "").rstrip("/") or None,
            upload_override=environ.get("FC_CODE_TEMP_OSS_ENDPOINT", "").rstrip("/") or None,
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
        return self.control if self.is_local else f"https://sts.{self.region}.aliyuncs.com"

"""The place that a URL names, in the one form in which two of them are compared."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from agentramp.errors import UsageError
from agentramp.exchange import check_address

_PORTS: Final = {"https": 443, "http": 80}
_IN_NO_NAME: Final = frozenset(" \\%<>\"'`{}|^")


@dataclass(frozen=True)
class Place:
    """``name`` is in small letters, without the dot that may end it and without brackets."""

    scheme: str
    name: str
    port: int

    @property
    def netloc(self) -> str:
        """Host and port, without the port that goes without saying."""
        return self._host if self.port == _PORTS[self.scheme] else self.with_port

    @property
    def with_port(self) -> str:
        return f"{self._host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.netloc}"

    @property
    def _host(self) -> str:
        return f"[{self.name}]" if ":" in self.name else self.name


def place(url: str, what: str) -> Place:
    """Where ``url`` leads; raises UsageError unless it is https, or http to this machine.

    ``what`` is whose address it is, as a person is told. Nothing that is a secret is told.
    """
    check_address(url, what)
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise UsageError(
            f"the address of {what} holds a user or a password",
            advice="leave them out: URLs end up in logs",
        )
    name = (parts.hostname or "").rstrip(".")
    if not name or not name.isprintable() or set(name) & _IN_NO_NAME:
        raise UsageError(f"the address of {what} names no host that there can be", advice="mend it")
    return Place(parts.scheme, name, _port(parts, what))


def _port(parts: SplitResult, what: str) -> int:
    try:
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError:
        port = 0
    if port:
        return port
    raise UsageError(
        f"the address of {what} has no port that exists",
        advice="ports go from 1 to 65535; without one, https goes to 443",
    )

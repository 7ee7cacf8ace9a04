"""Whom a request may come from: programs of this machine, and no page that a browser shows.

A name of somebody's may lead to this machine (DNS rebinding); a browser then tells us that name as
the Host. And it tells as the Origin which page asks.
"""

import ipaddress
from collections.abc import Mapping

from agentramp.local.refusal import RefusalError

_LOOPBACK = "127.0.0.1"
_LOCALHOST = "localhost"


def check_visitor(headers: Mapping[str, str]) -> None:
    """Raises RefusalError. A client may put a project or a bucket before this machine's name."""
    host = headers.get("Host", "")
    if host and not _is_ours(host):
        raise RefusalError(
            421, "ERR_MISDIRECTED_REQUEST", "this platform answers to names of this machine only"
        )
    if "Origin" in headers:
        raise RefusalError(403, "ERR_FORBIDDEN", "this platform is for no page of a browser")


def _is_ours(host: str) -> bool:
    name = _without_port(host).lower()
    if name in {_LOCALHOST, _LOOPBACK} or name.endswith((f".{_LOCALHOST}", f".{_LOOPBACK}")):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host

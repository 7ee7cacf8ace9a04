"""Whom a request may come from: programs of this machine, and no page that a browser shows.

A name of somebody's may lead to this machine (DNS rebinding); a browser then tells us that name as
the Host. And it tells as the Origin which page asks.
"""

import ipaddress
import re
from collections.abc import Mapping

from agentramp.local.refusal import RefusalError

_LOOPBACK = "127.0.0.1"
_LOCALHOST = "localhost"
_BEFORE = re.compile(r"(.+)\.(?:localhost|127\.0\.0\.1|oss-[a-z0-9-]+\.aliyuncs\.com)")


def check_visitor(headers: Mapping[str, str]) -> None:
    """Raises RefusalError. A client may put a project or a bucket before this machine's name.

    The vendor's storage client of Node.js tells the service's own name to an address that is an IP.
    """
    host = headers.get("Host", "")
    is_for_storage = headers.get("Authorization", "").startswith("OSS") and put_before(host)
    if host and not _is_ours(host) and not is_for_storage:
        raise RefusalError(
            421, "ERR_MISDIRECTED_REQUEST", "this platform answers to names of this machine only"
        )
    if "Origin" in headers:
        raise RefusalError(403, "ERR_FORBIDDEN", "this platform is for no page of a browser")


def put_before(host: str) -> str:
    """The project or bucket that stands before this machine's name, or the storage's; else none."""
    found = _BEFORE.fullmatch(_without_port(host).lower())
    return found[1] if found else ""


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

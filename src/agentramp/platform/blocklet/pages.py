"""A component's page, asked as a user asks it.

An application has a domain of its own. Where that name does not resolve (a server on a private
network, or on this machine), the server is asked at its address, with that name in ``Host``.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

from agentramp.exchange import ExchangeError, Letter
from agentramp.platform.blocklet.calls import Line, unreachable
from agentramp.platform.port import UnreachableError

SECONDS: Final = 30.0
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST: Final = 5


def resolves(name: str) -> bool:
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        return False
    return True


@dataclass(frozen=True)
class Pages:
    """Pages of the application at ``url``, which lives on the server at ``origin``."""

    url: str
    origin: str
    line: Line
    resolves: Callable[[str], bool] = resolves

    def status(self, mount_point: str, page: str = "") -> int:
        """The page's status; a redirect below ``mount_point`` is followed, others are the answer.

        Raises UnreachableError.
        """
        root = mount_point.rstrip("/")
        path = f"{root}/{page.lstrip('/')}"
        for _ in range(_MOST):
            status, led = self._ask(path)
            path = self._path(path, led)
            if status not in _REDIRECTS or not (path + "/").startswith(root + "/"):
                return status
        raise UnreachableError(f"the page at {mount_point} leads in a circle")

    def _ask(self, path: str) -> tuple[int, str]:
        """Its status, and where it leads."""
        name = urlsplit(self.url).netloc
        direct = not name or self.resolves(urlsplit(self.url).hostname or "")
        base = self.url if name and direct else self.origin
        headers = {} if direct else {"Host": name}
        letter = Letter(base + path, b"", headers=headers, method="GET")
        try:
            reply = self.line.send("page", letter, SECONDS)
        except ExchangeError as error:
            raise unreachable(error) from error
        return reply.status, reply.headers.get("location", "")

    def _path(self, path: str, led: str) -> str:
        """The path that ``led`` names on the application; '' elsewhere."""
        base = self.url or self.origin
        parts = urlsplit(urljoin(base + path, led))
        here = {urlsplit(base).hostname, urlsplit(self.origin).hostname}
        query = f"?{parts.query}" if parts.query else ""
        return parts.path + query if parts.hostname in here else ""

"""Where a Blocklet Server takes its calls: found by asking the address that was named.

An address is a server's or an application's. A signature goes to the origin that was named, where
a server answers there. An application's own domain mostly hides the server's interface; then the
signature goes where the vendor's own tool sends it: over https, to the domain of the server's DID,
which the application names and whose certificate shows that it is that server.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from agentramp.errors import UsageError
from agentramp.exchange import Letter, check_address, host
from agentramp.platform.blocklet.calls import Line
from agentramp.platform.blocklet.did import host_label, is_did
from agentramp.platform.port import NotFoundError

_DOMAIN: Final = ".did.abtnet.io"
_OK: Final = 200


@dataclass(frozen=True)
class Place:
    """``gql`` is where calls go, ``origin`` where the server answers, ``app`` the application.

    ``page`` is the application's own address, '' where only the server's was named.
    """

    gql: str
    origin: str
    app: str
    page: str = ""


def find(url: str, app: str, line: Line) -> Place:
    """Raises UsageError, NotFoundError or UnreachableError."""
    check_address(url, "the Blocklet Server")
    origin = _origin(url)
    about = _json(line, f"{origin}/__blocklet__.js?type=json")
    if about is None:
        return _server(origin, _named(app), line)
    server_did = about.get("serverDid")
    if not isinstance(server_did, str) or not is_did(server_did):
        raise UsageError(
            f"{host(url)} answers as an inner port of a Blocklet Server, not as one",
            advice="usual cause: port 8089; name the address at which browsers reach the server",
        )
    return _application(origin, _agreed(about, app, url), server_did, line)


def _application(origin: str, app: str, server_did: str, line: Line) -> Place:
    path = _admin_path(line, origin)
    if path is not None:
        return Place(origin + path, origin, app, origin)
    place = _server(f"https://{host_label(server_did)}{_DOMAIN}", app, line)
    return Place(place.gql, place.origin, app, origin)


def _server(origin: str, app: str, line: Line) -> Place:
    path = _admin_path(line, origin)
    if path is None:
        raise NotFoundError(
            f"no Blocklet Server answers at {host(origin)}",
            advice="name the address of the server, or of an application on it",
        )
    return Place(origin + path, origin, app)


def _admin_path(line: Line, origin: str) -> str | None:
    document = _json(line, f"{origin}/.well-known/did.json")
    services = document.get("services") if document else None
    for service in services if isinstance(services, list) else []:
        path = service.get("path") if isinstance(service, dict) else None
        # A path that begins with two slashes would be another host.
        if (
            isinstance(path, str)
            and service.get("type") == "server"
            and path[:1] == "/" != path[1:2]
        ):
            return path.rstrip("/") + "/api/gql"
    return None


def _named(app: str) -> str:
    if not app:
        raise UsageError(
            "the address is a server's, and the application on it is not named",
            advice="add the application's DID (--app), or name the application's own address",
        )
    return app


def _agreed(about: Mapping[str, Any], app: str, url: str) -> str:
    ids = [about.get(key) for key in ("appPid", "appId", "did")]
    known = [one for one in ids if isinstance(one, str) and one]
    if app and known and app not in known:
        raise UsageError(
            f"{host(url)} is application {known[0]}, and {app} was named",
            advice="leave the application's DID away, or name the server's own address",
        )
    if not (app or known):
        raise NotFoundError(f"{host(url)} does not say which application it is")
    return known[0] if known else app


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _json(line: Line, url: str) -> Mapping[str, Any] | None:
    """None where something answers, but no JSON object."""
    reply = line.read("discover", lambda: Letter(url, b"", method="GET"))
    try:
        body = json.loads(reply.content) if reply.status == _OK else None
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None

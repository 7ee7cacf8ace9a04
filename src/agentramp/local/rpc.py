"""The services with one path: the action and its parameters stand in the query or in a form.

The action and the version may be headers too, as the vendor's own clients send them.
"""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from agentramp.local.auth import Received
from agentramp.local.control import Plane
from agentramp.local.refusal import RefusalError

PATH = "/"
_FORM = "application/x-www-form-urlencoded"

Parameters = Mapping[str, str]
Data = dict[str, object]
Operation = Callable[[Plane, Received, Parameters], Data]
Table = Mapping[str, Mapping[str, Operation]]
"""By the version, which tells one service from another, and the action."""


def answer(plane: Plane, request: Received, table: Table) -> Data:
    """What goes back, but for its RequestId. Raises RefusalError."""
    given = _parameters(request)
    action = given.get("Action") or request.headers.get("x-acs-action", "")
    version = given.get("Version") or request.headers.get("x-acs-version", "")
    if version not in table:
        raise RefusalError(400, "InvalidVersion", f"Version must be {' or '.join(sorted(table))}")
    if given.get("Format", "JSON").upper() != "JSON":
        raise RefusalError(400, "UnsupportedFormat", "Format must be JSON")
    operation = table[version].get(action)
    if operation is None:
        raise RefusalError(404, "InvalidAction.NotFound", f"there is no action '{action}'")
    return operation(plane, request, given)


def refused(refusal: RefusalError, request_id: str, host: str) -> web.Response:
    told = {
        "RequestId": request_id,
        "HostId": host,
        "Code": refusal.code,
        "Message": refusal.message,
    }
    return web.json_response(told, status=refusal.status)


def _parameters(request: Received) -> Parameters:
    pairs = parse_qsl(request.query, keep_blank_values=True)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
        pairs += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RefusalError(400, "InvalidParameter", "a parameter is given twice")
    return found

"""Operations of ours for the operator: who is trusted, what networks there are, ending sessions."""

import json

from agentramp.local import shown
from agentramp.local.control import Answer, Call, Plane, Table


async def add_provider(plane: Plane, call: Call) -> Answer:
    found = plane.trust.add_provider(call.body)
    return Answer(shown.Json(json.dumps({"arn": found.arn, "keys": len(found.keys)})))


async def add_role(plane: Plane, call: Call) -> Answer:
    found = plane.trust.add_role(call.body)
    return Answer(
        shown.Json(json.dumps({"arn": found.arn, "sessionSeconds": found.session_seconds}))
    )


async def add_network(plane: Plane, call: Call) -> Answer:
    found = plane.networks.add(call.body)
    return Answer(shown.Json(json.dumps({"vpcId": found.vpc_id})))


async def end_sessions(plane: Plane, _: Call) -> Answer:
    """Every temporary key has expired from now on: a deploy can be watched renewing its own."""
    return Answer(shown.Json(json.dumps({"ended": plane.keys.expire_all(plane.now())})))


GRANTS: Table = {
    ("PUT", "/agentramp/oidc-providers"): add_provider,
    ("PUT", "/agentramp/roles"): add_role,
    ("PUT", "/agentramp/networks"): add_network,
    ("DELETE", "/agentramp/sessions"): end_sessions,
}

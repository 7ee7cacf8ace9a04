"""The control plane's operations on endpoints."""

import secrets

from agentramp.local import shown, wire
from agentramp.local.control import Answer, Call, Plane, Table, paged
from agentramp.local.records import Endpoint, Route, Runtime, Status
from agentramp.local.refusal import conflict, invalid
from agentramp.local.runtimes import named

INVOCATIONS = "/agent-runtimes/{runtime}/endpoints/{endpoint}/invocations"


async def create_endpoint(plane: Plane, call: Call) -> Answer:
    runtime = plane.runtime(call.names[0])
    sent = wire.read_endpoint(call.body)
    _check_versions(plane, runtime, sent.route)
    now = plane.now()
    endpoint = Endpoint(
        id=secrets.token_hex(16),
        runtime_id=runtime.id,
        name=sent.name,
        document=sent.document,
        route=None,
        wanted=sent.route,
        status=Status.CREATING,
        reason="",
        created_at=now,
        updated_at=now,
    )
    if not plane.store.add_endpoint(endpoint):
        raise conflict(f"agent runtime endpoint '{sent.name}' already exists")
    plane.lifecycle.settle_endpoint(endpoint.id)
    return Answer(_shown(plane, runtime, endpoint))


async def update_endpoint(plane: Plane, call: Call) -> Answer:
    runtime, endpoint = plane.endpoint(*call.names)
    sent = wire.read_endpoint(call.body, endpoint)
    _check_versions(plane, runtime, sent.route)
    plane.store.change_endpoint(endpoint.id, sent.document, sent.route, plane.now())
    plane.lifecycle.settle_endpoint(endpoint.id)
    return Answer(_shown(plane, *plane.endpoint(*call.names)))


def _check_versions(plane: Plane, runtime: Runtime, route: Route) -> None:
    for label in route.labels:
        if plane.store.revision_of(runtime, label) is None:
            raise invalid(f"version {label} of agent runtime '{runtime.name}' does not exist")


async def get_endpoint(plane: Plane, call: Call) -> Answer:
    return Answer(_shown(plane, *plane.endpoint(*call.names)))


async def list_endpoints(plane: Plane, call: Call) -> Answer:
    runtime = plane.runtime(call.names[0])
    found = [
        _shown(plane, runtime, endpoint)
        for endpoint in plane.store.endpoints(runtime.id)
        if named(call, "endpointName", endpoint.name)
    ]
    return Answer(paged(call, found))


async def delete_endpoint(plane: Plane, call: Call) -> Answer:
    runtime, endpoint = plane.endpoint(*call.names)
    plane.routes.remove(runtime.name, endpoint.name)
    plane.ledger.forget_endpoint(endpoint.id, runtime.name, endpoint.name)
    plane.store.delete_endpoint(endpoint.id)
    plane.lifecycle.reconcile()
    return Answer(_shown(plane, runtime, endpoint))


def _shown(plane: Plane, runtime: Runtime, endpoint: Endpoint) -> shown.Json:
    url = plane.data_url + INVOCATIONS.format(runtime=runtime.name, endpoint=endpoint.name)
    live = plane.routes.find(runtime.name, endpoint.name)
    agents = live.agents.values() if live else ()
    running = len({agent.instance.id for agent in agents if agent.instance})
    return shown.endpoint_json(plane.identity, runtime, endpoint, url, running)


ENDPOINTS: Table = {
    ("POST", "/agents/runtimes/*/endpoints"): create_endpoint,
    ("GET", "/agents/runtimes/*/endpoints"): list_endpoints,
    ("PUT", "/agents/runtimes/*/endpoints/*"): update_endpoint,
    ("GET", "/agents/runtimes/*/endpoints/*"): get_endpoint,
    ("DELETE", "/agents/runtimes/*/endpoints/*"): delete_endpoint,
}

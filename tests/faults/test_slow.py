"""An answer that comes later than a run waits for it."""

import random
import time
from typing import Any

import pytest
import requests

from agentramp.model import Split
from agentramp.platform.agentrun.adapter import AgentRun
from agentramp.platform.agentrun.client import Client
from agentramp.platform.agentrun.signing import Credentials
from tests.faults.faults import Call, Fault, Ledger
from tests.faults.proxy import LATE_SECONDS
from tests.faults.world import World


class Hasty(requests.Session):
    """Waits for an answer half as long as the late one takes."""

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        return super().send(request, **{**more, "timeout": LATE_SECONDS / 2})


@pytest.fixture
def hasty(world: World) -> AgentRun:
    server = world.server
    key = Credentials(server.access_key_id, server.access_key_secret)
    client = Client(
        world.route,
        lambda: key,
        time.time,
        lambda _: None,
        lambda: random.randbytes(16).hex(),
        random.random,
        Hasty(),
    )
    return AgentRun(client)


def late(world: World, action: str) -> Ledger:
    ledger = Ledger(Fault.LATE, Call(action, 1))
    for proxy in world.proxies:
        proxy.ledger = ledger
    return ledger


def test_what_was_made_meanwhile_is_made_once(world: World, hasty: AgentRun) -> None:
    case = world.case()
    name = f"{case.name}-one"
    runtime = world.make(name)
    for action, make in (
        ("PublishRuntimeVersion", lambda: hasty.publish_version(runtime, "late")),
        ("CreateAgentRuntimeEndpoint", lambda: hasty.create_endpoint(runtime, "late", Split(1))),
    ):
        ledger = late(world, action)
        make()
        assert ledger.struck
    seen = world.platform.observe(name)
    assert [(one.number, one.description) for one in seen.versions] == [(1, "late")]
    assert [(one.name, one.split) for one in seen.endpoints] == [("late", Split(1))]
    case.discard(name)

"""An answer that comes later than a run waits for it."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from agentramp.model import Split
from agentramp.platform.agentrun.adapter import AgentRun
from agentramp.platform.agentrun.client import Client
from agentramp.platform.agentrun.signing import Credentials
from tests.faults.faults import Call, Fault, Ledger
from tests.faults.world import World

PATIENCE = 1.0
"""Seconds: many times what an answer takes that is not late, on a machine with much to do too."""


class Hasty(requests.Session):
    """Waits for an answer half as long as the late one takes."""

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        return super().send(request, **{**more, "timeout": PATIENCE})


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


@contextmanager
def late(world: World, action: str) -> Iterator[Ledger]:
    ledger = Ledger(Fault.LATE, Call(action, 1))
    before = [proxy.late for proxy in world.proxies]
    for proxy in world.proxies:
        proxy.ledger, proxy.late = ledger, 2 * PATIENCE
    yield ledger
    for proxy, seconds in zip(world.proxies, before, strict=True):
        proxy.late = seconds


def test_what_was_made_meanwhile_is_made_once(world: World, hasty: AgentRun) -> None:
    case = world.case()
    name = f"{case.name}-one"
    runtime = world.make(name)
    for action, make in (
        ("PublishRuntimeVersion", lambda: hasty.publish_version(runtime, "late")),
        ("CreateAgentRuntimeEndpoint", lambda: hasty.create_endpoint(runtime, "late", Split(1))),
    ):
        with late(world, action) as ledger:
            make()
        assert ledger.struck
    seen = world.platform.observe(name)
    assert [(one.number, one.description) for one in seen.versions] == [(1, "late")]
    assert [(one.name, one.split) for one in seen.endpoints] == [("late", Split(1))]
    case.discard(name)

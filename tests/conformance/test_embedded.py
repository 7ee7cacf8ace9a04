"""The AgentRun adapter against the embedded platform: real HTTP, real processes."""

import random
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentramp.local import daemon
from agentramp.platform.agentrun.adapter import AgentRun
from agentramp.platform.agentrun.client import Client
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.port import Platform
from tests.conformance.platform_suite import PlatformSuite


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemon.Server]:
    home: Path = tmp_path_factory.mktemp("home")
    yield daemon.start(home)
    daemon.stop(home, timeout=30)


class TestEmbedded(PlatformSuite):
    @pytest.fixture
    def platform(self, server: daemon.Server) -> Platform:
        key = Credentials(server.access_key_id, server.access_key_secret)
        return AgentRun(
            Client(
                url=server.control_url,
                credentials=lambda: key,
                now=time.time,
                sleep=time.sleep,
                nonce=lambda: secrets.token_hex(16),
                jitter=random.random,
            )
        )

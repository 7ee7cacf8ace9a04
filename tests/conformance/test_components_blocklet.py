"""The adapter against a Blocklet Server of our own: real HTTP on a loopback port."""

from collections.abc import Iterator

import pytest

from agentramp.platform.blocklet.did import Role, address
from agentramp.platform.components import Components
from tests.blocklet.server import BlockletServer, blocklet_server
from tests.blocklet.worlds import adapter
from tests.conformance.components_suite import ComponentsSuite


class TestBlocklet(ComponentsSuite):
    @pytest.fixture
    def server(self) -> Iterator[BlockletServer]:
        with blocklet_server() as server:
            yield server

    @pytest.fixture
    def components(self, server: BlockletServer) -> Components:
        return adapter(server)

    @pytest.fixture
    def absent(self, server: BlockletServer) -> Components:
        return adapter(server, app=address(b"another", Role.APPLICATION))

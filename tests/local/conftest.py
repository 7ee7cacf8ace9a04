from collections.abc import Iterator
from pathlib import Path

import pytest

from agentramp.local import daemon
from tests.local.client import Control


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemon.Server]:
    """One platform for all tests that do not stop or kill it."""
    home = tmp_path_factory.mktemp("home")
    yield daemon.start(home)
    daemon.stop(home, timeout=30)


@pytest.fixture
def control(server: daemon.Server) -> Control:
    return Control(server)


@pytest.fixture
def own_home(tmp_path: Path) -> Iterator[Path]:
    """A home whose platform the test may treat as it likes; nothing of it is left running."""
    yield tmp_path
    daemon.stop(tmp_path, timeout=30)

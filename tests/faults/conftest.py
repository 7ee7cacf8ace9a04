from collections.abc import Iterator

import pytest

from tests.faults.scenarios import begin_shared
from tests.faults.world import World, opened


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("faults")) as found:
        begin_shared(found.case())
        yield found

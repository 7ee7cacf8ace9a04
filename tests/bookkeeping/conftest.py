from collections.abc import Iterator

import pytest

from tests.bookkeeping.site import Site


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site

from collections.abc import Callable

import pytest

from agentramp.component import Application
from agentramp.platform.components import Components
from agentramp.platform.memory_components import MemoryComponents
from tests.conformance.components_suite import ComponentsSuite


class TestMemory(ComponentsSuite):
    @pytest.fixture
    def components(self) -> MemoryComponents:
        return MemoryComponents(Application("zNK1", "An application", "https://app.example.com"))

    @pytest.fixture
    def absent(self) -> Components:
        return MemoryComponents()

    @pytest.fixture
    def tell_broken(self, components: MemoryComponents) -> Callable[[str], None]:
        return components.broken.add

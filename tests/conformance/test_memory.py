import pytest

from agentramp.platform.memory import MemoryPlatform
from agentramp.platform.port import Platform
from tests.conformance.platform_suite import PlatformSuite


class TestMemory(PlatformSuite):
    @pytest.fixture
    def platform(self) -> Platform:
        return MemoryPlatform()

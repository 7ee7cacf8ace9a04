import pytest

from agentramp.agents.memory import MemoryAgent
from agentramp.agents.port import Agent
from tests.agents.agent_suite import AgentSuite


class TestMemory(AgentSuite):
    @pytest.fixture
    def agent(self) -> Agent:
        return MemoryAgent()

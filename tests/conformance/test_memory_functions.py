import pytest

from agentramp.platform.functions import Command, Functions, Instance, Wires
from agentramp.platform.memory_functions import MemoryFunction, MemoryFunctions
from tests.conformance.functions_suite import LOGS, FunctionsSuite


def cat(command: Command, wires: Wires) -> int:  # noqa: ARG001 - it takes no options
    for data in wires.read():
        wires.out(data)
    return 0


class TestMemory(FunctionsSuite):
    @pytest.fixture
    def runtime_id(self) -> str:
        return "rt-1"

    @pytest.fixture
    def functions(self, runtime_id: str) -> Functions:
        running = Instance("c-1", "1", "Running", 1_700_000_000.0, "1")
        programs = {"cat": cat, "true": lambda *_: 0, "false": lambda *_: 1}
        return MemoryFunctions({runtime_id: MemoryFunction((running,), LOGS, programs)})

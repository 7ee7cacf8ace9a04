import pytest

from agentramp.journal.memory import MemoryJournal
from agentramp.journal.port import Journal
from tests.conformance.journal_suite import Another, HoldingSuite


class TestMemory(HoldingSuite):
    @pytest.fixture
    def journal(self) -> Journal:
        return MemoryJournal()

    @pytest.fixture
    def another(self, journal: Journal) -> Another:
        return lambda: journal

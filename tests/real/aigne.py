"""The AIGNE engine over the real AIGNE CLI: make test-aigne."""

import pytest

from tests.agents.aigne_suite import AigneSuite
from tests.real.installed import aigne_cli

pytestmark = pytest.mark.timeout(1800)
"""Seconds for one test; the first waits for the program to be installed, too."""


class TestReal(AigneSuite):
    patience = 120.0

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _installed(cls) -> None:
        cls.words = (str(aigne_cli()),)

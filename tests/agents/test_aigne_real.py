"""The AIGNE engine over the real AIGNE CLI: set AGENTRAMP_AIGNE to the path of ``aigne``."""

import os

import pytest

from tests.agents.aigne_suite import AigneSuite

PROGRAM = os.environ.get("AGENTRAMP_AIGNE", "")


@pytest.mark.skipif(
    not PROGRAM,
    reason="AGENTRAMP_AIGNE does not name the AIGNE CLI; npm install @aigne/cli@1.59.0, then"
    " AGENTRAMP_AIGNE=node_modules/.bin/aigne",
)
class TestReal(AigneSuite):
    words = (os.path.abspath(PROGRAM),)  # noqa: PTH100 - a link must stay one: it tells its folder

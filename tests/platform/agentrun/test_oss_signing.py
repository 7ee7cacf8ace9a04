"""The vendor's own client is the oracle."""

import json
from pathlib import Path
from typing import Any

import pytest

from agentramp.platform.agentrun.oss_signing import oss_authorization
from agentramp.platform.agentrun.signing import Credentials

VECTORS = Path(__file__).parents[2] / "data" / "vectors"
SAID = json.loads((VECTORS / "oss-v1.json").read_text())


@pytest.mark.parametrize("case", SAID["cases"], ids=lambda case: case["name"])
def test_the_vendors_vectors(case: dict[str, Any]) -> None:
    key = Credentials(case["access_key_id"], SAID["access_key_secret"])
    made = oss_authorization(case["method"], case["resource"], case["headers"], key)
    assert made == case["authorization"]

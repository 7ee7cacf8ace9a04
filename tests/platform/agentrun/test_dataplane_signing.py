"""The vendor's own client is the oracle."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agentramp.platform.agentrun.dataplane_signing import HEADER, dataplane_headers
from agentramp.platform.agentrun.signing import Credentials

VECTORS = Path(__file__).parents[2] / "data" / "vectors"
SAID = json.loads((VECTORS / "agentrun4-dataplane.json").read_text())


def signed(case: dict[str, Any], secret: str) -> dict[str, str]:
    key = Credentials(SAID["access_key_id"], secret, case["security_token"])
    now = datetime.fromisoformat(SAID["time"].replace("Z", "+00:00")).timestamp()
    return dataplane_headers(
        case["method"], case["url"], case["region"], key, now, content_type=case["content_type"]
    )


@pytest.mark.parametrize("case", SAID["cases"], ids=lambda case: case["name"])
def test_the_vendors_vectors(case: dict[str, Any]) -> None:
    assert signed(case, SAID["access_key_secret"]) == case["headers"]


def test_another_secret_signs_otherwise() -> None:
    case = SAID["cases"][0]
    assert signed(case, "other")[HEADER] != case["headers"][HEADER]

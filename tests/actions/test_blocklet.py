"""The actions on a Blocklet Server, run by act: a folder whose target it is needs no more said."""

import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.platform.blocklet.did import canary_did, new_did
from tests.actions.act import Act, commit
from tests.actions.conftest import WORKFLOWS
from tests.blocklet.server import BlockletServer, blocklet_server

pytestmark = pytest.mark.timeout(600)
DID = new_did(secrets.token_bytes)
SETTINGS = f"""\
target: blocklet
journal: file
blocklet:
  name: shop
  did: {DID}
  engine: node
"""


@pytest.fixture
def server() -> Iterator[BlockletServer]:
    with blocklet_server() as found:
        yield found


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / ".github" / "workflows").mkdir(parents=True)
    shutil.copy2(WORKFLOWS / "blocklet.yml", folder / ".github" / "workflows")
    (folder / "agentramp.yaml").write_text(SETTINGS)
    (folder / "index.js").write_text("// one edition\n")
    commit(folder, "An agent")
    return folder


def test_a_component_and_its_canary(act: Act, shop: Path, server: BlockletServer) -> None:
    keys = {
        "BLOCKLET_ACCESS_KEY_ID": server.key_id,
        "BLOCKLET_ACCESS_KEY_SECRET": server.key_secret,
    }
    places = {"SERVER": server.url, "APP": server.app_did, "DID": DID}
    run = replace(act, secrets=keys, variables=places)(shop, "blocklet")
    assert run.code == 0, run.story()

    def told(step: str) -> dict[str, str]:
        return run.outputs("component", step)

    versions = {
        step: (told(step)["version"], told(step)["previous-version"], told(step)["changed"])
        for step in ("first", "same", "canary", "promote", "rollback")
    }
    assert versions == {
        "first": ("1.0.0", "", "true"),
        "same": ("1.0.0", "", "false"),
        "canary": ("1.0.1", "", "true"),
        "promote": ("1.0.1", "1.0.0", "true"),
        "rollback": ("1.0.0", "1.0.1", "true"),
    }
    built = told("build")
    assert (built["version"], built["changed"]) == ("1.0.0", "true")
    digests = [told(step)["artifact-digest"] for step in ("first", "same", "rollback")]
    assert digests == [built["artifact-digest"]] * 3
    assert told("first")["url"].endswith("/shop/")
    assert told("canary")["url"].endswith("/shop-canary/")
    status = json.loads(told("status")["result-json"])
    assert (status["version"], status["canary"]["version"]) == ("1.0.0", "1.0.1")

    assert told("refused")["changed"] == "false"
    [(_, sentence)] = run.errors("component")
    assert "BLOCKLET_ACCESS_KEY_SECRET" in sentence

    [real] = server.state.mounted.values()
    assert (real.did, real.version, real.mount_point) == (DID, "1.0.0", "/shop")
    assert server.component(canary_did(DID)) is None
    assert server.count("installComponent") == 4
    assert_untold(server.key_secret, run.story(), shop)


def assert_untold(secret: str, story: str, shop: Path) -> None:
    """In no line of the log but those that mask it, and in no file that is left."""
    said = [line for line in story.splitlines() if "::add-mask::" not in line]
    assert secret not in "\n".join(said)
    left = [file for file in shop.parent.rglob("*") if file.is_file() and file.suffix != ".log"]
    assert [file for file in left if secret.encode() in file.read_bytes()] == []

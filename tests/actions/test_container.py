"""The example whose agent is an image: pushed, released by its digest, and rolled back."""

import json
import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from agentramp.model import Container, Split
from agentramp.platform.agentrun.signing import Credentials
from tests.actions.act import Act, Run
from tests.actions.conftest import AGENTRAMP
from tests.actions.consumer import LEFT_OUT, Consumer, Keyless
from tests.actions.prepared import older, workflows
from tests.release.plant import connected

pytestmark = pytest.mark.timeout(600)
EXAMPLE = Path(__file__).parents[2] / "examples" / "container"
REPOSITORY = "registry.example.com/acme/greeter"
VARIABLES = {
    "REGISTRY": "registry.example.com",
    "IMAGE": "acme/greeter",
    "REGISTRY_USER": "a-consumer",
}
PASSWORD = "of-the-registry"
MANY = 300
"""Sessions of which one at least falls to a canary with 10 %: all miss it once in 5 * 10^13."""


@pytest.fixture
def shop(act: Act, tmp_path: Path, agentrun: Keyless) -> Consumer:
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project, ignore=LEFT_OUT)
    for file in workflows(project):
        file.write_text(older(file.read_text()))
    made = Consumer.of(project, tmp_path / "made", act, agentrun)
    made = replace(made, act=replace(made.act, variables={**made.act.variables, **VARIABLES}))
    return made.on(
        {"REGISTRY_PASSWORD": PASSWORD},
        REGISTRY_HOME=str(agentrun.server.home),
        REGISTRY_COMMAND=str(AGENTRAMP),
    )


def released(shop: Consumer) -> tuple[dict[str, str], str]:
    """What the release told, and the digest that the push told."""
    run = shop.runs("release", event="push")
    assert run.code == 0, run.story()
    assert PASSWORD not in run.story()
    return run.outputs("release"), run.outputs("image", "push")["digest"]


def versions_that_answer(url: str) -> Iterator[str]:
    """Each from a session that is new."""
    for _ in range(MANY):
        with urllib.request.urlopen(f"{url}/health", timeout=20) as answer:
            yield json.load(answer)["version"]


def test_an_image_is_released_by_its_digest_and_the_next_one_ramps_beside_it(
    shop: Consumer, agentrun: Keyless
) -> None:
    first, one = released(shop)
    assert first.items() >= {"changed": "true", "version": "1", "artifact-digest": one}.items()
    assert first["weights"] == '{"1":100}'
    assert {*islice(versions_that_answer(first["url"]), 3)} == {"1"}
    assert (shop.artifacts / "logged-in").read_text() == "a-consumer@registry.example.com\n"

    (shop.folder / "code" / "version.py").write_text('VERSION = "2"\n')
    shop.commits("Another image")
    second, two = released(shop)
    assert two != one
    begun = {"version": "2", "previous-version": "1", "verdict": "advance"}
    assert second.items() >= {**begun, "artifact-digest": two}.items()
    assert json.loads(second["weights"]) == {"1": 90, "2": 10}
    seen: set[str] = set()
    for version in versions_that_answer(second["url"]):
        seen.add(version)
        if len(seen) == len("12"):
            break
    assert seen == {"1", "2"}

    back = shop.runs("rollback", reason="the greeting is too formal")
    assert back.code == 0, back.story()
    assert told(back)["weights"] == '{"1":100}'
    assert images(agentrun) == [f"{REPOSITORY}@{one}", f"{REPOSITORY}@{two}"]


def told(run: Run) -> dict[str, str]:
    """The outputs of the called workflow, whose job and step are its own."""
    return run.outputs("rollback")


def images(agentrun: Keyless) -> list[str]:
    """Of each version, the oldest first; the first one serves."""
    server = agentrun.server
    key = Credentials(server.access_key_id, server.access_key_secret)
    platform = connected(server.control_url, key)
    observed = platform.observe("greeter")
    assert observed.runtime
    endpoint = observed.endpoint("production")
    assert endpoint
    assert endpoint.split == Split(1)
    specs = [platform.published_spec(observed.runtime.id, one.number) for one in observed.versions]
    containers = [spec.container or Container("") for spec in specs]
    return [container.image for container in reversed(containers)]

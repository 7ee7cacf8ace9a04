"""The reusable workflows as a consumer calls them, by AgentRun's own adapter and without a key."""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agentramp.model import Split
from agentramp.platform.agentrun.signing import Credentials
from tests.actions.act import Act, Run
from tests.actions.consumer import AUDIENCE, Consumer, Keyless
from tests.actions.prepared import older
from tests.actions.workflow_tables import file
from tests.bookkeeping.site import TOKEN, Site
from tests.release.conftest import User
from tests.release.kills import Turnstile
from tests.release.plant import CLOCK, REGION, Plant, call, edit, lay_out, settle

pytestmark = pytest.mark.timeout(600)
WORKFLOWS = Path(__file__).parent / "workflows"
RAMP = """\
steps: [10, 50, 100]
bake: 0s
min-sessions: 3
certify: {margin: 0.4}
lease: 2s
evidence: {source: gateway, window: 1s, settle: 1s, warm-up: 0s}
"""
SHORT = RAMP.replace("[10, 50, 100]", "[50, 100]")
GREETING = "good-morning-everyone"
NEEDS_A_VARIABLE = """\
        environmentVariables:
          GREETING: ${env('GREETING')}
"""
EVIDENCE = "/agentramp/evidence"
ENOUGH = 200
"""Sessions of which a tenth is evidence for a step."""
SETTLED = 2.0
"""Seconds: a window to be counted in, and as long to settle."""

Outputs = Mapping[str, str]


@dataclass(frozen=True)
class Shop:
    """A consumer with workflows, and the same runtime as a person at a prompt has it."""

    consumer: Consumer
    plant: Plant
    platform: Keyless
    github: Site

    def changes(self, failing: int = 0) -> None:
        edit(self.consumer.folder, failing)
        self.consumer.commits("Another edition")

    def releases(self) -> Mapping[str, Any]:
        """At a prompt, so that a job need not."""
        done = self.plant.run("release", GREETING=GREETING)
        assert done.code == 0, done.err
        return done.document

    def tick(self, address: str = "") -> tuple[Run, Outputs]:
        """By the platform at ``address`` where one is given."""
        control = address or self.plant.control_url
        run = self.consumer.on(AGENTRUN_CONTROL_ENDPOINT=control).runs("promote", event="schedule")
        return run, outputs(run, "promote")

    def is_called(self, sessions: int) -> None:
        """There are ``sessions`` new ones, in windows that are closed.

        Not within a second of a move: the platform's clock is told to a second.
        """
        time.sleep(2 * CLOCK)
        call(self.url, sessions)
        settle(SETTLED)

    @property
    def url(self) -> str:
        return self.plant.found("production").url

    @property
    def split(self) -> Split:
        return self.plant.found("production").split

    @property
    def history(self) -> list[str]:
        return self.consumer.history("shop", "production", REGION)


def outputs(run: Run, call: str, result: str = "success") -> Outputs:
    """What the called workflow gave to the job after it, which prints it."""
    needs = json.loads(run.printed("told"))
    assert needs[call]["result"] == result, run.story()
    found: Outputs = needs[call]["outputs"]
    return found


@pytest.fixture
def shop(act: Act, tmp_path: Path, agentrun: Keyless) -> Iterator[Shop]:
    project = lay_out(tmp_path, "shop", RAMP)
    shutil.copytree(WORKFLOWS, project / ".github" / "workflows")
    _with_a_word_after_a_failure(project / ".github" / "workflows")
    _with_an_output_lost(project / ".github" / "workflows")
    settings = (project / "s.yaml").read_text() + NEEDS_A_VARIABLE
    (project / "s.yaml").write_text(settings)
    staging = settings.replace("name: shop\n", "name: shop-staging\n")
    assert staging != settings
    (project / "s.staging.yaml").write_text(staging)
    server = agentrun.server
    key = Credentials(server.access_key_id, server.access_key_secret)
    with Site() as github:
        consumer = Consumer.of(project, tmp_path / "made", act, agentrun).on(
            {"GITHUB_TOKEN": TOKEN, "VARIABLES": f"# the agent's\nGREETING={GREETING}\n"},
            GITHUB_API_URL=github.url,
        )
        user = User(tmp_path / "home", consumer.folder)
        plant = Plant(user, consumer.bare, server.control_url, key)
        yield Shop(consumer, plant, agentrun, github)


def _with_a_word_after_a_failure(workflows: Path) -> None:
    """act goes on after a job that failed, but not after a call of a workflow that failed.

    So the job that tells the outputs is put into a copy of our workflow, behind its own.
    """
    caller = (workflows / "promote.yml").read_text()
    told = caller[caller.index("\n  told:\n") :]
    (workflows / "called.yml").write_text(older(file("promote").read_text()) + told)
    ours = "agentramp/agentramp/.github/workflows/promote.yml@v0"
    assert ours in caller
    (workflows / "failing.yml").write_text(caller.replace(ours, "./.github/workflows/called.yml"))


def _with_an_output_lost(workflows: Path) -> None:
    """As a runner drops an output with a masked text in it, which act does not."""
    ours, arrives = older(file("release").read_text()), "file: ${{ steps.kept.outputs.file }}"
    assert arrives in ours
    (workflows / "lost.yml").write_text(ours.replace(arrives, "file: ''"))
    called = "uses: agentramp/agentramp/.github/workflows/release.yml@v0"
    caller = (workflows / "pipeline.yml").read_text()
    assert called in caller
    (workflows / "losing.yml").write_text(
        caller.replace(called, "uses: ./.github/workflows/lost.yml")
    )


def test_from_a_commit_to_the_whole_traffic_and_back(shop: Shop) -> None:
    shop.releases()
    shop.changes()
    a_lost_output_ends_it_before_anything_is_changed(shop)
    it_is_built_once_and_carried_to_production(shop)
    a_tick_too_early_holds(shop)
    of_two_ticks_at_once_one_acts(shop)
    the_last_step(shop)
    a_tick_after_the_end_finds_nothing_to_do(shop)
    a_canary_that_fails_is_rolled_back_and_the_job_fails(shop)
    the_button_goes_back_without_a_file_of_the_agent(shop)
    the_journal_has_it_all(shop.history)
    github_shows_a_deployment_for_each_version(shop)


def a_lost_output_ends_it_before_anything_is_changed(shop: Shop) -> None:
    before, asked = shop.history, len(shop.platform.asked)
    run = shop.consumer.runs("losing")
    if not run.errors("attest"):  # act may lose the last line of a step that ends with it
        run = shop.consumer.runs("losing")
    assert run.code == 1
    assert (run.result("build"), run.result("attest")) == ("success", "failure"), run.story()
    assert len(run.errors("attest")) == 1, run.story()
    [(told, sentence)] = run.errors("attest")
    assert told["title"] == "agentramp release"
    assert sentence.startswith("the package's name or digest did not arrive from the job Build")
    assert run.result("release") is None
    assert not (shop.consumer.artifacts / "attested").exists()
    assert shop.history == before
    assert len(shop.platform.asked) == asked, "nobody was asked for an identity"


def it_is_built_once_and_carried_to_production(shop: Shop) -> None:
    run = shop.consumer.runs("pipeline")
    assert run.code == 0, run.story()
    staging, production = outputs(run, "staging"), outputs(run, "production")
    assert run.ran("Build") == 1
    [kept] = shop.consumer.artifacts.glob("agentramp-*")
    zip_file = kept / "shop-staging-agentrun.zip"
    digest = f"sha256:{hashlib.sha256(zip_file.read_bytes()).hexdigest()}"
    assert kept.name == f"agentramp-{digest.removeprefix('sha256:')}"
    assert json.loads((kept / f"{zip_file.name}.json").read_text())["sha256"] in digest
    assert staging["artifact-digest"] == production["artifact-digest"] == digest
    attested = (shop.consumer.artifacts / "attested").read_text()
    assert attested == f"{digest} {zip_file.name}\n"

    first = {"changed": "true", "version": "1", "previous-version": "", "verdict": "none"}
    assert staging.items() >= {**first, "weights": '{"1":100}'}.items()
    begun = {"changed": "true", "version": "2", "previous-version": "1", "verdict": "advance"}
    assert production.items() >= {**begun, "url": shop.url}.items()
    assert production["reason"].startswith("the ramp of version 2 begins")
    assert json.loads(production["weights"]) == {"1": 90, "2": 10}
    told = json.loads(production["result-json"])
    assert (told["runtime"], told["artifact"]["sha256"]) == ("shop", digest.partition(":")[2])
    assert shop.split == Split(1, ((2, 10),))
    asked = shop.platform.asked
    assert all(one.path.endswith(f"&audience={AUDIENCE}") for one in asked)
    assert {one.headers["authorization"] for one in asked} == {"Bearer the-job-s-own"}


def a_tick_too_early_holds(shop: Shop) -> None:
    _, held = shop.tick()
    assert held.items() >= {"changed": "false", "version": "2", "verdict": "hold"}.items()
    assert held["reason"].startswith("hold: 0 of 3 canary sessions at 10 %")
    assert json.loads(held["weights"]) == {"1": 90, "2": 10}
    assert held["url"] == shop.url
    assert shop.history[-1].startswith("promote: hold: 0 of 3 canary sessions at 10 %")


def of_two_ticks_at_once_one_acts(shop: Shop) -> None:
    """Both stand before the evidence when one goes on; the other does once that one has ended."""
    shop.is_called(ENOUGH)
    first, second = (Turnstile(shop.plant.control_url, path=EVIDENCE) for _ in range(2))
    with first.serving() as here, second.serving() as there, ThreadPoolExecutor(2) as pool:
        fast, slow = pool.submit(shop.tick, here), pool.submit(shop.tick, there)
        assert first.arrived.wait(120)
        assert second.arrived.wait(120)
        first.go.set()
        _, acted = fast.result()
        second.go.set()
        run, late = slow.result()
    assert acted.items() >= {"changed": "true", "version": "2", "verdict": "advance"}.items()
    assert acted["reason"].startswith("certified: 0 of ")
    assert json.loads(acted["weights"]) == {"1": 50, "2": 50}
    assert run.code == 0
    assert late.items() >= {"changed": "false", "verdict": "superseded"}.items()
    assert shop.split == Split(1, ((2, 50),))


def the_last_step(shop: Shop) -> None:
    shop.is_called(60)
    _, last = shop.tick()
    assert last.items() >= {"changed": "true", "version": "2", "verdict": "advance"}.items()
    assert (last["weights"], last["url"]) == ('{"2":100}', shop.url)
    assert last["reason"].startswith("certified: 0 of ")
    assert shop.split == Split(2)


def a_tick_after_the_end_finds_nothing_to_do(shop: Shop) -> None:
    _, over = shop.tick()
    assert over.items() >= {"changed": "false", "verdict": "none", "weights": '{"2":100}'}.items()
    assert over["reason"].endswith("the last one, of version 2, was promoted")


def a_canary_that_fails_is_rolled_back_and_the_job_fails(shop: Shop) -> None:
    (shop.consumer.folder / "agentramp.yaml").write_text(SHORT)
    shop.changes(failing=100)
    assert shop.releases()["weights"] == {"2": 50, "3": 50}
    shop.is_called(60)
    run = shop.consumer.runs("failing")
    assert run.code == 1
    ended = outputs(run, "promote", "failure")
    assert ended.items() >= {"changed": "true", "version": "3", "verdict": "rollback"}.items()
    assert ended["weights"] == '{"2":100}'
    assert ended["reason"].startswith("rolled back: ")
    assert "promote: exit status 4\n" in run.story()
    assert shop.split == Split(2)


def the_button_goes_back_without_a_file_of_the_agent(shop: Shop) -> None:
    shutil.rmtree(shop.consumer.folder / "code")
    (shop.consumer.folder / "s.yaml").write_text("nothing: of use")
    shop.consumer.commits("All is broken")
    named = {"runtime": "shop", "region": REGION}
    run = shop.consumer.runs("rollback", version="1", reason="the answers are in French", **named)
    back = outputs(run, "rollback")
    assert back.items() >= {"changed": "true", "version": "1", "previous-version": "2"}.items()
    assert (back["weights"], back["url"]) == ('{"1":100}', shop.url)
    assert shop.split == Split(1)


def the_journal_has_it_all(history: list[str]) -> None:
    """By ``git log`` in the repository that all the jobs pushed to."""
    assert [line for line in history if ": done: " in line] == [
        "release: done: serves v1 100 %",
        "release: done: serves v1 90 %, v2 10 %",
        "promote: done: serves v1 50 %, v2 50 %",
        "promote: done: serves v2 100 %",
        "release: done: serves v2 50 %, v3 50 %",
        "promote: done: serves v2 100 %",
        "rollback: done: serves v1 100 %",
    ]
    assert sum(": begins to move: " in line for line in history) == 7
    assert history[-2].endswith("(the answers are in French)")


def github_shows_a_deployment_for_each_version(shop: Shop) -> None:
    """The tick that was superseded and the one that had nothing to do are no states of it."""
    assert shop.github.story("staging") == [(1, ["success"])]
    ramp = ["in_progress", "in_progress", "in_progress", "success"]
    promoted, failed, first = shop.github.story("production")
    assert promoted == (2, [*ramp, "success", "failure"])  # again after 3 failed, then taken back
    assert failed == (3, ["failure"])
    assert first == (1, ["success"])
    of_two = next(one for one in shop.github.deployments if one["payload"]["version"] == 2)
    serving = shop.github.statuses[of_two["id"]][:4]
    assert {said["environment_url"] for said in serving} == {shop.url}
    assert {asked.status for asked in shop.github.asked} <= {200, 201}

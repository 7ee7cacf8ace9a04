"""Each trap of the vendor's own tool, by its number, and what agentramp does there.

The numbers are those of the list that the project keeps of them:
1 three meanings of a weight, 2 the documented canary, 3 a promotion that clears nothing, 4 the head
that moves, 5 a login that fails in CI, 6 a token that is dropped, 7 a lax schema, 8 a zero that is
lost, 9 an exit status that is lost, 10 JSON between other lines, 11 and 12 success where nothing
was done.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentramp.model import LATEST, Endpoint, Split
from tests.release.conftest import Ended
from tests.release.kills import Proxy
from tests.release.plant import Plant

RAMP = "journal: {kind: file}\n"


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Versions 1, 2 and 3 are published; ``production`` serves version 1."""
    plant = Plant.build(tmp_path_factory.mktemp("plant"), "")
    try:
        assert [plant.publish() for _ in range(3)] == [1, 2, 3]
        plant.open("production", 1)
        yield plant
    finally:
        plant.user.run("local", "stop")


@dataclass(frozen=True)
class Captured:
    """A run, and each request that it made: ``PUT /path`` and its body."""

    ended: Ended
    requests: list[tuple[str, dict[str, Any]]]

    def puts(self) -> list[dict[str, Any]]:
        return [body for name, body in self.requests if name.startswith("PUT ")]


def captured(plant: Plant, *words: str, **environ: str) -> Captured:
    proxy = Proxy(plant.control_url)
    with proxy.serving() as address:
        done = plant.run(*words, AGENTRUN_CONTROL_ENDPOINT=address, **environ)
    bodies = [json.loads(body) if body[:1] == b"{" else {} for body in proxy.sent]
    return Captured(done, list(zip(proxy.calls, bodies, strict=True)))


def changed(plant: Plant, **agent: Any) -> dict[str, Any]:
    """s.yaml with other fields of the agent; gives it as it was."""
    file = plant.user.project / "s.yaml"
    tree: dict[str, Any] = yaml.safe_load(file.read_text())
    before = yaml.safe_load(file.read_text())
    props = tree["resources"][plant.runtime]["props"]
    props["agent"] = {**props["agent"], **agent}
    file.write_text(yaml.safe_dump(tree))
    assert isinstance(before, dict)
    return before


@pytest.fixture
def project(plant: Plant) -> Iterator[Path]:
    """The project, put back as it was."""
    file = plant.user.project / "s.yaml"
    text = file.read_text()
    yield plant.user.project
    file.write_text(text)


def found(plant: Plant, name: str) -> Endpoint | None:
    return plant.platform.observe(plant.runtime).endpoint(name)


def moved_to(plant: Plant, version: int, weight: int) -> Captured:
    words = ("shift-traffic", "--version", str(version), "--weight", str(weight))
    return captured(plant, *words)


def test_trap_1_a_weight_is_percent_here_and_a_share_of_one_on_the_wire(plant: Plant) -> None:
    run = moved_to(plant, 2, 20)
    assert run.ended.code == 0, run.ended.err
    [put] = run.puts()
    assert put["targetVersion"] == "1"
    assert put["routingConfiguration"] == {"versionWeights": [{"version": "2", "weight": 0.2}]}
    wrong = plant.run("shift-traffic", "--version", "2", "--weight", "0.2")
    assert wrong.code == 2
    assert "0.2 of the sessions is 20" in wrong.err
    assert moved_to(plant, 1, 100).ended.code == 0


@pytest.mark.usefixtures("project")
def test_trap_2_the_documented_canary_splits_production(plant: Plant) -> None:
    canary = {"name": "canary", "version": "2", "weight": 0.2}
    changed(plant, endpoints=[{"name": "production", "version": "1"}, canary])
    run = plant.run("deploy")
    assert run.code == 0, run.err
    production, direct = found(plant, "production"), found(plant, "canary")
    assert production
    assert direct
    assert production.split == Split(1, ((2, 20),))
    assert direct.split == Split(2)
    assert "20 %" in run.err
    by_command = plant.run("endpoints", "publish", "canary", "--target-version", "2", "--weight=20")
    assert by_command.code == 2
    assert "canary-version" in by_command.err
    assert moved_to(plant, 1, 100).ended.code == 0


def test_trap_3_a_promotion_clears_the_old_split_and_reads_it_back(plant: Plant) -> None:
    assert moved_to(plant, 2, 30).ended.code == 0
    run = moved_to(plant, 2, 100)
    assert run.ended.code == 0, run.ended.err
    [put] = run.puts()
    assert put["targetVersion"] == "2"
    assert put["routingConfiguration"] == {"versionWeights": []}
    names = [name for name, _ in run.requests]
    after = names[next(i for i, name in enumerate(names) if name.startswith("PUT ")) + 1 :]
    assert any(name.startswith("GET ") and "/endpoints/" in name for name in after)
    assert moved_to(plant, 1, 100).ended.code == 0


@pytest.mark.usefixtures("project")
def test_trap_4_a_deploy_publishes_nothing_and_says_what_moves_with_it(plant: Plant) -> None:
    before = plant.platform.observe(plant.runtime).versions
    changed(plant, endpoints=[{"name": "head"}])
    run = plant.run("deploy")
    assert run.code == 0, run.err
    assert plant.platform.observe(plant.runtime).versions == before
    head = found(plant, "head")
    assert head
    assert head.split == Split(LATEST)
    assert LATEST in run.err
    changed(plant, endpoints=[{"name": "head"}], memory=1024)
    again = plant.run("deploy", "--dry-run")
    assert "follows LATEST" in again.err


def test_trap_5_and_6_keys_of_the_environment_need_no_login_and_keep_their_token(
    plant: Plant,
) -> None:
    """The names that the vendor's action exports, in CI, where nobody can be asked."""
    environ = {
        "AGENTRUN_ACCESS_KEY_ID": "",
        "AGENTRUN_ACCESS_KEY_SECRET": "",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": plant.credentials.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": plant.credentials.access_key_secret,
        "CI": "true",
    }
    done = plant.run("deploy", **environ)
    assert done.code == 0, done.err
    token = plant.run("deploy", **environ, ALIBABA_CLOUD_SECURITY_TOKEN="no-such-token")
    assert token.code == 3, "a token that is sent along is looked at, one that is dropped is not"
    triple = {"AccountID": "1", "AccessKeyID": "other", "AccessKeySecret": "other"}
    named = json.dumps(
        {
            "AccountID": "1",
            "AccessKeyID": plant.credentials.access_key_id,
            "AccessKeySecret": plant.credentials.access_key_secret,
        }
    )
    nothing = {name: "" for name in environ if name.startswith(("AGENTRUN_", "ALIBABA_"))}
    aliased = plant.run(
        "deploy", "--access", "mine", **nothing, **triple, mine_serverless_devs_key=named
    )
    assert aliased.code == 0, aliased.err


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ({"diskSize": 1024}, ("diskSize", "10240")),
        ({"timeout": 600}, ("timeout",)),
        ({"cpuu": 1}, ("cpuu", "cpu")),
        ({"endpoints": [{"name": "canary", "version": "2", "weight": 0.0}]}, ("weight",)),
        ({"endpoints": [{"name": "canary", "version": "2", "weight": 20}]}, ("weight", "0.2")),
        ({"code": {"src": "./code", "language": "custom"}}, ("language", "python3.12")),
    ],
)
def test_trap_7_what_the_schema_lets_through_or_does_not_explain(
    plant: Plant, agent: dict[str, Any], words: tuple[str, ...]
) -> None:
    changed(plant, **agent)
    done = plant.user.run("validate", "--output", "json")
    assert done.code == 2
    told = " ".join(fault["message"] + fault["path"] for fault in done.document["diagnostics"])
    assert all(word in told for word in words), told
    assert all(fault["line"] > 0 for fault in done.document["diagnostics"])


@pytest.mark.usefixtures("project")
def test_trap_8_a_health_check_that_begins_at_once(plant: Plant) -> None:
    changed(plant, healthCheckConfiguration={"initialDelaySeconds": 0, "periodSeconds": 1})
    run = captured(plant, "deploy")
    assert run.ended.code == 0, run.ended.err
    [put] = run.puts()
    assert put["healthCheckConfiguration"]["initialDelaySeconds"] == 0


def test_trap_9_the_exit_status_of_a_command_in_an_instance_is_ours(plant: Plant) -> None:
    words = ("instances", "exec", "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    done = plant.user.run(*words, **plant.environ())
    assert (done.code, done.out) == (7, "out\n")
    assert "err" in done.err


@pytest.mark.parametrize(
    "words", [("status",), ("versions", "list"), ("endpoints", "list"), ("deploy", "--dry-run")]
)
def test_trap_10_json_stands_alone(plant: Plant, words: tuple[str, ...]) -> None:
    done = plant.run(*words)
    assert done.code == 0, done.err
    assert done.document["ok"] is True


@pytest.mark.parametrize("form", [("--output", "json"), ("--output=json",)])
def test_trap_11_a_failure_is_one_also_where_json_was_asked_for(
    plant: Plant, project: Path, form: tuple[str, ...]
) -> None:
    down = plant.environ(AGENTRUN_CONTROL_ENDPOINT="http://127.0.0.1:9")
    nobody = plant.environ(AGENTRUN_ACCESS_KEY_ID="", AGENTRUN_ACCESS_KEY_SECRET="")
    assert plant.user.run("status", *form, **nobody).code == 2
    assert plant.user.run("endpoints", "get", "nosuch", *form, **plant.environ()).code == 2
    changed(plant, diskSize=1024)
    assert plant.user.run("deploy", *form, **plant.environ()).code == 2
    (project / "s.yaml").unlink()
    assert plant.user.run("deploy", *form, **down).code == 2


def test_trap_12_nothing_done_is_no_success(plant: Plant) -> None:
    assert plant.user.run("nosuch").code == 2
    assert plant.user.run("endpoints", "nosuch").code == 2
    kept = plant.run("endpoints", "remove", "production")
    assert kept.code == 2
    assert "--yes" in kept.err
    assert found(plant, "production")
    for weight in ("2000", "-5", "20%"):
        assert plant.run("shift-traffic", "--version", "2", f"--weight={weight}").code == 2

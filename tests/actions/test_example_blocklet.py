"""The example for a Blocklet Server as a user has it: its own workflows, run by act."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentramp.platform.blocklet.did import canary_did
from tests.actions.act import Act, Run, git
from tests.actions.consumer import REPOSITORY, Consumer
from tests.blocklet.server import BlockletServer, blocklet_server
from tests.bookkeeping.site import TOKEN

pytestmark = pytest.mark.timeout(600)
EXAMPLE = Path(__file__).parents[2] / "examples" / "blocklet"
DID = yaml.safe_load((EXAMPLE / "agentramp.yaml").read_text())["blocklet"]["did"]
OURS, FORKS = 1, 2
GH = f"""\
#!/usr/bin/env bash
# Answers as gh does, whose filter is that of jq.
set -euo pipefail
[ -n "$GH_TOKEN" ]
wanted="api --method GET repos/{REPOSITORY}/actions/artifacts --field name=bundle-1.0.0 --jq "
[[ "$*" = "$wanted"* ]]
exec jq --raw-output "${{!#}}" "$ARTIFACTS/listed.json"
"""


@dataclass(frozen=True)
class Settings:
    """What the repository has set."""

    variables: Mapping[str, str]
    environ: Mapping[str, str] = field(default_factory=dict)


@pytest.fixture
def server() -> Iterator[BlockletServer]:
    with blocklet_server() as found:
        yield found


def gh_in(folder: Path) -> Path:
    """The folder of a program gh."""
    gh = folder / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(GH)
    gh.chmod(0o755)
    return gh.parent


@pytest.fixture
def shop(act: Act, tmp_path: Path, server: BlockletServer) -> Consumer:
    with_gh = {**act.environ, "PATH": f"{gh_in(tmp_path)}:{act.environ['PATH']}"}
    settings = Settings(
        {
            "BLOCKLET_SERVER": server.url,
            "BLOCKLET_DEPLOY_APP_ID": server.app_did,
            "BLOCKLET_ACCESS_KEY_ID": server.key_id,
        }
    )
    made = Consumer.of(EXAMPLE, tmp_path / "made", replace(act, environ=with_gh), settings)
    secrets = {"BLOCKLET_ACCESS_KEY_SECRET": server.key_secret, "GITHUB_TOKEN": TOKEN}
    return made.on(secrets)


def test_a_tag_a_canary_and_the_way_back(
    shop: Consumer, server: BlockletServer, tmp_path: Path
) -> None:
    first = a_tag_is_released(shop, tmp_path / "push.json")
    (shop.folder / "index.js").write_text("// another edition\n")
    shop.commits("Another edition")
    a_canary_is_promoted(shop)
    assert runs(server) == {DID: "1.1.0"}

    listed = [kept(3, FORKS), kept(4, OURS, expired=True), kept(5, OURS), kept(6, OURS)]
    (shop.artifacts / "listed.json").write_text(json.dumps({"artifacts": listed}))
    run = shop.runs("rollback", version="1.0.0", reason="it was slow")
    assert run.code == 0, run.story()
    back = run.outputs("rollback", "rollback")
    assert (back["version"], back["previous-version"], back["changed"]) == (
        "1.0.0",
        "1.1.0",
        "true",
    )
    assert back["artifact-digest"] == first["artifact-digest"], "the same bytes"
    assert (shop.artifacts / "fetched").read_text() == "bundle-1.0.0 of run 5\n"
    assert runs(server) == {DID: "1.0.0"}
    assert_untold(server.key_secret, shop, run)


def a_tag_is_released(shop: Consumer, event: Path) -> dict[str, str]:
    event.write_text(json.dumps({"ref": "refs/tags/v1.0.0"}))
    tagged = replace(shop, act=replace(shop.act, payload=event))
    run = tagged.runs("release", event="push")
    assert run.code == 0, run.story()
    first = run.outputs("release", "deploy")
    assert (first["version"], first["changed"]) == ("1.0.0", "true")
    assert first["artifact-digest"] == run.outputs("release", "build")["artifact-digest"]
    assert kept_bundles(shop) == {"bundle-1.0.0": f"{DID}-1.0.0.tgz"}
    return first


def a_canary_is_promoted(shop: Consumer) -> None:
    run = shop.runs("canary", version="1.1.0")
    assert run.code == 0, run.story()
    canary, after = run.outputs("try", "canary"), run.outputs("promote", "promote")
    assert canary["url"].endswith("/example-canary/")
    assert (after["version"], after["previous-version"]) == ("1.1.0", "1.0.0")
    assert after["artifact-digest"] == run.outputs("promote", "build")["artifact-digest"]
    assert kept_bundles(shop)["bundle-1.1.0"] == f"{DID}-1.1.0.tgz"
    assert run.result("abort") is None


def kept_bundles(shop: Consumer) -> dict[str, str]:
    """The file in each artifact."""
    return {file.parent.name: file.name for file in shop.artifacts.glob("bundle-*/*")}


def kept(run: int, whose: int, *, expired: bool = False) -> dict[str, Any]:
    """An artifact as GitHub lists it, as far as the workflow looks at it."""
    of = {"id": run, "repository_id": OURS, "head_repository_id": whose}
    return {"name": "bundle-1.0.0", "expired": expired, "workflow_run": of}


def runs(server: BlockletServer) -> dict[str, str]:
    assert server.component(canary_did(DID)) is None
    return {did: one.version for did, one in server.state.mounted.items()}


def assert_untold(secret: str, shop: Consumer, run: Run) -> None:
    said = [line for line in run.story().splitlines() if "::add-mask::" not in line]
    assert secret not in "\n".join(said)
    subjects = git(shop.bare, "log", "--format=%s%n%b", "--glob=refs/agentramp/*")
    assert "it was slow" in subjects, "the journal is a ref of the repository"
    assert secret not in subjects


def test_a_rollback_whose_bundle_no_run_of_ours_keeps_says_what_to_do(tmp_path: Path) -> None:
    listed = [kept(3, FORKS), kept(4, OURS, expired=True)]
    (tmp_path / "listed.json").write_text(json.dumps({"artifacts": listed}))
    [step] = [
        one for one in workflow("rollback")["jobs"]["rollback"]["steps"] if one.get("id") == "kept"
    ]
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env={
            "PATH": f"{gh_in(tmp_path)}:/usr/local/bin:/usr/bin:/bin",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GH_TOKEN": TOKEN,
            "NAME": "bundle-1.0.0",
            "ARTIFACTS": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.startswith("::error title=rollback::no run keeps bundle-1.0.0 any more")
    assert not (tmp_path / "output").exists()


def test_who_is_not_approved_is_taken_back() -> None:
    """Cancelled too: always() holds then."""
    jobs = workflow("canary")["jobs"]
    assert jobs["abort"]["if"] == "always() && needs.approved.result != 'success'"
    assert set(jobs["promote"]["needs"]) == set(jobs["abort"]["needs"]) == {"try", "approved"}


def test_no_two_of_them_act_at_once_and_none_that_has_the_key_runs_for_a_pull_request() -> None:
    groups = set()
    for file in sorted(EXAMPLE.glob(".github/workflows/*.yml")):
        for job in workflow(file.stem)["jobs"].values():
            has_key = "secrets.BLOCKLET_ACCESS_KEY_SECRET" in json.dumps(job)
            if has_key:
                groups.add(job["concurrency"]["group"])
                assert job["environment"]["name"] == "production"
                assert file.stem != "check"
    assert groups == {"blocklet-production"}


def workflow(name: str) -> Any:
    return yaml.safe_load((EXAMPLE / ".github" / "workflows" / f"{name}.yml").read_text())

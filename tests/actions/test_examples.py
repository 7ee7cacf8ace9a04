"""Each example as a user has it: its own workflows, run by act, on AgentRun's adapter, keyless."""

import contextlib
import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentramp.local import daemon
from tests.actions.act import Act, Run, commit, git
from tests.actions.consumer import LEFT_OUT, REPOSITORY, Consumer, Keyless, keyless
from tests.bookkeeping.site import TOKEN, Site
from tests.evidence.servers import Received, Said, serving

pytestmark = pytest.mark.timeout(600)
EXAMPLES = Path(__file__).parents[2] / "examples"
REGION = "cn-hangzhou"
NO_COMMIT = "0" * 40
"""What GitHub calls the commit before a branch's first push."""
CONVERTER = "converter/production"
TRIAL = "the ramp of version 3 begins: production serves v1 90 %, v3 10 %"

Make = Callable[[str], Consumer]


@pytest.fixture(scope="module")
def agentrun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyless]:
    """A platform of their own: the names of their runtimes are for users to read, not unique."""
    home = tmp_path_factory.mktemp("agentrun-of-examples")
    with keyless(daemon.start(home)) as platform:
        yield platform
    daemon.stop(home, timeout=30)


@pytest.fixture
def make(act: Act, tmp_path: Path, agentrun: Keyless) -> Make:
    return lambda example: Consumer.of(EXAMPLES / example, tmp_path / "made", act, agentrun)


def part(run: Run, call: str) -> Run:
    """Only what happened in one called workflow, by the caller's name of the job."""
    entries = (one for one in run.entries if str(one.get("job", "")).startswith(f"{call}/"))
    return Run(run.code, tuple(entries))


def released(run: Run, call: str) -> dict[str, str]:
    assert run.code == 0, run.story()
    return part(run, call).outputs("release")


def gone_back(run: Run, call: str) -> tuple[str, str, str]:
    """The runtime, its version, and whether anything was changed."""
    assert run.code == 0, run.story()
    found = part(run, call).outputs("rollback")
    return found["runtime"], found["version"], found["changed"]


def asked(url: str, path: str = "/health", body: Mapping[str, Any] | None = None) -> Any:
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(urllib.request.Request(url + path, data), timeout=20) as answer:
        return json.load(answer)


def say_version(consumer: Consumer, agent: str, version: str) -> None:
    """As each README says it."""
    (consumer.folder / agent / "code" / "version.py").write_text(f'VERSION = "{version}"\n')


def told(consumer: Consumer, file: Path, event: Mapping[str, Any]) -> Consumer:
    """The same repository, in a run for ``event``."""
    file.write_text(json.dumps(event))
    return replace(consumer, act=replace(consumer.act, payload=file))


def test_the_quickstart_releases_and_shows_its_plan(make: Make, tmp_path: Path) -> None:
    with Site() as github:
        shop = make("quickstart").on({"GITHUB_TOKEN": TOKEN}, GITHUB_API_URL=github.url)
        first = released(shop.runs("release", event="push"), "Release")
        assert (first["version"], first["weights"]) == ("1", '{"1":100}')
        assert asked(first["url"]) == {"status": "ok", "version": "1"}
        assert (shop.artifacts / "attested").read_text().startswith(first["artifact-digest"])
        assert github.story() == [(1, ["success"])]

        persona = shop.folder / "code" / "persona.py"
        persona.write_text(persona.read_text().replace('VERSION = "1"', 'VERSION = "2"'))
        shop.commits("A change to be looked at")
        before = shop.history("quickstart", "production", REGION)
        opened = told(shop, tmp_path / "event.json", pull_request(7, REPOSITORY))
        run = opened.runs("check", event="pull_request")
        assert (run.code, run.result("plan")) == (0, "success"), run.story()
        [comment] = github.bodies(7)
        assert comment.startswith("<!-- agentramp plan ")
        assert "the ramp of version 2 would begin: production serves v1 90 %, v2 10 %" in comment
        assert "agentramp release" in comment, "how to see the same on a laptop"
        assert shop.history("quickstart", "production", REGION) == before


def pull_request(number: int, repository: str) -> dict[str, Any]:
    """Of a branch in ``repository``, as far as a workflow looks at it."""
    head = {"ref": "topic", "sha": NO_COMMIT, "repo": {"full_name": repository}}
    return {"number": number, "pull_request": {"number": number, "head": head}}


def test_staging_and_production_get_the_same_bytes(make: Make) -> None:
    shop = make("staging-and-production")
    run = shop.runs("release", event="push")
    staging, production = released(run, "Staging"), released(run, "Production")
    assert run.ran("Build") == 1
    assert staging["artifact-digest"] == production["artifact-digest"]
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", production["artifact-digest"])
    assert (staging["runtime"], production["runtime"]) == ("support-staging", "support")
    for one in (staging, production):
        assert (one["changed"], one["version"], one["weights"]) == ("true", "1", '{"1":100}')
        assert asked(one["url"]) == {"status": "ok", "version": "1"}
    assert shop.history("support-staging", "staging", REGION)
    assert shop.history("support", "production", REGION)
    back = gone_back(shop.runs("rollback", version="1"), "Roll production back")
    assert back == ("support", "1", "false"), "it serves already"


@contextlib.contextmanager
def hook() -> Iterator[tuple[str, list[str]]]:
    """A chat room: its address, and what it was told."""
    texts: list[str] = []

    def hear(request: Received) -> Said:
        texts.append(json.loads(request.body)["text"])
        return Said(204)

    with serving(hear) as site:
        yield f"{site.url}/a-secret-path", texts


def test_a_scheduled_canary(make: Make) -> None:
    with hook() as (address, texts):
        shop = make("scheduled-canary").on({"VARIABLES": f"HOOK={address}"})
        first = released(shop.runs("release", event="push"), "Release")
        assert (first["version"], first["weights"]) == ("1", '{"1":100}')
        a_wrong_answer_gets_no_traffic(shop, first["url"])
        golden_prompts_let_it_on_trial(shop)
        a_tick_says_what_is_missing(shop)
        the_button_ends_the_trial(shop, first["url"])
    begun, back = texts
    assert begun == f"{CONVERTER}: begun: {TRIAL}"
    assert back.startswith(f"{CONVERTER}: rolled-back: ")
    assert back.endswith(": the room is on fire")


def a_wrong_answer_gets_no_traffic(shop: Consumer, url: str) -> None:
    units = shop.folder / "code" / "units.py"
    right = units.read_text()
    units.write_text(right.replace("1.609344", "1.852"))
    shop.commits("Miles at sea")
    run = shop.runs("release", event="push")
    assert run.code == 1, run.story()
    refused = part(run, "Release").outputs("release")
    assert refused["verdict"] == "rollback"
    assert 'must answer distance: "8.05 km" is missing' in refused["reason"]
    assert "exit status 4" in run.story()
    assert json.loads(refused["weights"]) == {"1": 100}
    question = {"messages": [{"role": "user", "content": "5 miles in km"}]}
    answer = asked(url, "/openai/v1/chat/completions", question)
    assert answer["choices"][0]["message"]["content"] == "5 miles are 8.05 km."
    units.write_text(right)


def golden_prompts_let_it_on_trial(shop: Consumer) -> None:
    say_version(shop, ".", "3")
    shop.commits("Nothing that a prompt would notice")
    run = shop.runs("release", event="push")
    begun = released(run, "Release")
    assert "version 3 answers 9 of 9 golden prompts well" in run.story()
    assert begun["verdict"] == "advance"
    assert begun["reason"] == TRIAL
    assert json.loads(begun["weights"]) == {"1": 90, "3": 10}


def a_tick_says_what_is_missing(shop: Consumer) -> None:
    """It bakes for half an hour."""
    run = shop.runs("promote", event="schedule")
    assert run.code == 0, run.story()
    held = part(run, "One tick of the ramp").outputs("promote")
    assert (held["verdict"], held["changed"]) == ("hold", "false")
    assert held["reason"].startswith("hold: ")
    assert json.loads(held["weights"]) == {"1": 90, "3": 10}


def the_button_ends_the_trial(shop: Consumer, url: str) -> None:
    run = shop.runs("rollback", reason="the room is on fire")
    assert run.code == 0, run.story()
    back = part(run, "Roll back").outputs("rollback")
    assert (back["changed"], back["version"]) == ("true", "1")
    assert json.loads(back["weights"]) == {"1": 100}
    assert asked(url) == {"status": "ok", "version": "1"}


def test_a_push_releases_the_agents_that_it_changed(make: Make, tmp_path: Path) -> None:
    shop = make("monorepo")
    event = tmp_path / "push.json"
    both = told(shop, event, {"before": NO_COMMIT}).runs("release", event="push")
    assert both.code == 0, both.story()
    assert runtimes(both) == {"orders": "1", "returns": "1"}

    before = git(shop.folder, "rev-parse", "HEAD").strip()
    say_version(shop, "agents/orders", "2")
    shop.commits("Orders")
    (shop.folder / "README.md").write_text("Two agents\n")
    shop.commits("Two commits in one push")
    one = told(shop, event, {"before": before}).runs("release", event="push")
    assert one.code == 0, one.story()
    assert runtimes(one) == {"orders": "2"}
    back = gone_back(shop.runs("rollback", agent="orders", version="1"), "Roll back")
    assert back == ("orders", "1", "true")


def runtimes(run: Run) -> dict[str, str]:
    """Each that was released, with its version."""
    calls = {str(one.get("job", "")).partition("/")[0] for one in run.entries}
    found = (part(run, call).outputs("release") for call in calls if call.startswith("Release"))
    return {one["runtime"]: one["version"] for one in found if "runtime" in one}


def test_what_changed_is_what_git_says(tmp_path: Path) -> None:
    """Where nobody knows the commit before, all are released: that does no harm."""
    shutil.copytree(EXAMPLES / "monorepo", tmp_path / "shop", ignore=LEFT_OUT)
    shop = tmp_path / "shop"
    commit(shop, "Two agents")
    first = git(shop, "rev-parse", "HEAD").strip()
    (shop / "README.md").write_text("Words\n")
    commit(shop, "No agent")
    assert changed(shop, first) == []
    (shop / "agents" / "returns" / "code" / "version.py").write_text('VERSION = "2"\n')
    commit(shop, "One agent")
    assert changed(shop, first) == ["returns"]
    for unknown in (NO_COMMIT, "", "--output=owned", "1" * 40):
        assert changed(shop, unknown) == ["orders", "returns"]
    assert git(shop, "status", "--porcelain") == ""


def changed(shop: Path, before: str) -> list[str]:
    command = [".github/changed-agents", before]
    done = subprocess.run(command, cwd=shop, capture_output=True, text=True, check=True)
    name, _, value = done.stdout.rstrip("\n").partition("=")
    assert name == "agents"
    return [str(agent) for agent in json.loads(value)]


def test_each_agent_of_the_monorepo_is_named_where_a_list_has_to_name_it() -> None:
    folders = sorted(file.parent.name for file in EXAMPLES.glob("monorepo/agents/*/s.yaml"))
    promote, rollback = (workflow("monorepo", name) for name in ("promote", "rollback"))
    assert promote["jobs"]["promote"]["strategy"]["matrix"]["agent"] == folders
    # YAML 1.1 reads the key "on" as true.
    button = rollback[True]["workflow_dispatch"]["inputs"]["agent"]
    assert button["options"] == folders


def test_the_quickstarts_tick_and_button_are_those_of_the_canary() -> None:
    """So what the canary's runs show of them is true of both. Only its secret is its own."""
    for name in ("promote", "rollback"):
        theirs = workflow("scheduled-canary", name)
        del theirs["jobs"][name]["secrets"]
        assert theirs == workflow("quickstart", name)


def workflow(example: str, name: str) -> Any:
    file = EXAMPLES / example / ".github" / "workflows" / f"{name}.yml"
    return yaml.safe_load(file.read_text())


def test_the_plan_of_the_docs_is_that_of_the_quickstart_and_leaves_strangers_out() -> None:
    page = EXAMPLES.parent / "docs" / "how-to" / "show-it-on-github.md"
    blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
    [shown] = [
        jobs["plan"] for jobs in (yaml.safe_load(one)["jobs"] for one in blocks) if "plan" in jobs
    ]
    plan = workflow("quickstart", "check")["jobs"]["plan"]
    assert plan == {**shown, "needs": "validate"}
    fork, bot = plan["if"].split(" && ")
    assert fork == "github.event.pull_request.head.repo.full_name == github.repository"
    assert bot == "github.actor != 'dependabot[bot]'"

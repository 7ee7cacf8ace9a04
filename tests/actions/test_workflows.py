"""What the three reusable workflows promise, read from their files."""

import difflib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.actions import prepared, workflow_tables
from tests.actions.definition import every_action
from tests.actions.workflow_tables import WORKFLOWS, called, file, jobs, permissions

GROUP = (
    "agentramp-${{ inputs.environment }}-${{ inputs.path }}"
    "-${{ inputs.resource }}-${{ inputs.endpoint }}"
)
NEVER_EMPTY = {"verdict": "(steps.it.outcome == 'success' && 'none' || 'error')"}
each = pytest.mark.parametrize("name", WORKFLOWS)


def tree(text: str) -> Any:
    return yaml.load(text, yaml.BaseLoader)  # text alone, so that `on` is a word


@each
def test_the_traffic_of_an_endpoint_is_one_queue(name: str) -> None:
    job = jobs(name)[name]
    assert job["concurrency"] == {"group": GROUP, "cancel-in-progress": "false", "queue": "max"}
    environment = {"name": "${{ inputs.environment }}", "url": "${{ steps.it.outputs.url }}"}
    assert job["environment"] == {**environment, "deployment": "false"}
    others = [one for other, one in jobs(name).items() if other != name]
    assert not [one for one in others if "concurrency" in one or "environment" in one]


@each
def test_every_job_has_an_end_and_asks_for_no_more_than_it_says_why(name: str) -> None:
    whole = tree(file(name).read_text())
    assert whole["permissions"] == {}
    reasons = {(one.job, one.scope): one.access for one in permissions(name)}
    asked = {
        (key, scope): access
        for key, job in whole["jobs"].items()
        for scope, access in job["permissions"].items()
    }
    assert asked == reasons
    assert all(int(job["timeout-minutes"]) <= 30 for job in whole["jobs"].values())


@each
def test_no_expression_stands_inside_a_script(name: str) -> None:
    scripts = [step["run"] for job in jobs(name).values() for step in job["steps"] if "run" in step]
    assert [script for script in scripts if "${{" in script] == []


@each
def test_each_output_is_the_action_s_and_goes_all_the_way_out(name: str) -> None:
    told = called(name)["outputs"]
    assert {key: one["value"] for key, one in told.items()} == {
        key: f"${{{{ jobs.{name}.outputs.{key} }}}}" for key in told
    }
    orelse = {key: f" || {word}" for key, word in NEVER_EMPTY.items()}
    assert jobs(name)[name]["outputs"] == {
        key: f"${{{{ steps.it.outputs.{key}{orelse.get(key, '')} }}}}" for key in told
    }
    [action] = [action for action in every_action() if action.verb == name]
    assert set(told) <= set(action.outputs)


@each
def test_the_action_gets_inputs_that_it_has(name: str) -> None:
    actions = {f"$/actions/{action.verb}": action for action in every_action()}
    ours = [step for job in jobs(name).values() for step in job["steps"] if "$/" in str(step)]
    assert ours
    for step in ours:
        assert set(step["with"]) <= set(actions[step["uses"]].inputs)


@each
def test_no_job_is_ever_left_out_as_a_caller_would_lose_what_it_has_behind(name: str) -> None:
    assert [key for key, job in jobs(name).items() if "if" in job] == []


def test_what_all_three_ask_for_is_asked_in_the_same_words() -> None:
    release, *others = [called(name)["inputs"] for name in WORKFLOWS]
    for other in others:
        shared = {key: one for key, one in other.items() if key in release}
        assert shared == {key: release[key] for key in shared}
        assert len(shared) == 10


def test_the_page_is_what_the_files_say() -> None:
    assert workflow_tables.PAGE.read_text() == workflow_tables.page(), "run: make docs"


@each
def test_the_copies_for_older_tools_leave_out_the_newer_keys_and_nothing_else(name: str) -> None:
    real = file(name).read_text()
    changed = [
        line
        for line in difflib.ndiff(real.splitlines(), prepared.older(real).splitlines())
        if line[0] in "+-"
    ]
    gone = [line.split("#")[0].split() for line in changed]
    taken = [words[1:] for words in gone if words[0] == "-"]
    put = [words[1:] for words in gone if words[0] == "+"]
    assert ["queue:", "max"] in taken
    assert ["deployment:", "false"] in taken
    ours = [words[-1] for words in taken if words[-1].startswith("$/")]
    assert len(taken) == 2 + len(ours)
    assert [words[-1] for words in put] == [
        f"agentramp/agentramp/{uses.removeprefix('$/')}@v0" for uses in ours
    ]


def test_a_time_zone_is_left_out_with_the_others() -> None:
    kept = "on:\n  schedule:\n    - cron: '7 * * * *'\n"
    zone = "      timezone: Asia/Shanghai # where we work\n"
    assert prepared.older(f"{kept}{zone}") == kept
    spoken = "# timezone: of the schedule\nqueue: maximal\n"
    assert prepared.older(spoken) == spoken


def test_the_copies_for_actionlint_name_what_lies_beside_them(tmp_path: Path) -> None:
    prepared.write(tmp_path)
    projects = sorted(folder.name for folder in tmp_path.iterdir())
    assert "agentramp" in projects
    for project in projects:
        for workflow in prepared.workflows(tmp_path / project):
            text = workflow.read_text()
            assert "uses: $/" not in text
            for job in tree(text)["jobs"].values():
                steps = [job, *job.get("steps", [])]
                for uses in (step["uses"] for step in steps if "uses" in step):
                    local = tmp_path / project / uses
                    assert not uses.startswith("agentramp/agentramp")
                    assert not uses.startswith("./") or local.exists()

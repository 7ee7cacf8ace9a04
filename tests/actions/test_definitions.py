import argparse
import re
from collections.abc import Callable
from importlib import import_module

import pytest
import yaml

from agentramp.inputs import PREFIX
from agentramp.report.github.output_file import outputs
from agentramp.report.result import Result
from agentramp.wiring.arguments import Unsaid
from tests.actions.definition import ROOT, SETUP, TOKEN, VERBS, WHOLE, Action, every_action

ACTIONS = every_action()
each = pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.verb or "root")
OF_VERBS = [action for action in ACTIONS if action.verb in VERBS]
each_verb = pytest.mark.parametrize("action", OF_VERBS, ids=lambda action: action.verb)
KEBAB = re.compile(r"[a-z]+(-[a-z]+)*")
LONGEST_INLINE = 5
OUTPUTS = set(outputs(Result("", "")))
ON_GITHUB = {"github-environment", "comment"}
THEN = "AGENTRAMP_THEN"
"""The variable of a step that refuses for later ones, and acts for none of them."""
"""The inputs that need a login there."""


def add_arguments(verb: str) -> Callable[[argparse.ArgumentParser], None]:
    found: Callable[[argparse.ArgumentParser], None] = import_module(
        f"agentramp.verbs.{verb.replace('-', '_')}"
    ).add_arguments
    return found


def options(verb: str) -> dict[str, argparse.Action]:
    """The verb's arguments by the name a workflow uses."""
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(verb)(parser)
    return {
        (found.option_strings or [found.dest])[-1].removeprefix("--"): found
        for found in parser._actions  # noqa: SLF001 - argparse has no public list of its options
    }


def mapped(name: str) -> str:
    return PREFIX + name.upper().replace("-", "_")


def test_every_folder_of_actions_is_a_verb_with_a_script() -> None:
    folders = {file.parent.name for file in (ROOT / "actions").glob("*/action.yml")}
    scripts = {file.stem.replace("_", "-") for file in (ROOT / "scripts").glob("*.py")}
    assert folders == {*VERBS, SETUP} == scripts


@each_verb
def test_inputs_are_the_options_of_the_verb(action: Action) -> None:
    assert action.verb
    needs_token = bool(ON_GITHUB & set(action.inputs))
    assert set(action.inputs) == set(options(action.verb)) | ({TOKEN} if needs_token else set())


@each_verb
def test_an_input_asks_and_defaults_as_its_option_does(action: Action) -> None:
    assert action.verb
    for name, option in options(action.verb).items():
        found = action.inputs[name]
        default = option.default
        if isinstance(default, int | float) and not isinstance(default, bool):
            default = f"{default:g}"
        said = None if isinstance(default, Unsaid) else default
        written = {None: "", False: "false"}.get(said, said)
        assert (name, found.required) == (name, option.required)
        assert (name, found.default) == (name, None if option.required else written)


@each_verb
def test_every_input_reaches_its_verb(action: Action) -> None:
    [step] = action.steps
    assert step.env == {variable(name): f"${{{{ inputs.{name} }}}}" for name in action.inputs}


def variable(name: str) -> str:
    return "GITHUB_TOKEN" if name == TOKEN else mapped(name)


@each
def test_a_login_is_the_job_s_unless_another_is_given(action: Action) -> None:
    if TOKEN in action.inputs:
        assert action.inputs[TOKEN].default == "${{ github.token }}"
    with_login = [step for step in action.steps if "GITHUB_TOKEN" in step.env]
    needing = [
        step
        for step in action.steps
        if {mapped(name) for name in ON_GITHUB} & set(step.env) and not step.env.get(THEN)
    ]
    assert with_login == needing


@each_verb
def test_every_output_is_the_step_s(action: Action) -> None:
    [step] = action.steps
    assert step.id == action.verb
    for name, output in action.outputs.items():
        assert output.value == f"${{{{ steps.{action.verb}.outputs.{name} }}}}"


@each
def test_outputs_are_among_those_a_verb_writes(action: Action) -> None:
    read = {name for output in action.outputs.values() for name in found_outputs(output.value)}
    ours = OUTPUTS | ({"command"} if action.verb == SETUP else set())
    assert read <= ours
    assert set(action.outputs) <= ours
    assert {"changed", "reason", "result-json"} - set(action.outputs) == set()


def found_outputs(value: str) -> set[str]:
    return set(re.findall(r"steps\.[a-z-]+\.outputs\.([a-z-]+)", value))


def test_the_whole_release_goes_through_its_verbs_in_order() -> None:
    root = ACTIONS[0]
    assert [step.id for step in root.steps] == list(WHOLE)
    first, *later = root.steps
    assert first.env[THEN].split() == [step.id for step in later]
    assert {variable(name) for name in root.inputs} - set(first.env) == {"GITHUB_TOKEN"}
    for step in later:
        known = {mapped(name) for name in options(step.id)}
        assert set(step.env) <= known | {"GITHUB_TOKEN"}
        if step.others != {"if"}:  # in a dry run such a step is left out: the input says nothing
            shared = {mapped(name) for name in root.inputs} & known
            assert shared <= set(step.env)
    handed_over = "${{ steps.publish-version.outputs.version }}"
    assert root.steps[-1].env[mapped("version")] == handed_over
    used = {name for step in root.steps for name in step.env}
    assert {variable(name) for name in root.inputs} <= used


def test_the_whole_release_tells_what_its_steps_do() -> None:
    promised = {"changed", "version", "previous-version", "url", "weights", "verdict", "reason"}
    assert promised | {"artifact-digest", "result-json"} <= set(ACTIONS[0].outputs)


@each
def test_an_action_tells_all_that_its_verb_may_know(action: Action) -> None:
    """Verbs that move traffic know of versions, those that pack or deploy know of a package."""
    moves = {"version", "previous-version", "url", "weights", "verdict"}
    told = set(action.outputs)
    if action.verb in {"shift-traffic", "release", "promote", "abort", "rollback"}:
        assert moves <= told
    if action.verb in {"build", "deploy", "release", "publish-version", None}:
        assert "artifact-digest" in told


@pytest.mark.parametrize("option", ["regression", "budget"])
def test_a_list_is_one_input(option: str) -> None:
    assert option in ACTIONS[-2].inputs
    assert isinstance(options("simulate")[option], argparse._AppendAction)  # noqa: SLF001 - its only name


@each
def test_steps_are_short_and_hold_no_expression(action: Action) -> None:
    assert action.using == "composite"
    root = "$GITHUB_ACTION_PATH/actions" if action.verb is None else "$GITHUB_ACTION_PATH/.."
    for step in action.steps:
        assert step.shell == "bash"
        # A runner sends a cancel to one process, so the shell has to become ours.
        assert step.run == f'exec bash "{root}/run" {step.id}'
        assert len(step.run.splitlines()) <= LONGEST_INLINE
        assert step.others <= {"if"}, "a step of ours uses no action of somebody else's"


@each
def test_no_step_is_left_out_by_what_an_input_s_text_looks_like(action: Action) -> None:
    """We read an input without the blanks around it, and true in three ways; a condition does not.

    A build that is left out in vain is done by deploy, so that one may.
    """
    steps = yaml.safe_load(action.file.read_text())["runs"]["steps"]
    by_input = [step["id"] for step in steps if "inputs." in step.get("if", "")]
    assert by_input == (["build"] if action.verb is None else [])


@each
def test_everything_is_described_in_sentences(action: Action) -> None:
    texts = [action.description]
    texts += [one.description for one in action.inputs.values()]
    texts += [one.description for one in action.outputs.values()]
    assert [text for text in texts if not text.endswith(".")] == []
    for name in (*action.inputs, *action.outputs):
        assert KEBAB.fullmatch(name)


def test_the_marketplace_takes_the_whole_release() -> None:
    """Its form refuses a description of 125 characters or more, and asks for both marks."""
    about = yaml.safe_load((ROOT / "action.yml").read_text())
    assert len(about["description"]) < 125
    assert about["branding"].keys() == {"icon", "color"}


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_the_same_name_means_the_same_everywhere(kind: str) -> None:
    meanings: dict[str, set[str]] = {}
    for action in ACTIONS:
        for name, one in getattr(action, kind).items():
            meanings.setdefault(name, set()).add(one.description.partition(".")[0])
    assert {name: told for name, told in meanings.items() if len(told) > 1} == {}

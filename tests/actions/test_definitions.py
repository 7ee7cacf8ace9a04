import argparse
import re
from importlib import import_module

import pytest

from agentramp.parser import PREFIX
from agentramp.report import github
from agentramp.report.result import Result
from tests.actions.definition import ROOT, VERBS, WHOLE, Action, every_action

ACTIONS = every_action()
each = pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.verb or "root")
each_verb = pytest.mark.parametrize("action", ACTIONS[1:], ids=lambda action: action.verb)
KEBAB = re.compile(r"[a-z]+(-[a-z]+)*")
LONGEST_INLINE = 5
OUTPUTS = set(re.findall(r"^([a-z-]+)<<x$", github.outputs(Result("", ""), "x"), re.MULTILINE))


def options(verb: str) -> dict[str, argparse.Action]:
    """The verb's arguments by the name a workflow uses."""
    parser = argparse.ArgumentParser(add_help=False)
    import_module(f"agentramp.verbs.{verb.replace('-', '_')}").add_arguments(parser)
    return {
        (found.option_strings or [found.dest])[-1].removeprefix("--"): found
        for found in parser._actions  # noqa: SLF001 - argparse has no public list of its options
    }


def mapped(name: str) -> str:
    return PREFIX + name.upper().replace("-", "_")


def test_every_folder_of_actions_is_a_verb_with_a_script() -> None:
    folders = {file.parent.name for file in (ROOT / "actions").glob("*/action.yml")}
    scripts = {file.stem.replace("_", "-") for file in (ROOT / "scripts").glob("*.py")}
    assert folders == set(VERBS) == scripts


@each_verb
def test_inputs_are_the_options_of_the_verb(action: Action) -> None:
    assert action.verb
    assert set(action.inputs) == set(options(action.verb))


@each_verb
def test_an_input_asks_and_defaults_as_its_option_does(action: Action) -> None:
    assert action.verb
    for name, option in options(action.verb).items():
        found = action.inputs[name]
        written = {None: "", False: "false"}.get(option.default, option.default)
        assert (name, found.required) == (name, option.required)
        assert (name, found.default) == (name, None if option.required else written)


@each_verb
def test_every_input_reaches_its_verb(action: Action) -> None:
    [step] = action.steps
    assert step.env == {mapped(name): f"${{{{ inputs.{name} }}}}" for name in action.inputs}


@each_verb
def test_every_output_is_the_step_s(action: Action) -> None:
    [step] = action.steps
    assert step.id == action.verb
    for name, output in action.outputs.items():
        assert output.value == f"${{{{ steps.{action.verb}.outputs.{name} }}}}"


@each
def test_outputs_are_among_those_a_verb_writes(action: Action) -> None:
    read = {name for output in action.outputs.values() for name in found_outputs(output.value)}
    assert read <= OUTPUTS
    assert set(action.outputs) <= OUTPUTS


def found_outputs(value: str) -> set[str]:
    return set(re.findall(r"steps\.[a-z-]+\.outputs\.([a-z-]+)", value))


def test_the_whole_release_goes_through_its_verbs_in_order() -> None:
    root = ACTIONS[0]
    assert [step.id for step in root.steps] == list(WHOLE)
    for step in root.steps:
        known = {mapped(name) for name in options(step.id)}
        assert set(step.env) <= known
        if step.others != {"if"}:  # in a dry run such a step is left out: the input says nothing
            shared = {mapped(name) for name in root.inputs} & known
            assert shared <= set(step.env)
    handed_over = "${{ steps.publish-version.outputs.version }}"
    assert root.steps[-1].env[mapped("version")] == handed_over
    used = {name for step in root.steps for name in step.env}
    assert {mapped(name) for name in root.inputs} <= used


@each
def test_steps_are_short_and_hold_no_expression(action: Action) -> None:
    assert action.using == "composite"
    root = "$GITHUB_ACTION_PATH/actions" if action.verb is None else "$GITHUB_ACTION_PATH/.."
    for step in action.steps:
        assert step.shell == "bash"
        assert step.run == f'bash "{root}/run" {step.id}'
        assert len(step.run.splitlines()) <= LONGEST_INLINE
        assert step.others <= {"if"}, "a step of ours uses no action of somebody else's"


@each
def test_everything_is_described_in_sentences(action: Action) -> None:
    texts = [action.description]
    texts += [one.description for one in action.inputs.values()]
    texts += [one.description for one in action.outputs.values()]
    assert [text for text in texts if not text.endswith(".")] == []
    for name in (*action.inputs, *action.outputs):
        assert KEBAB.fullmatch(name)


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_the_same_name_means_the_same_everywhere(kind: str) -> None:
    meanings: dict[str, set[str]] = {}
    for action in ACTIONS:
        for name, one in getattr(action, kind).items():
            meanings.setdefault(name, set()).add(one.description.partition(".")[0])
    assert {name: told for name, told in meanings.items() if len(told) > 1} == {}

"""A command that is offered next leads to the place of the one before."""

import argparse
from importlib import import_module

import pytest

from agentramp.wiring.arguments import LOCATING, again

PLACES = {
    *("template", "env", "resource", "platform", "access", "output-dir"),
    *("runtime", "region", "endpoint", "journal", "remote"),
    *("artifact", "artifact-digest"),
}
BLOCKLET = "on a Blocklet Server"


def parser(verb: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    import_module(f"agentramp.verbs.{verb.replace('-', '_')}").add_arguments(made)
    return made


def places(verb: str) -> dict[str, object]:
    """Those of a Blocklet Server have a table of their own."""
    made = parser(verb)
    groups = [one for one in made._action_groups if one.title == BLOCKLET]  # noqa: SLF001 - argparse has no public list of them
    others = {option for group in groups for option in group._group_actions}  # noqa: SLF001 - as above
    found = {
        option.option_strings[-1].removeprefix("--"): option.default
        for option in made._actions  # noqa: SLF001 - as above
        if option.option_strings and option not in others
    }
    return {name: default for name, default in found.items() if name in PLACES}


@pytest.mark.parametrize("verb", LOCATING)
def test_every_place_of_a_verb_is_known_with_its_default(verb: str) -> None:
    assert LOCATING[verb] == places(verb)


def test_the_place_goes_along_as_far_as_the_next_verb_has_it() -> None:
    words = ["app", "-t", "s.prod.yaml", "--env", "prod", "-a", "mine", "--journal", "file"]
    args = parser("deploy").parse_args(words)
    same = "app --template=s.prod.yaml --env=prod --access=mine"
    assert again(args, "publish-version") == f"agentramp publish-version {same}"
    assert again(args, "status", endpoint="trial") == (
        f"agentramp status {same} --endpoint=trial --journal=file"
    )

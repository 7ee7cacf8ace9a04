"""What a workflow may name: odd but real names are taken, and what acts in a log is not."""

import argparse
from pathlib import Path

import pytest

from agentramp.errors import UsageError
from agentramp.inputs import value, variable
from agentramp.parser import Command, check, look, parse
from agentramp.verbs import deploy, rollback

PLACES = (
    "agents/cafe\N{COMBINING ACUTE ACCENT}",
    "agents/हिंदी",
    "agents/ไทยดี",
    "C&A/agent",
    "apps/[tenant]",
    "bob's agent",
    "#1",
    "a:b",
    "$HOME; `x`",
    "\N{UNICORN FACE}",
)
ROLLBACK = Command("rollback", "", "", rollback.add_arguments)


def given(**said: str) -> dict[str, str]:
    return {variable(name.replace("_", "-")): text for name, text in said.items()}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["path", "template", "artifact"])
def test_a_path_may_hold_any_letter(name: str, place: str) -> None:
    assert value(name, given(**{name: place})) == place


@pytest.mark.parametrize(
    ("name", "text", "letter"),
    [
        ("path", "-rf", "'-'"),
        ("path", "a::error::b", "'::'"),
        ("template", "##[group]", r"'##\['"),
        ("path", "a\N{RIGHT-TO-LEFT OVERRIDE}b", r"U\+202E"),
        ("output-dir", "a/`b`", "'`'"),
        ("resource", "shop;", "';'"),
        ("env", "a b", "' '"),
        ("access", "é", "'é'"),
    ],
)
def test_what_is_refused_is_named(name: str, text: str, letter: str) -> None:
    with pytest.raises(UsageError, match=f"^input {name}: .*{letter}"):
        value(name, given(**{name: text}))


@pytest.mark.parametrize(
    "name", ["production (eu)", "prod:eu", "dev & test", "\N{ROCKET} live", "a" * 255]
)
def test_an_environment_on_github_may_have_any_name(name: str) -> None:
    """A rollback in a hurry must not end at the name of what is merely told of it."""
    environ = given(github_environment=name, path=".")
    assert parse(ROLLBACK, [], environ).github_environment == name
    with pytest.raises(UsageError, match="input github-environment: it has 256 characters"):
        value("github-environment", given(github_environment="a" * 256))


@pytest.mark.parametrize("resource", ["हिंदी", "cafe\N{COMBINING ACUTE ACCENT}"])
def test_a_mark_is_part_of_its_letter(resource: str) -> None:
    assert value("resource", given(resource=resource)) == resource


def test_no_file_is_looked_for_where_none_is_read() -> None:
    gone = {"path": "gone", "template": "gone.yaml"}
    named = given(**gone, runtime="shop", region="cn-hangzhou")
    look(parse(ROLLBACK, [], named), named)
    for half in ({"runtime": "shop"}, {}):
        environ = given(**gone, **half)
        with pytest.raises(UsageError, match="input path: 'gone' is not there"):
            look(parse(ROLLBACK, [], environ), environ)


def test_an_artifact_that_is_not_there_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    command = Command("deploy", "", "", deploy.add_arguments)
    there = tmp_path / "it's.zip"
    there.touch()
    check(command, given(path=str(tmp_path), artifact=str(there)))
    with pytest.raises(UsageError, match=r"input artifact: 'gone\.zip' is not there"):
        check(command, given(path=str(tmp_path), artifact="gone.zip"))
    look(argparse.Namespace(artifact="gone.zip"), {})  # a command line's is told by its verb

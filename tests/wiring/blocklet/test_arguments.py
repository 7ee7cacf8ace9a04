"""The options of a Blocklet Server, and the commands that go on at the same place."""

import argparse
from importlib import import_module

import pytest

from agentramp.errors import UsageError
from agentramp.wiring.blocklet.arguments import LOCATING, again, mount_point
from agentramp.wiring.blocklet.dispatch import WAYS
from tests.verbs.scene import arguments

PLACES = {
    *("platform", "access", "server", "app", "mount-point", "name", "did"),
    *("journal", "remote", "output-dir"),
}


def options(verb: str) -> set[str]:
    made = argparse.ArgumentParser()
    import_module(f"agentramp.verbs.{verb}").add_arguments(made)
    flags = [one.option_strings[-1:] for one in made._actions]  # noqa: SLF001 - argparse has no public list
    return {flag.removeprefix("--") for found in flags for flag in found}


@pytest.mark.parametrize("verb", sorted(WAYS.keys() - {"validate", "versions"}))
def test_every_place_of_a_verb_is_known(verb: str) -> None:
    assert LOCATING[verb].keys() == options(verb) & PLACES


def test_the_place_goes_along() -> None:
    words = ["--endpoint", "https://x.example", "--mount-point", "/a", "--journal", "file"]
    args = arguments("deploy", "app", "--platform", "blocklet", "--name", "mine", *words)
    place = "--platform=blocklet --name=mine --server=https://x.example --mount-point=/a"
    assert again(args, "verify") == f"agentramp verify app {place}"
    assert again(args, "rollback", "--version=1.0.0") == (
        f"agentramp rollback app {place} --journal=file --version=1.0.0"
    )
    assert again(args, "versions") == f"agentramp versions list --path=app {place} --journal=file"
    for verb in ("verify", "rollback", "versions"):
        words = again(args, verb).split()[2:]
        assert arguments(verb, *words).server == "https://x.example"


@pytest.mark.parametrize(
    "text", ["a", "/A", "/a b", "/a/../b", "//", "/-a", "/a_b", "/" + "a" * 200]
)
def test_a_mount_point_that_a_server_would_change(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        mount_point(text)


def test_mount_points() -> None:
    assert [mount_point(text) for text in ("/", "/a", "/a-1/b/")] == ["/", "/a", "/a-1/b"]


@pytest.mark.parametrize(
    "words",
    [
        ["--version", "1.2"],
        ["--version", "v1.2.3"],
        ["--version", "1.2.3+x"],
        ["--did", "abc"],
        ["--app", "0x12"],
        ["--name", "../x"],
    ],
)
def test_what_is_none(words: list[str]) -> None:
    with pytest.raises(UsageError):
        arguments("deploy", *words)

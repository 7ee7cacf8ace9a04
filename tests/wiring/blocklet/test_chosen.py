"""What a run is about: what was said counts, and else the folder tells."""

import argparse
from pathlib import Path

import pytest

from agentramp import cli
from agentramp.errors import UnsupportedError, UsageError
from agentramp.wiring.blocklet.chosen import instead, is_chosen
from agentramp.wiring.blocklet.dispatch import CANNOT, WAYS, way
from tests.verbs.scene import arguments

SAYS = "target: blocklet\n"


def chosen(folder: Path, *words: str, verb: str = "deploy") -> bool:
    return is_chosen(verb, arguments(verb, str(folder), *words))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, False),
        ({"s.yaml": ""}, False),
        ({"aigne.yaml": ""}, True),
        ({"aigne.yaml": "", "s.yaml": ""}, False),
        ({"aigne.yaml": "", "s.yml": ""}, False),
        ({"agentramp.yaml": SAYS}, True),
        ({"agentramp.yml": "# mine\ntarget:  'blocklet'  # here\n"}, True),
        ({"agentramp.yaml": SAYS, "s.yaml": ""}, True),
        ({"agentramp.yaml": "\ufefftarget: blocklet\n"}, True),
        ({"agentramp.yaml": "target: Blocklets\n"}, True),
        ({"agentramp.yaml": "target: null\n"}, False),
        ({"agentramp.yaml": "target: agentrun\n", "aigne.yaml": ""}, False),
        ({"agentramp.yaml": "gates:\n- target: blocklet\n", "s.yaml": ""}, False),
        ({"agentramp.yaml": "# target: blocklet\n"}, False),
    ],
)
def test_the_folder_tells(tmp_path: Path, files: dict[str, str], *, expected: bool) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert chosen(tmp_path) is expected


def test_what_was_said_counts(tmp_path: Path) -> None:
    assert chosen(tmp_path, "--platform", "blocklet")
    (tmp_path / "aigne.yaml").touch()
    assert not chosen(tmp_path, "--platform", "agentrun")
    assert not chosen(tmp_path, "--platform=local")
    assert not chosen(tmp_path, "--runtime", "x", verb="status")
    assert not chosen(tmp_path / "aigne.yaml", "-t", "s.prod.yaml")
    assert chosen(tmp_path / "aigne.yaml")


def test_every_verb_has_its_way_or_says_what_does_it_instead(tmp_path: Path) -> None:
    (tmp_path / "agentramp.yaml").write_text(SAYS)
    of_a_place = {
        verb
        for verb in cli.VERBS
        if verb not in {"run", "cache", "site"}
        and hasattr(arguments_of(verb), "platform")
        and verb not in {"whoami", "doctor"}
    }
    assert of_a_place <= WAYS.keys() | CANNOT.keys()
    assert not WAYS.keys() & CANNOT.keys()
    for verb in CANNOT:
        with pytest.raises(UnsupportedError) as caught:
            way(verb, arguments("deploy", str(tmp_path)))
        assert caught.value.exit_code == 7
        assert caught.value.advice
    assert "deploy --canary" in CANNOT["shift-traffic"][1]


def arguments_of(verb: str) -> object:
    parser = argparse.ArgumentParser()
    cli._load(verb).add_arguments(parser)  # noqa: SLF001 - as the command line itself makes it
    return argparse.Namespace(**{action.dest: None for action in parser._actions})  # noqa: SLF001


@pytest.mark.parametrize(
    ("verb", "words", "told"),
    [
        ("deploy", ["--server", "https://x.example"], "--server is for a Blocklet Server"),
        ("deploy", ["--canary"], "--canary is for a Blocklet Server"),
        ("rollback", ["--version", "1.2.3"], "--version X.Y.Z is for a Blocklet Server"),
    ],
)
def test_options_of_the_other_place_are_refused(
    tmp_path: Path, verb: str, words: list[str], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        instead(verb, cli._load(verb), arguments(verb, str(tmp_path), *words))  # noqa: SLF001


def test_options_of_agentrun_are_refused_here(tmp_path: Path) -> None:
    (tmp_path / "agentramp.yaml").write_text(SAYS)
    with pytest.raises(UsageError, match="--prune is for AgentRun"):
        way("deploy", arguments("deploy", str(tmp_path), "--prune"))
    with pytest.raises(UsageError, match="--endpoint is for AgentRun"):
        way("promote", arguments("promote", str(tmp_path), "--endpoint", "production"))
    with pytest.raises(UnsupportedError, match="--preflight"):
        way("validate", arguments("validate", str(tmp_path), "--preflight"))


def test_a_number_is_a_version_of_agentrun(tmp_path: Path) -> None:
    module = cli._load("rollback")  # noqa: SLF001 - as the command line itself does
    args = arguments("rollback", str(tmp_path), "--version", "3")
    assert args.version == 3
    assert instead("rollback", module, args) is module


def test_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "aigne.yaml").write_text("name: a\n")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["shift-traffic", "--version", "1", "--weight", "10"]) == 7
    told = capsys.readouterr().err
    assert "a Blocklet Server splits no traffic" in told
    assert "agentramp deploy --canary" in told
    assert cli.main(["deploy", "--endpoint", "https://x.example", "--name", "a b"]) == 2
    assert "is no name of a component" in capsys.readouterr().err

"""Name and DID: said, remembered, asked for on a terminal, and never guessed."""

import io
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.component import Identity
from agentramp.config import read_ramp
from agentramp.errors import UsageError
from agentramp.platform.blocklet.did import canary_did, is_component, new_did
from agentramp.wiring.blocklet.identity import canary_of, identified, known
from agentramp.wiring.blocklet.project import project
from agentramp.wiring.context import Context
from tests.verbs.scene import arguments, context

DID = new_did(bytes)


def made(
    folder: Path, *words: str, environ: Mapping[str, str] | None = None, typed: str | None = None
) -> tuple[Identity, Context]:
    given = replace(context(folder), environ={"HOME": str(folder / "person"), **(environ or {})})
    if typed is not None:
        typing = io.BytesIO(typed.encode())
        given = replace(given, terminal=True, stdin=lambda: typing)
    args = arguments("deploy", str(folder), *words)
    return identified(args, given, project(args, given)), given


def test_options_then_variables_then_what_is_remembered(tmp_path: Path) -> None:
    other = new_did(os.urandom)
    (tmp_path / "agentramp.yaml").write_text(
        f"target: blocklet\nblocklet:\n  name: remembered\n  did: {DID}\n"
    )
    assert made(tmp_path)[0] == Identity("remembered", DID)
    variables = {"BLOCKLET_NAME": "said", "BLOCKLET_DID": f"did:abt:{other}"}
    assert made(tmp_path, environ=variables)[0] == Identity("said", other)
    assert made(tmp_path, "--name", "typed", environ=variables)[0] == Identity("typed", other)


def test_a_person_is_asked_once(tmp_path: Path) -> None:
    (tmp_path / "aigne.yaml").write_text("name: My Agent!\n")
    (tmp_path / "agentramp.yaml").write_text("# kept\njournal: file\n")
    found, _ = made(tmp_path, typed="\n\n")
    assert found.name == "my-agent"
    assert is_component(found.did)
    assert (tmp_path / "agentramp.yaml").read_text().startswith("# kept\njournal: file\n")
    ramp = read_ramp(tmp_path, {}, tmp_path)
    assert (ramp.blocklet.name, ramp.blocklet.did) == (found.name, found.did)
    again, _ = made(tmp_path)  # and nobody is asked again
    assert again == found


def test_what_is_typed_is_looked_at(tmp_path: Path) -> None:
    found, given = made(tmp_path, typed=f"9 bad\nfine\nz2qaNo\n{DID}\n")
    assert found == Identity("fine", DID)
    assert isinstance(given.console.stream, io.StringIO)
    assert "is no DID" in given.console.stream.getvalue()


def test_a_dry_run_remembers_nothing(tmp_path: Path) -> None:
    made(tmp_path, "--dry-run", typed="\n\n")
    assert not (tmp_path / "agentramp.yaml").exists()


def test_without_a_terminal_the_lines_to_add_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        made(tmp_path, "--name", "mine")
    assert "has no DID yet" in caught.value.message
    lines = caught.value.message.split("\n", 1)[1]
    (tmp_path / "agentramp.yaml").write_text(lines)
    found, _ = made(tmp_path)
    assert found.name == "mine"
    assert is_component(found.did)


def test_the_lines_go_where_some_are_already(tmp_path: Path) -> None:
    (tmp_path / "agentramp.yaml").write_text("target: blocklet\nblocklet:\n  engine: node\n")
    with pytest.raises(UsageError) as caught:
        made(tmp_path)
    assert "the blocklet: that agentramp.yaml has" in caught.value.advice


def test_the_vendors_file_is_read(tmp_path: Path) -> None:
    home = tmp_path / "person" / ".aigne"
    home.mkdir(parents=True)
    (home / "deployed.yaml").write_text(f"{tmp_path}:\n  name: former\n  did: {DID}\n")
    assert made(tmp_path)[0] == Identity("former", DID)
    (home / "deployed.test.yaml").write_text(f"{tmp_path}:\n  name: of-ci\n  did: {DID}\n")
    assert made(tmp_path, environ={"CI": "true"})[0] == Identity("of-ci", DID)


@pytest.mark.parametrize("did", ["z2qaNotOne", DID[:-1] + ("2" if DID[-1] != "2" else "3")])
def test_a_wrong_identifier_is_refused(tmp_path: Path, did: str) -> None:
    with pytest.raises(UsageError, match="no DID"):
        made(tmp_path, environ={"BLOCKLET_NAME": "x", "BLOCKLET_DID": did})


def test_the_canary_is_always_the_same_one() -> None:
    assert canary_of(Identity("x", DID)) == Identity("x-canary", canary_did(DID))


def test_nothing_is_known_of_a_new_folder(tmp_path: Path) -> None:
    given = replace(context(tmp_path), environ={"HOME": str(tmp_path)})
    assert known(project(arguments("deploy", str(tmp_path)), given), given) is None

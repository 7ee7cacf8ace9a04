"""run, of an AIGNE project: by which CLI, with what it may know, and in whose folder."""

import io
import json
import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.agents.aigne import VERSION
from agentramp.diagnostics import ConfigError
from agentramp.errors import UsageError
from agentramp.report.lines import Lines
from agentramp.report.result import Answer, Streamed
from agentramp.verbs import run
from agentramp.wiring.context import Context
from tests.verbs.archive_server import archived
from tests.verbs.scene import arguments, context
from tests.verbs.typed import Typed

AGENTS = Path(__file__).parents[1] / "agents"
PROJECT = AGENTS / "tiny-echo"


def program(folder: Path, name: str, before: str = "") -> Path:
    """The stand-in as ``name``; ``before`` are lines of sh that run first."""
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    words = shlex.join([sys.executable, str(AGENTS / "stand_in_aigne.py")])
    path.write_text(f'#!/bin/sh\n{before}\nexec {words} "$@"\n')
    path.chmod(0o755)
    return path


def on(folder: Path, **environ: str) -> Context:
    """A machine that has the programs of ``folder`` and no others of theirs."""
    path = os.pathsep.join([str(folder / "bin"), "/usr/bin", "/bin"])
    return context(folder, {"PATH": path, "HOME": str(folder), **environ})


def ran(where: Context, *words: str) -> str:
    """What stands on standard output."""
    out = io.StringIO()
    told = run.run(arguments("run", *words), replace(where, lines=Lines(out)))
    assert isinstance(told, Streamed)
    return out.getvalue()


def said(where: Context) -> str:
    assert isinstance(where.console.stream, io.StringIO)
    return where.console.stream.getvalue()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with archived(PROJECT, "echo-1.0", tmp_path / "served") as url:
        yield url


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    program(tmp_path, "aigne")
    (tmp_path / ".env").write_text("OF_DOTENV=1\n")
    where = on(tmp_path, OWN="1", GITHUB_TOKEN="secret")
    assert ran(where, str(PROJECT), "--input=hello") == "hello\n"
    assert ran(where, str(PROJECT), "echo", "--param=text=a b", "--param", "times=2") == "a b a b\n"
    names = ran(where, str(PROJECT), "--input", "environment").split()
    assert {"OWN", "OF_DOTENV"} <= set(names)
    assert "GITHUB_TOKEN" not in names
    asked = (str(PROJECT), "--input=environment", "--pass-env=GITHUB_TOKEN")
    assert "GITHUB_TOKEN" in ran(where, *asked).split()
    words = ran(where, str(PROJECT), "--entry-agent", "echo", "--input", "words").split()
    assert words[:3] == ["run", str(PROJECT), "echo"]
    told = run.run(arguments("run", str(PROJECT), "--input=x", "--output=json"), where)
    assert isinstance(told, Answer)
    fields = {name: json.loads(text) for name, text in told.fields}
    assert (fields["answer"], fields["engine"], fields["agent"]) == ("x", "aigne", None)
    assert said(where) == ""
    [home] = (path for path in (tmp_path / "home" / "run").iterdir() if path.is_dir())
    assert [path.name for path in home.iterdir()] == ["learned"]


def test_what_came_from_an_address_knows_less_and_writes_nowhere(
    tmp_path: Path, address: str
) -> None:
    program(tmp_path, "aigne", before='touch "$2/written" || exit 9')
    (tmp_path / ".env").write_text("OF_DOTENV=1\n")
    where = on(tmp_path, OWN="1", OPENAI_API_KEY="key", GITHUB_TOKEN="secret")
    names = ran(where, "--url", address, "echo", "--input=environment").split()
    assert "OPENAI_API_KEY" in names
    assert not {"OWN", "OF_DOTENV", "GITHUB_TOKEN"} & set(names)
    assert "runs with all your rights" in said(where)
    first = ran(where, address, "--input=words").split()[1]
    assert (Path(first) / "written").is_file()
    assert not list((tmp_path / "home" / "cache").rglob("written")), "the copy is shared"
    assert ran(where, address, "--input=words").split()[1] == first, "it is copied once"


def test_a_person_is_asked_once_for_each_address(tmp_path: Path, address: str) -> None:
    program(tmp_path, "aigne")

    def typing(text: str, **environ: str) -> Context:
        typed = io.BytesIO(text.encode())
        return replace(on(tmp_path, **environ), terminal=True, stdin=lambda: typed)

    asked = (address, "--input", "hello")
    with pytest.raises(UsageError, match="not confirmed"):
        ran(typing("no\n"), *asked)
    with pytest.raises(UsageError, match="not confirmed"):
        ran(typing("no\n"), *asked)
    assert ran(typing("", CI="true"), f"{address}?ci", "--input=hello") == "hello\n"
    assert ran(typing("yes\n"), *asked) == "hello\n"
    assert ran(typing(""), *asked) == "hello\n"
    assert ran(typing(""), f"{address}?other", "--input", "hello", "--yes") == "hello\n"


def test_faults_of_its_file_are_told_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "aigne.yaml").write_text("name: it\nagents: {}\n")
    with pytest.raises(ConfigError, match=r"has 1 fault") as caught:
        ran(on(tmp_path), ".", "--input=hello")
    assert str(caught.value.diagnostics[0]).startswith(str(tmp_path / "aigne.yaml:2:"))


def test_npx_brings_a_known_version_where_none_is_installed(tmp_path: Path) -> None:
    npx = program(tmp_path, "npx", f'[ "$1 $2" = "--yes @aigne/cli@{VERSION}" ] && shift 2')
    where = on(tmp_path)
    assert ran(where, str(PROJECT), "--input=hello") == "hello\n"
    assert f"@aigne/cli {VERSION} by npx" in said(where)
    npx.unlink()
    nothing = replace(where, environ={"PATH": str(tmp_path / "bin")})
    with pytest.raises(UsageError, match="neither aigne nor npx") as caught:
        ran(nothing, str(PROJECT), "--input=hello")
    assert "Node.js" in caught.value.advice


def test_the_terminal_is_lent_for_a_chat(tmp_path: Path) -> None:
    program(tmp_path, "aigne")
    own = {"AGENTRAMP_HOME": str(tmp_path / "home"), "TERM": "xterm", "AIGNE_HUB_API_KEY": "key"}
    environ = dict(on(tmp_path, **own).environ)
    for last, status in (("\x04", 0), ("leave\r", 3)):
        chat = Typed.begin(environ, str(PROJECT))
        chat.shows("chatting> ")
        chat.types("hello\r")
        assert "heard hello" in chat.shows("chatting> ")
        chat.types("\x03")
        chat.shows("stopped")  # it knows itself what that stops
        chat.types(last)
        assert chat.ends() == status

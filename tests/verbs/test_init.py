"""init: what templates hold, that they are valid, and that nothing is ever written over."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentramp import config
from agentramp.errors import RefusedError, UsageError
from agentramp.report.result import Facts, Result
from agentramp.verbs import init
from tests.verbs.scene import arguments, context

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "quickstart"
OUR_OWN = {"PYTHONPATH"}
"""Variables that any agent has; the others belong to what the agent does."""


def made(folder: Path, *words: str) -> Path:
    result = init.run(arguments("init", *words), context(folder))
    assert isinstance(result, Result)
    assert result.changed
    return folder / words[-1]


@pytest.mark.parametrize("template", init.TEMPLATES)
def test_a_template_is_valid_and_whole(tmp_path: Path, template: str) -> None:
    project = made(tmp_path, template, "my-agent")
    (runtime,) = config.read(project, {}, tmp_path).runtimes
    assert runtime.spec.name == "my-agent"
    assert not runtime.unmanaged
    config.read_ramp(project, {}, tmp_path)
    names = {str(path.relative_to(project)) for path in project.rglob("*") if path.is_file()}
    assert names >= {
        *(".env.example", ".gitignore", ".github/workflows/release.yml", "README.md"),
        *("agentramp.yaml", "code/app.py", "code/server.py", "s.yaml"),
    }
    for name in names:
        assert "@" + "NAME@" not in (project / name).read_text()
    for name in ("app.py", "server.py"):
        compile((project / "code" / name).read_text(), name, "exec")


@pytest.mark.parametrize("template", init.TEMPLATES)
def test_the_workflows_use_ours_without_a_key_and_script_nothing(
    tmp_path: Path, template: str
) -> None:
    project = made(tmp_path, template, "my-agent")
    files = sorted((project / ".github" / "workflows").iterdir())
    assert [file.stem for file in files] == ["promote", "release", "rollback"]
    for file in files:
        text = file.read_text()
        flow = yaml.safe_load(text)
        jobs = list(flow["jobs"].values())
        steps = [step for job in jobs for step in job.get("steps", ())]
        used = [one["uses"] for one in (*jobs, *steps) if "uses" in one]
        [ours] = (use for use in used if use.startswith("agentramp/"))
        place = ours.removeprefix("agentramp/agentramp/").split("@")[0]
        assert (ROOT / place).exists()
        assert Path(place).stem == file.stem
        assert all(re.fullmatch(r".*@[0-9a-f]{40}", use) for use in used if use != ours)
        assert not any("run" in step for step in steps)
        assert flow["permissions"] == {}
        assert jobs[-1]["permissions"]["id-token"] == "write"
        assert "ACCESS_KEY" not in text, "keyless by default"


def test_an_image_is_released_as_in_the_example(tmp_path: Path) -> None:
    project = made(tmp_path, "container", "my-agent")
    ours, example = (
        yaml.safe_load((folder / ".github/workflows/release.yml").read_text())
        for folder in (project, ROOT / "examples" / "container")
    )
    assert ours == example


@pytest.mark.parametrize("template", init.TEMPLATES)
def test_every_variable_of_a_template_is_in_its_example(tmp_path: Path, template: str) -> None:
    project = made(tmp_path, template, "my-agent")
    example = (project / ".env.example").read_text()
    told = {line.split("=")[0] for line in example.splitlines() if "=" in line and line[0] != "#"}
    text = (project / "s.yaml").read_text()
    used = {part.split("'")[0] for part in text.split("${env('")[1:]}
    assert used == told


def test_the_quickstart_is_set_up_as_the_example(tmp_path: Path) -> None:
    """They are two agents of different size, and run the same way."""
    project = made(tmp_path, "quickstart", "quickstart")
    ours, example = (agent(folder) for folder in (project, EXAMPLE))
    for one in (ours, example):
        one.pop("description")
        variables = one.pop("environmentVariables")
        one["own variables"] = {name: variables[name] for name in OUR_OWN}
    assert ours == example


def agent(folder: Path) -> dict[str, Any]:
    document = yaml.safe_load((folder / "s.yaml").read_text())
    found: dict[str, Any] = document["resources"]["quickstart"]["props"]["agent"]
    return found


def test_the_same_agent_is_in_the_image(tmp_path: Path) -> None:
    one, other = (made(tmp_path / name, name, "agent") for name in ("quickstart", "container"))
    assert (one / "code/app.py").read_text() == (other / "code/app.py").read_text()


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "mine" / "code").mkdir(parents=True)
    (tmp_path / "mine" / "code" / "app.py").write_text("mine")
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"has code/app\.py already: nothing was written"):
        init.run(arguments("init", "quickstart", "mine"), context(tmp_path))
    assert sorted(path.name for path in (tmp_path / "mine").rglob("*")) == [
        *("app.py", "code", "notes.txt")
    ]


def test_folders_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is there and is no folder"):
        init.run(arguments("init", "quickstart", "file"), context(tmp_path))
    with pytest.raises(RefusedError, match="could not be written"):
        init.run(arguments("init", "quickstart", "file/below"), context(tmp_path))


def test_names(tmp_path: Path) -> None:
    assert "runtime my-agent " in _message(tmp_path, "quickstart", "my agent")
    assert "runtime agent-7 " in _message(tmp_path, "quickstart", "7")
    assert "runtime agent " in _message(tmp_path, "quickstart", "客服")
    assert "runtime support " in _message(tmp_path, "quickstart", "x", "--name", "support")
    with pytest.raises(UsageError, match="is no name for a runtime"):
        _message(tmp_path, "quickstart", "y", "--name", "a b")
    with pytest.raises(UsageError, match="there is no template 'nosuch'"):
        _message(tmp_path, "nosuch")


def _message(folder: Path, *words: str) -> str:
    return init.run(arguments("init", *words), context(folder)).message


def test_the_list_names_all(tmp_path: Path) -> None:
    listed = init.run(arguments("init", "--list"), context(tmp_path))
    assert isinstance(listed, Facts)
    assert [name for name, _ in listed.facts] == list(init.TEMPLATES)
    assert not list(tmp_path.iterdir())


@contextmanager
def running(project: Path) -> Iterator[str]:
    """The agent of a template, on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = project / "code" / "app.py"
    script.write_text(script.read_text().replace("PORT = 9000", f"PORT = {port}"))
    with subprocess.Popen(
        [sys.executable, str(script)], env={**os.environ, "GREETING": "Hi"}
    ) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{url}/health", process)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        assert process.poll() is None
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


def ask(url: str, document: object) -> tuple[int, str]:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    request = urllib.request.Request(f"{url}/openai/v1/chat/completions", data)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def test_the_agent_answers_streams_and_refuses(tmp_path: Path) -> None:
    said = "Hi from talker version 1. You said: good day"
    messages = [{"role": "user", "content": "good day"}]
    with running(made(tmp_path, "quickstart", "talker")) as url:
        code, text = ask(url, {"messages": messages})
        assert (code, json.loads(text)["choices"][0]["message"]["content"]) == (200, said)
        code, text = ask(url, {"messages": messages, "stream": True})
        events = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
        assert (code, events.pop()) == (200, "[DONE]")
        deltas = [json.loads(event)["choices"][0]["delta"] for event in events]
        assert "".join(delta.get("content", "") for delta in deltas) == said
        wrong: tuple[object, ...] = (b"", b"{", b"[]", {"messages": []}, {"messages": [{}]})
        for document in wrong:
            code, text = ask(url, document)
            assert code == 400
            assert json.loads(text)["error"]["message"]

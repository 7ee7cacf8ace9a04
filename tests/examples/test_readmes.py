"""What each README says to type, word for word, and what it quotes from the workflows."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentramp.local import daemon
from tests.blocklet.server import blocklet_server

EXAMPLES = Path(__file__).parents[2] / "examples"
ALIKE = ("staging-and-production", "scheduled-canary", "container", "monorepo")
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"# exit code (\d+)")
KEPT = ("PIP_", "SSL_", "UV_")
END = "@@ ended with "
LEFT_OUT = shutil.ignore_patterns(".agentramp", "__pycache__", ".env", "python", ".mypy_cache")
QUICKSTART = "/agent-runtimes/quickstart/endpoints/production/invocations"
DIGEST = re.compile(r"sha256 +([0-9a-f]{64})")


@dataclass(frozen=True)
class Typed:
    """A command, and what it said on both streams."""

    command: str
    said: str


Type = Callable[[str], list[Typed]]


def commands(example: str) -> list[str]:
    blocks = CONSOLE.findall((EXAMPLES / example / "README.md").read_text())
    return [
        command.rstrip()
        for block in blocks
        for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    ]


@pytest.fixture
def type_all(tmp_path: Path) -> Iterator[Type]:
    """Types what an example's README says, in one shell, from the root of a checkout.

    Each command has to end with 0, or with the exit code that its comment names.
    """
    home = tmp_path / "platform"
    url = daemon.start(home).data_url + QUICKSTART
    yield lambda example: type_them(example, tmp_path, environ(tmp_path, home, {"URL": url}))
    daemon.stop(home, timeout=30)


def type_them(example: str, folder: Path, environ: Mapping[str, str]) -> list[Typed]:
    shutil.copytree(EXAMPLES, folder / "examples", ignore=LEFT_OUT)
    wanted = commands(example)
    script = "\n".join(f'{command}\nprintf "\\n{END}%s\\n" "$?"' for command in wanted)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )
    *parts, rest = re.split(rf"\n{END}(\d+)\n", done.stdout)
    typed = [Typed(*one) for one in zip(wanted, parts[::2], strict=True)]
    codes = [CODE.search(command) for command in wanted]
    expected = [found[1] if found else "0" for found in codes]
    assert (parts[1::2], rest) == (expected, ""), done.stdout
    return typed


def environ(folder: Path, home: Path, more: Mapping[str, str]) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name.startswith(KEPT)}
    path = [str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    return {
        **kept,
        "PATH": os.pathsep.join(path),
        "HOME": str(folder),
        "AGENTRAMP_HOME": str(home),
        **more,
    }


def test_quickstart(type_all: Type) -> None:
    typed = type_all("quickstart")
    asked = typed[-1]
    assert asked.command.startswith("curl")
    events = re.findall(r"^data: (\{.*\})$", asked.said, re.MULTILINE)
    pieces = [json.loads(event)["choices"][0]["delta"].get("content", "") for event in events]
    assert "".join(pieces).endswith("(2+3)*4 = 20")


def test_staging_and_production(type_all: Type) -> None:
    typed = type_all("staging-and-production")
    digests = [found[1] for one in typed if (found := DIGEST.search(one.said))]
    staging, production, second = digests
    assert staging == production != second
    back = next(one for one in typed if "rollback" in one.command)
    assert "production: v2 100 % -> v1 100 %" in back.said


def test_scheduled_canary(type_all: Type) -> None:
    typed = type_all("scheduled-canary")
    first, second, broken = (one.said for one in typed if "agentramp release" in one.command)
    assert "no stable version yet, so version 1 takes it all" in first
    assert "version 2 answers 9 of 9 golden prompts well" in second
    assert "serves v1 90 %, v2 10 %" in second
    assert 'must answer distance: "8.05 km" is missing' in broken
    [tick] = (one.said for one in typed if "agentramp promote" in one.command)
    assert "\nhold: " in tick
    after = [one.said for one in typed if "agentramp verify" in one.command][-1]
    assert "Ask me something like: 5 miles in km." in after


def test_monorepo(type_all: Type) -> None:
    typed = type_all("monorepo")
    order, back = (one.said for one in typed if "agentramp verify" in one.command)
    assert "Order 17 was delivered." in order
    assert "Yes, you have 18 days left." in back
    *_, orders, returns = (one.said for one in typed if "agentramp release" in one.command)
    assert "the ramp of version 2 begins" in orders
    assert "production serves version 1 already" in returns


def test_container(type_all: Type) -> None:
    typed = type_all("container")
    first, refused, second = (one.said for one in typed if "agentramp release" in one.command)
    assert "version 1 takes it all" in first
    assert "s.yaml names the image sha256:" in refused
    assert "serves v1 90 %, v2 10 %" in second
    [one], [two] = (DIGEST.findall(said) for said in (first, second))
    assert one != two
    back = next(one for one in typed if "rollback" in one.command)
    assert "move production: v1 90 %, v2 10 % -> v1 100 %" in back.said


def test_blocklet(tmp_path: Path) -> None:
    with blocklet_server() as server:
        place = {
            "BLOCKLET_SERVER": server.url,
            "BLOCKLET_DEPLOY_APP_ID": server.app_did,
            "BLOCKLET_ACCESS_KEY_ID": server.key_id,
            "BLOCKLET_ACCESS_KEY_SECRET": server.key_secret,
        }
        typed = type_them("blocklet", tmp_path, environ(tmp_path, tmp_path / "home", place))
    said = {one.command.partition("agentramp ")[2]: one.said for one in typed}
    sent = [(one.version, one.mount_point) for one in server.state.uploads]
    assert sent == [
        ("0.1.0", "/example"),
        ("0.1.1", "/example-canary"),
        ("0.1.1", "/example"),
        ("0.1.0", "/example"),
    ]
    assert server.state.mounted == {}, "the end of it"
    assert "dry run, nothing changed" in said["deploy --dry-run"]
    assert "/example answers: 200" in said["verify"]
    assert "blocklet-example 0.1.0 is running at /example" in said["status"]
    assert "had 2 installations" in said["versions list"]
    assert "(only trying)" in said["history"]
    assert server.key_secret not in "".join(said.values())


def test_the_job_that_the_container_quotes_stands_in_its_workflow() -> None:
    """It calls an action of ours in a step, which no quote shows."""
    [quoted] = QUOTED.findall((EXAMPLES / "container" / "README.md").read_text())
    workflow = EXAMPLES / "container" / ".github" / "workflows" / "release.yml"
    assert within(yaml.safe_load(workflow.read_text())["jobs"], yaml.safe_load(quoted))


def quotes() -> list[tuple[str, str]]:
    """The example, and each piece of a workflow that its README shows."""
    return [
        (file.parent.name, text)
        for file in sorted(EXAMPLES.glob("*/README.md"))
        for text in QUOTED.findall(file.read_text())
        if "uses: agentramp/" in text
    ]


@pytest.mark.parametrize(("example", "text"), quotes())
def test_what_a_readme_quotes_stands_in_a_workflow(example: str, text: str) -> None:
    quoted = yaml.safe_load(text)
    files = (EXAMPLES / example / ".github" / "workflows").glob("*.yml")
    assert any(holds(yaml.safe_load(file.read_text()), quoted) for file in files)


def holds(whole: Any, quoted: Any) -> bool:
    """A piece may leave keys out, and may begin with the jobs themselves, or be steps of one."""
    if isinstance(quoted, list):
        return any(
            all(any(within(step, one) for step in job.get("steps", ())) for one in quoted)
            for job in whole["jobs"].values()
        )
    return within(whole, quoted) or within(whole["jobs"], quoted)


def within(whole: Any, quoted: Any) -> bool:
    if not isinstance(quoted, dict):
        return bool(whole == quoted)
    return isinstance(whole, dict) and all(
        key in whole and within(whole[key], value) for key, value in quoted.items()
    )


def test_the_server_is_the_same_in_each_example() -> None:
    """They share no file, as each is a repository of its own; what is mended in one is in all."""
    files = [file for name in ALIKE for file in EXAMPLES.glob(f"{name}/**/code/app.py")]
    assert len(files) == 5
    assert all(one.read_bytes() == other.read_bytes() for one, other in pairwise(files))

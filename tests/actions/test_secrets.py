"""A secret given to an action is in its add-mask lines, and nowhere else that anybody can see."""

import base64
import contextlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from agentramp.local.daemon import Server
from agentramp.report import masking
from tests.actions.act import IDENTITY, Act, git
from tests.actions.consumer import Consumer, keyless
from tests.actions.definition import VERBS, every_action
from tests.actions.test_definitions import options
from tests.actions.test_hostile import GIVEN
from tests.credentials.sources import jwt, told
from tests.evidence.servers import Received, Said, serving
from tests.local.conftest import server

__all__ = ["server"]

ROOT = Path(__file__).parents[2]
MASK = "::add-mask::"
S_YAML = """\
edition: 3.0.0
name: secretive
resources:
  secretive:
    component: agentrun
    props:
      region: cn-hangzhou
      agent:
        name: secretive
        code: {src: ./code, language: python3.12, command: [python3, app.py]}
        cpu: 1
        memory: 512
        port: 9000
        environmentVariables:
          MODEL_KEY: ${env(MODEL_KEY)}
          MODEL_URL: ${env(MODEL_URL)}
"""
APP = """\
from http.server import BaseHTTPRequestHandler, HTTPServer

class Agent(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

HTTPServer(("127.0.0.1", 9000), Agent).serve_forever()
"""


def made() -> str:
    """A secret with letters that each code spells differently."""
    return f'{secrets.token_hex(8)}+/%"{secrets.token_hex(4)}'


@dataclass
class Watch:
    """Reads every command line of the machine, at moments when the action waits for us."""

    seen: bytearray = field(default_factory=bytearray)
    moments: int = 0

    def look(self) -> None:
        self.moments += 1
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                self.seen += file.read_bytes()


@dataclass(frozen=True)
class Step:
    code: int
    log: str
    output: str
    summary: str

    @property
    def masked(self) -> set[str]:
        lines = [line for line in self.log.splitlines() if line.startswith(MASK)]
        coded = (line.removeprefix(MASK) for line in lines)
        return {one.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%") for one in coded}

    @property
    def shown(self) -> str:
        """All that a person or a later step may read."""
        said = [line for line in self.log.splitlines() if not line.startswith(MASK)]
        return "\n".join([*said, self.output, self.summary])


def step(verb: str, cwd: Path, environ: Mapping[str, str], **inputs: str) -> Step:
    """One step as actions/run starts it."""
    files = {name: cwd.parent / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.write_text("")
    given = {f"AGENTRAMP_INPUT_{name.upper()}": value for name, value in inputs.items()}
    done = subprocess.run(
        [sys.executable, "-I", ROOT / "scripts" / f"{verb.replace('-', '_')}.py"],
        cwd=cwd,
        env={
            "GITHUB_ACTIONS": "true",
            "RUNNER_DEBUG": "1",
            "PATH": os.environ["PATH"],
            "HOME": str(cwd.parent),
            "AGENTRAMP_HOME": str(cwd.parent / "home"),
            "AGENTRAMP_INPUT_PATH": ".",
            **environ,
            **given,
            **{name: str(file) for name, file in files.items()},
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    output, summary = (file.read_text() for file in files.values())
    return Step(done.returncode, done.stdout, output, summary)


def forms(secret: str) -> set[str]:
    """As a secret may come out again: plain, and in each common code."""
    whole = secret.encode()
    codes = {base64.b64encode(whole).decode().rstrip("="), quote(secret, safe="")}
    return {secret, *codes, json.dumps(secret)[1:-1]}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository with an agent and a remote that takes its journal."""
    folder = tmp_path / "shop"
    (folder / "code").mkdir(parents=True)
    (folder / "s.yaml").write_text(S_YAML)
    (folder / "code" / "app.py").write_text(APP)
    git(tmp_path, "init", "-q", "--bare", "shop.git")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", str(tmp_path / "shop.git"))
    git(folder, "add", "-A")
    git(folder, *IDENTITY, "commit", "-q", "-m", "An agent")
    return folder


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file of the workspace, and what lies inside of packages."""
    for file in folder.rglob("*"):
        if not file.is_file():
            continue
        yield file, file.read_bytes()
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as package:
                yield from ((file / name, package.read(name)) for name in package.namelist())


def spying_git(tmp_path: Path) -> tuple[Path, Path]:
    """A git that reads all command lines of the machine before it does its work."""
    tools, seen = tmp_path / "tools", tmp_path / "seen"
    tools.mkdir()
    real = shutil.which("git")
    script = f'#!/bin/sh\ncat /proc/[0-9]*/cmdline 2>/dev/null >>"{seen}"\nexec "{real}" "$@"\n'
    (tools / "git").write_text(script)
    (tools / "git").chmod(0o755)
    return tools, seen


def test_a_release_tells_no_secret(server: Server, shop: Path, tmp_path: Path) -> None:
    watch, (tools, seen) = Watch(), spying_git(tmp_path)
    bearer, token, key, url = "job-bearer-of-the-run", f"ghs_{secrets.token_hex(9)}", made(), made()
    tokens: list[str] = []

    def answer(asked: Received) -> Said:
        watch.look()
        if "/token" not in asked.path:
            return Said(404, b'{"message": "Not Found"}')
        now = int(time.time())
        tokens.append(jwt(sub="repo:acme/shop:environment:production", iat=now, exp=now + 300))
        return told({"value": tokens[-1]})

    with keyless(server) as platform, serving(answer) as github:
        done = step(
            "release",
            shop,
            {
                **platform.environ,
                **platform.variables,
                "PATH": f"{tools}:{os.environ['PATH']}",
                "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.url}/token?v=1",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": bearer,
                "GITHUB_TOKEN": token,
                "GITHUB_API_URL": github.url,
                "GITHUB_REPOSITORY": "acme/shop",
                "MODEL_KEY": key,
                "AGENTRAMP_VARIABLES": f"MODEL_URL='{url}'\n",
            },
            platform="agentrun",
            journal="git",
            github_environment="production",
        )
    assert done.code == 0, done.log
    assert len(tokens) == 1
    assert {bearer, token, url, *tokens} <= done.masked
    lent = {one for one in done.masked if one not in forms(bearer) | forms(token) | forms(url)}
    assert len([one for one in lent if one not in set.union(*map(forms, tokens))]) >= 2, (
        "the secret and the token that STS lent"
    )
    known = {*done.masked, *forms(key)}
    assert {one for one in known if one in done.shown} == set()
    found = [str(file) for file, data in contents(shop) if any(x.encode() in data for x in known)]
    assert found == []
    journal = git(tmp_path / "shop.git", "log", "--all", "-p")
    assert "agentramp" in journal
    assert {one for one in known if one in journal} == set()
    assert watch.moments >= 1
    everybody = bytes(watch.seen) + seen.read_bytes()
    assert b"release.py" in everybody, "the action itself was looked at"
    assert {one for one in known if one.encode() in everybody} == set()


def ways(secret: str) -> dict[str, dict[str, str]]:
    """Each way by which a secret comes to an action, with the one of its variables."""
    return {
        "a key": {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tExample",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret,
        },
        "a temporary key": {
            "AGENTRUN_ACCESS_KEY_ID": "STS.Example",
            "AGENTRUN_ACCESS_KEY_SECRET": "another-one-for-the-key",
            "AGENTRUN_SECURITY_TOKEN": secret,
        },
        "a named key": {
            "prod_serverless_devs_key": json.dumps(
                {
                    "AccountID": "1234567890123456",
                    "AccessKeyID": "LTAI5t",
                    "AccessKeySecret": secret,
                }
            ),
            "AGENTRAMP_INPUT_ACCESS": "prod",
        },
        "a login for GitHub": {"GITHUB_TOKEN": secret},
        "a variable of s.yaml": {"AGENTRAMP_VARIABLES": f"MODEL_KEY={secret}"},
    }


def test_no_action_tells_a_secret_when_it_is_refused(shop: Path, tmp_path: Path) -> None:
    """Each action in each way, against a platform that says no to everybody."""
    secret = f"{secrets.token_hex(8)}+/{secrets.token_hex(4)}="
    with serving(lambda _: Said(403, b'{"code": "Forbidden.NoPermission", "message": "no"}')) as no:
        asked, named = [], []
        for verb in VERBS:
            needed = {name for name, option in options(verb).items() if option.required}
            given = {f"AGENTRAMP_INPUT_{n.upper()}": GIVEN[n] for n in needed}
            for way, environ in ways(secret).items():
                given |= {"GITHUB_ACTIONS": "true", "PATH": os.environ["PATH"], "MODEL_URL": "u"}
                more = {"MODEL_KEY": "k", "AGENTRUN_CONTROL_ENDPOINT": no.url}
                more |= {"AGENTRAMP_INPUT_PATH": ".", "AGENTRAMP_HOME": str(tmp_path / "home")}
                more |= {"AGENTRAMP_INPUT_JOURNAL": "file", "AGENTRAMP_INPUT_RUNS": "1"}
                asked.append({"verb": verb, "environ": {**given, **more, **environ}})
                named.append((verb, way))
        done = subprocess.run(
            [sys.executable, "-m", "tests.actions.batch"],
            cwd=shop,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    for case, one in zip(named, json.loads(done.stdout), strict=True):
        found = Step(one["code"], one["log"], one["output"], one["summary"])
        assert found.code != 1, (case, found.log)
        assert secret in found.masked, (case, found.log)
        assert {form for form in forms(secret) if form in found.shown} == set(), case
    assert {verb for verb, _ in named} == {action.verb for action in every_action()} - {
        None,
        "setup",
    }


def test_a_refused_identity_is_told_by_the_claim_that_failed(server: Server, shop: Path) -> None:
    other = "repo:acme/shop:ref:refs/heads/main"
    with keyless(server) as platform:
        now = int(time.time())
        token = jwt(sub=other, iat=now, exp=now + 300)
        with serving(lambda _: told({"value": token})) as github:
            environ = {
                **platform.environ,
                **platform.variables,
                "ACTIONS_ID_TOKEN_REQUEST_URL": github.url,
                "MODEL_KEY": "k",
                "MODEL_URL": "u",
            }
            done = step("deploy", shop, environ)
    assert done.code == 3, done.log
    [error] = [line for line in done.log.splitlines() if line.startswith("::error ")]
    assert other.replace(":", "%3A") in error or other in error
    assert "oidc:sub" in error
    assert re.search("usual cause: oidc:sub", done.log.splitlines()[-1])
    assert token not in done.shown


def test_forms_that_are_masked() -> None:
    secret = 'a+b/"c"%d'
    told = {masking.command(form).removeprefix(MASK) for form in masking.forms(secret)}
    assert {form.replace("%", "%25") for form in forms(secret)} <= told
    several = "a line: 4f89aa\r\nsec0nd-1s-long\n\nproduction\nshort\n"
    lines = [masking.command(form).removeprefix(MASK) for form in masking.forms(several)]
    assert all("\n" not in line for line in lines)
    assert lines[:2] == ["a line: 4f89aa", "sec0nd-1s-long"]
    assert "production" not in lines, "a runner would drop each output with this word in it"
    assert "short" not in lines, f"shorter than {masking.SHORTEST}"
    assert "production" in masking.forms("production"), "where it is all of the secret it is told"
    assert masking.forms("a sword"[:-1]) == masking.forms("") == []


def test_a_real_runner_shows_none_in_any_line(
    act: Act, server: Server, shop: Path, tmp_path: Path
) -> None:
    """act knows none of these as secrets, and hides what it was told to, as GitHub does."""
    bearer, given = secrets.token_hex(12), secrets.token_hex(12)
    workflows = shop / ".github" / "workflows"
    workflows.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "actions" / "workflows" / "secret.yml", workflows)
    with keyless(server) as platform:
        consumer = Consumer.of(shop, tmp_path / "run", act, platform).on(
            ACTIONS_ID_TOKEN_REQUEST_TOKEN=bearer, AGENTRAMP_VARIABLES=f"MODEL_KEY={given}"
        )
        run = consumer.runs("secret")
    assert (run.code, run.result("secret")) == (0, "success"), run.story()
    assert "the bearer is ***, the variables are MODEL_KEY=***" in run.printed("secret")
    # Beside the line itself, act's log keeps what it was told to mask; GitHub's does not.
    told = [json.dumps(one) for one in run.entries if one.get("command") != "add-mask"]
    known = (*forms(bearer), *forms(given))
    assert [line for line in told if any(one in line for one in known)] == []
    assert run.outputs("secret")["changed"] == "false"

"""A light agent in a git clone, on the embedded platform, with ramps and callers at will."""

import http.client
import json
import os
import random
import secrets
import shutil
import subprocess
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import count, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agentramp import config, tick
from agentramp.config.ramp_settings import RampConfig
from agentramp.executor import Executor
from agentramp.journal.file import FileJournal
from agentramp.journal.git import GitJournal
from agentramp.journal.port import Journal
from agentramp.model import Endpoint, Split
from agentramp.plan import CreateEndpoint, Plan, Step, Subject
from agentramp.planning import plan_begin
from agentramp.platform.agentrun.adapter import AgentRun
from agentramp.platform.agentrun.client import Client
from agentramp.platform.agentrun.signing import Credentials
from agentramp.ramp import Standing, standing
from demo.traffic import CHAT, SESSION_HEADER
from tests.release.conftest import Ended, User

AGENT = Path(__file__).parents[1] / "local" / "agents" / "failing.py"
REGION = "cn-hangzhou"
SETTINGS = """\
edition: 3.0.0
name: {name}
access: default
resources:
  {name}:
    component: agentrun
    props:
      region: cn-hangzhou
      agent:
        name: {name}
        code:
          src: ./code
          language: python3.12
          command: [python3, app.py]
        cpu: 0.5
        memory: 512
        port: 9000
"""
BURST = 40
WINDOW = 1.0
"""Seconds; each agentramp.yaml of these tests says the same."""
CLOCK = 1.0
NUMBERS = count()


def lay_out(folder: Path, name: str, ramp: str) -> Path:
    """A project whose agent fails for as many percent of its sessions as a file says."""
    project = folder / name
    (project / "code").mkdir(parents=True)
    shutil.copy(AGENT, project / "code" / "app.py")
    (project / "s.yaml").write_text(SETTINGS.format(name=name))
    (project / "agentramp.yaml").write_text(ramp)
    edit(project, 0)
    return project


def edit(project: Path, failing: int) -> None:
    """Change the agent: the next version fails for ``failing`` percent of its sessions."""
    (project / "code" / "version.txt").write_text(str(failing))
    (project / "code" / "edition.txt").write_text(str(next(NUMBERS)))


def call(url: str, sessions: int = BURST) -> None:
    """Open ``sessions`` new ones, a request each; what the agent answers is not looked at.

    They have names that a failing version refuses at once, and not from the second turn on.
    """
    names = (name for name in iter(lambda: secrets.token_hex(8), "") if is_refused_at_once(name))
    address = urlsplit(url)
    body = json.dumps({"stream": False, "messages": [{"role": "user", "content": "hello"}]})
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    for name in islice(names, sessions):
        headers = {"content-type": "application/json", SESSION_HEADER: name}
        connection.request("POST", address.path + CHAT, body, headers)
        connection.getresponse().read()
    connection.close()


def is_refused_at_once(session: str) -> bool:
    return zlib.crc32(session.encode()) % 200 < 100


def settle(seconds: float = WINDOW) -> None:
    """Until what was called just now lies in windows that are closed ``seconds`` after it.

    A run knows the platform's clock to a second: the ``Date`` of its answers is cut to one.
    """
    time.sleep(seconds + CLOCK + 0.1)


def connected(url: str, key: Credentials) -> AgentRun:
    client = Client(
        url=url,
        credentials=lambda: key,
        now=time.time,
        sleep=time.sleep,
        nonce=lambda: secrets.token_hex(16),
        jitter=random.random,
    )
    return AgentRun(client)


class Nobody:
    """A listener and a place for progress where none is looked at."""

    def begin(self, step: Step) -> None: ...
    def end(self, step: Step) -> None: ...
    def going_back(self, step: Step) -> None: ...
    def went_back(self, step: Step) -> None: ...


@dataclass(frozen=True)
class Plant:
    """``user`` works in a clone of ``bare``; the platform is there and the agent published."""

    user: User
    bare: Path
    control_url: str
    credentials: Credentials
    kind: str = "git"

    @classmethod
    def build(cls, folder: Path, ramp: str) -> "Plant":
        bare = folder / "bare.git"
        project = lay_out(folder, "agent", ramp)
        for words in (("init", "--bare", bare), ("init", project)):
            subprocess.run(["git", words[0], "--quiet", *map(str, words[1:])], check=True)
        git(project, "remote", "add", "origin", str(bare))
        user = User(folder / "home", project)
        told = user.run("local", "start", "--output", "json")
        assert told.code == 0, told.err
        server = user.server()
        key = Credentials(server["access_key_id"], server["access_key_secret"])
        return cls(user, bare, server["control_url"], key)

    @property
    def runtime(self) -> str:
        return self.user.project.name

    def environ(self, **more: str) -> dict[str, str]:
        return {
            "AGENTRUN_CONTROL_ENDPOINT": self.control_url,
            "AGENTRUN_ACCESS_KEY_ID": self.credentials.access_key_id,
            "AGENTRUN_ACCESS_KEY_SECRET": self.credentials.access_key_secret,
            **more,
        }

    def start(self, *words: str, **environ: str) -> "subprocess.Popen[str]":
        """A verb on this platform as if it were AgentRun itself: the journal is a git ref."""
        return self.user.start(*words, "--output", "json", **self.environ(**environ))

    def start_at(self, verb: str, endpoint: str, **environ: str) -> "subprocess.Popen[str]":
        """A verb of a ramp, on one endpoint and with this plant's kind of journal."""
        return self.start(verb, "--endpoint", endpoint, "--journal", self.kind, **environ)

    def run(self, *words: str, **environ: str) -> Ended:
        return ended(self.start(*words, **environ))

    def does(self, *words: str) -> dict[str, Any]:
        done = self.run(*words)
        assert done.code == 0, done.err
        return done.document

    def publish(self, failing: int = 0) -> int:
        edit(self.user.project, failing)
        self.does("deploy")
        return int(self.does("publish-version")["version"])

    @cached_property
    def ramp(self) -> RampConfig:
        return config.read_ramp(self.user.project, os.environ)

    @cached_property
    def platform(self) -> AgentRun:
        return connected(self.control_url, self.credentials)

    @property
    def journal(self) -> Journal:
        if self.kind == "file":
            return FileJournal(self.user.home / "journal" / "agentrun" / REGION)
        return GitJournal(self.user.project, "origin", REGION, os.environ)

    def subject(self, endpoint: str) -> Subject:
        return Subject(self.runtime, endpoint)

    def found(self, endpoint: str) -> Endpoint:
        found = self.platform.observe(self.runtime).endpoint(endpoint)
        assert found
        return found

    def standing(self, endpoint: str) -> Standing:
        return standing(self.journal.read(self.subject(endpoint)))

    def open(self, endpoint: str, stable: int) -> str:
        """A new endpoint that ``stable`` serves; gives its URL.

        No ramp on it may seem to have begun before it by a clock that is a second off.
        """
        runtime = self.platform.observe(self.runtime).runtime
        assert runtime
        subject = self.subject(endpoint)
        step = CreateEndpoint(runtime.id, endpoint, Split(stable))
        self._execute(Plan("release", subject, (step,), generation=0))
        time.sleep(CLOCK)
        return self.found(endpoint).url

    def begin(self, endpoint: str, canary: int) -> None:
        """What the last part of ``release`` does: the first step of a ramp."""
        seen = tick.look(self.platform, self.journal, self.subject(endpoint))
        self._execute(plan_begin(seen, canary, self.ramp.policy, retry=True))

    def _execute(self, plan: Plan) -> None:
        Executor(self.platform, self.journal, Nobody(), "the test")(plan)


def ended(process: "subprocess.Popen[str]") -> Ended:
    with process:
        out, err = process.communicate(timeout=120)
        return Ended(process.returncode, out, err)


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, text=True, check=True
    )
    return done.stdout


def together(*starts: Callable[[], "subprocess.Popen[str]"]) -> list[Ended]:
    """Run what each of ``starts`` starts, all at once."""
    processes = [start() for start in starts]
    with ThreadPoolExecutor(len(processes)) as pool:
        return list(pool.map(ended, processes))

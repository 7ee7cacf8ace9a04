"""One embedded platform behind a proxy, and verbs that run in this process against it."""

import dataclasses
import io
import json
import os
import random
import re
import secrets
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from pathlib import Path

from agentramp.errors import AgentrampError
from agentramp.journal.file import FileJournal
from agentramp.local import daemon
from agentramp.model import Code, LogStore, RuntimeSpec
from agentramp.package import measure
from agentramp.parser import Command, parse
from agentramp.plan import Subject
from agentramp.platform.agentrun.adapter import AgentRun
from agentramp.platform.agentrun.client import Client
from agentramp.platform.agentrun.functions import VERSION, FunctionCompute
from agentramp.platform.agentrun.signing import Credentials
from agentramp.ramp import Standing, standing
from agentramp.report.channel import Channel
from agentramp.report.console import Console
from agentramp.report.lines import Lines
from agentramp.wiring.context import Context
from tests.faults.faults import Ledger
from tests.faults.proxy import OWN, Proxy
from tests.local.client import Control

REGION = "cn-hangzhou"
POLL = 0.01
"""Seconds that a run sleeps in place of what it wanted."""
AGENT = Path(__file__).parent / "agent.py"
LIGHT, EDITED, HEAVY = "light.zip", "edited.zip", "heavy.zip"
_HEAVY_BYTES = 4_500_000
"""Above what goes inside a request."""
STORE = LogStore("a-project", "a-store")


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@dataclass
class World:
    """``route`` is where runs find the platform; tests themselves go straight to it."""

    folder: Path
    server: daemon.Server
    proxies: tuple[Proxy, ...]
    route: str
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        key = Credentials(self.server.access_key_id, self.server.access_key_secret)
        client = Client(
            self.server.control_url, lambda: key, time.time, _nap, _nonce, random.random
        )
        self.platform = AgentRun(client)
        functions = dataclasses.replace(client, version=VERSION, enveloped=False)
        self.functions = FunctionCompute(
            functions, lambda: self.server.control_url, lambda: self.server.account_id
        )

    def case(self) -> "Case":
        name = f"c{next(self._numbers):05}"
        folder = self.folder / name
        folder.mkdir()
        return Case(self, name, folder)

    def environ(self, *, straight: bool) -> Mapping[str, str]:
        """A role on top of a key, so that each run has credentials that can end."""
        return {
            "AGENTRUN_CONTROL_ENDPOINT": self.server.control_url if straight else self.route,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.server.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.server.access_key_secret,
            "ALIBABA_CLOUD_ROLE_ARN": f"acs:ram::{self.server.account_id}:role/deployer",
        }

    def make(self, runtime: str, package: str = LIGHT, **more: object) -> str:
        """A runtime that is ready; gives its id."""
        code = Code("python3.12", ("python3", "-I", "-S", "agent.py"))
        spec = RuntimeSpec(runtime, code, **more)  # type: ignore[arg-type]  # by name
        return self.platform.create_runtime(spec, measure(self.folder / package)).id


@dataclass(frozen=True)
class Case:
    """One run and its start state; its name is in the names of all that belongs to it."""

    world: World
    name: str
    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def journal(self) -> FileJournal:
        return FileJournal(self.home / "journal" / "agentrun" / REGION)

    def standing(self, runtime: str, endpoint: str) -> Standing:
        return standing(self.journal.read(Subject(runtime, endpoint)))

    def run(self, *words: str, ledger: Ledger | None = None) -> Ended:
        """A verb and its words, as the command line would run it, down to the exit code.

        Without a ``ledger`` no fault can come: such a run goes straight to the platform.
        """
        for proxy in self.world.proxies:
            proxy.ledger = ledger or Ledger()
        before = set(threading.enumerate())
        try:
            with _inside(self.folder):
                return self._ran(words, self.world.environ(straight=ledger is None))
        finally:
            # A read that nobody waits for any more must not be taken for one of the next run.
            for thread in set(threading.enumerate()) - before:
                if thread.name != OWN:
                    thread.join(60)

    def _ran(self, words: tuple[str, ...], environ: Mapping[str, str]) -> Ended:
        verb, *rest = words
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
        console = Console(err, terminal=False, clock=time.monotonic)
        channel = Channel(verb, " ".join(words), {}, out, err, console)
        code = _bounded(channel, lambda: self._report(verb, rest, channel, environ))
        return Ended(code, _written(out), _written(err))

    def _report(
        self, verb: str, words: list[str], channel: Channel, environ: Mapping[str, str]
    ) -> int:
        module = import_module(f"agentramp.verbs.{verb.replace('-', '_')}")
        args = parse(Command(verb, "", "", module.add_arguments), words, {})
        channel.output = args.output
        report = module.run(args, self._context(channel, environ))
        channel.report(report)
        return int(report.exit_code)

    def _context(self, channel: Channel, environ: Mapping[str, str]) -> Context:
        return Context(
            environ=environ,
            cwd=self.folder,
            home=self.home,
            console=channel.console,
            clock=time.time,
            sleep=_nap,
            nonce=_nonce,
            jitter=random.random,
            stdin=io.BytesIO,
            lines=Lines(channel.stdout),
            by="a test",
        )

    def traffic(self, runtime: str) -> Mapping[str, str]:
        """What each endpoint of this case serves."""
        found = self.world.platform.observe(runtime).endpoints
        return {one.name: str(one.split) for one in found if self.owns(runtime, one.name)}

    def owns(self, runtime: str, endpoint: str) -> bool:
        return self.name in runtime or self.name in endpoint

    @property
    def ran(self) -> list[str]:
        """What the commands wrote that this case ran in an instance."""
        place = self.folder / "ran"
        return place.read_text().splitlines() if place.exists() else []

    def discard(self, runtime: str) -> None:
        """Nobody waits for it. What others use too stays, without this case's own part."""
        seen = self.world.platform.observe(runtime)
        if seen.runtime is None:
            return
        for one in seen.endpoints:
            if self.owns(runtime, one.name):
                _remove(self.world, f"{seen.runtime.id}/endpoints/{one.id}")
        if self.name in runtime:
            _remove(self.world, seen.runtime.id)

    def state(self, *runtimes: str) -> str:
        """All that a run can change of these, without ids and moments."""
        told = {runtime: self._state(runtime) for runtime in runtimes} | {"ran": self.ran}
        return json.dumps(told, indent=1, default=str, sort_keys=True).replace(self.name, "CASE")

    def _state(self, runtime: str) -> object:
        seen = self.world.platform.observe(runtime)
        if seen.runtime is None:
            return None
        spec = dataclasses.asdict(seen.runtime.spec)
        if spec["code"]:
            spec["code"]["oss"] = None  # a place of its own each time; the checksum tells
        spec["workspace_id"] = self._workspace(seen.runtime.spec.workspace_id)
        return {
            "spec": spec,
            "status": seen.runtime.status,
            "versions": [(one.number, one.description) for one in seen.versions],
            "endpoints": sorted(
                (one.name, str(one.split), one.description, one.status.value)
                for one in seen.endpoints
                if self.owns(runtime, one.name)
            ),
            "concurrency": self.world.functions.concurrency(seen.runtime.id),
            "domains": self._domain(runtime),
        }

    def _workspace(self, workspace_id: str | None) -> list[str]:
        """Its name, as often as there are workspaces of it."""
        found = self.world.platform.workspaces()
        names = [one.name for one in found if one.id == workspace_id]
        return [one.name for one in found if one.name in names]

    def _domain(self, runtime: str) -> object:
        found = self.world.functions.domain(f"{runtime}.example.com")
        return found and (dataclasses.asdict(found[0]), len(found[1]))


@contextmanager
def opened(folder: Path) -> Iterator[World]:
    server = daemon.start(folder / "platform")
    try:
        control = Control(server)
        proxy = Proxy(server.control_url, lambda: _expire(control))
        data = Proxy(server.data_url, lambda: _expire(control))
        _pack(folder)
        with proxy.serving() as route, data.serving() as data_route:
            proxy.inside[server.data_url] = data_route
            yield World(folder, server, (proxy, data), route)
    finally:
        daemon.stop(folder / "platform", timeout=30)


def _expire(control: Control) -> None:
    assert control.call("DELETE", "/agentramp/sessions").status == 200


def _remove(world: World, path: str) -> None:
    answer = Control(world.server).call("DELETE", f"/agents/runtimes/{path}")
    assert answer.status < 300, answer.body


def _pack(folder: Path) -> None:
    agent = AGENT.read_text()
    for name, edition in ((LIGHT, "one"), (EDITED, "two"), (HEAVY, "three")):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr(zipfile.ZipInfo("agent.py"), agent)
            archive.writestr(zipfile.ZipInfo("edition.txt"), edition)
            if name == HEAVY:
                archive.writestr(zipfile.ZipInfo("weights.bin"), random.randbytes(_HEAVY_BYTES))


def _bounded(channel: Channel, run: Callable[[], int]) -> int:
    try:
        return run()
    except AgentrampError as error:
        channel.fail(error)
        return error.exit_code
    except Exception:  # noqa: BLE001 - as the command line does
        channel.bug()
        return 1


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _nap(seconds: float) -> None:
    time.sleep(min(seconds, POLL))


def _nonce() -> str:
    return secrets.token_hex(16)


def without_chance(text: str, case: str) -> str:
    """Output with what differs from run to run taken out: ids, ages, moments, durations."""
    text = text.replace(case, "CASE")
    return re.sub(r"(\d+(\.\d+)? ?(ms|s|m|h|seconds?|minutes?)\b *)+", "SOME TIME", text)

"""A verb at work on a platform and a journal in memory, with nobody else on this machine."""

import argparse
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path

from agentramp import tick
from agentramp.config.ramp_settings import RampConfig
from agentramp.executor import Executor
from agentramp.journal.memory import MemoryJournal
from agentramp.model import Code, RuntimeSpec, Split
from agentramp.parser import Command, parse
from agentramp.plan import Plan, Step, Subject
from agentramp.planning import Seen, plan_begin
from agentramp.platform.agentrun.services import Services
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.memory import MemoryPlatform
from agentramp.platform.registry import Address
from agentramp.ramp import Standing, standing
from agentramp.record import Event, Moved, Moving, Record
from agentramp.report.console import Console
from agentramp.report.lines import Lines
from agentramp.wiring.context import Context
from agentramp.wiring.target import Target

RUNTIME, ENDPOINT = "agent", "production"
NOWHERE = Address(
    Services("local", "http://127.0.0.1:9", lambda: "1"), lambda: Credentials("id", "secret")
)


def arguments(verb: str, *words: str) -> argparse.Namespace:
    module = import_module(f"agentramp.verbs.{verb.replace('-', '_')}")
    return parse(Command(verb, "", "", module.add_arguments), list(words), {})


def context(
    home: Path,
    environ: Mapping[str, str] | None = None,
    sleep: Callable[[float], None] = lambda _: None,
) -> Context:
    said = io.StringIO()
    return Context(
        environ=environ or {},
        cwd=home,
        home=home / "home",
        console=Console(said, terminal=False, clock=lambda: 0.0),
        clock=lambda: 0.0,
        sleep=sleep,
        nonce=lambda: "nonce",
        jitter=lambda: 0.0,
        stdin=io.BytesIO,
        lines=Lines(io.StringIO()),
        by="me",
    )


class Nobody:
    def begin(self, step: Step) -> None: ...
    def end(self, step: Step) -> None: ...
    def going_back(self, step: Step) -> None: ...
    def went_back(self, step: Step) -> None: ...


@dataclass
class Scene:
    """Versions 1, 2 and 3 of one runtime are published; ``production`` serves version 1.

    ``asleep`` is what happens, in turn, while the verb sleeps.
    """

    folder: Path
    ramp: RampConfig = field(default_factory=RampConfig)
    now: float = 1000.0
    platform: MemoryPlatform = field(init=False)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    asleep: list[Callable[[], None]] = field(default_factory=list)
    region: str = "cn-hangzhou"

    def __post_init__(self) -> None:
        self.platform = MemoryPlatform(clock=lambda: self.now)
        spec = RuntimeSpec(RUNTIME, Code("python3.12"))
        self.runtime = self.platform.create_runtime(spec, None).id
        for description in "abc":
            self.platform.publish_version(self.runtime, description)
        self.platform.create_endpoint(self.runtime, ENDPOINT, Split(1))
        outside = context(self.folder, sleep=self.sleep)
        self.context = replace(outside, timer=lambda: self.now)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.asleep:
            self.asleep.pop(0)()

    @property
    def where(self) -> Target:
        return Target(
            RUNTIME,
            self.platform,
            self.journal,
            NOWHERE,
            self.region,
            ENDPOINT,
            self.ramp,
            lambda: "1",
        )

    @property
    def said(self) -> str:
        assert isinstance(self.context.console.stream, io.StringIO)
        return self.context.console.stream.getvalue()

    @property
    def subject(self) -> Subject:
        return Subject(RUNTIME, ENDPOINT)

    @property
    def seen(self) -> Seen:
        return tick.look(self.platform, self.journal, self.subject)

    @property
    def standing(self) -> Standing:
        return standing(self.journal.read(self.subject))

    def split(self, endpoint: str = ENDPOINT) -> Split:
        found = self.platform.observe(RUNTIME).endpoint(endpoint)
        assert found
        return found.split

    def endpoint(self, name: str, split: Split) -> None:
        """A team's own: nobody writes it down."""
        self.platform.create_endpoint(self.runtime, name, split)

    def does(self, plan: Plan, by: str = "another") -> None:
        """Another run carries out ``plan``."""
        Executor(self.platform, self.journal, Nobody(), by)(plan)

    def begins(self, version: int = 2) -> None:
        self.does(plan_begin(self.seen, version, self.ramp.policy))

    def wrote(self, *events: Event, verb: str = "promote") -> None:
        records = self.journal.read(self.subject)
        new = tuple(Record(verb, self.now, event, "another") for event in events)
        self.journal.append(self.subject, *new, expected=len(records))

    def is_moved(self, after: Split, verb: str = "promote", reason: str = "") -> None:
        """Another run moves traffic and writes it down."""
        before = self.split()
        self.wrote(Moving(before, after, reason), verb=verb)
        self.by_hand(after)
        self.wrote(Moved(before, after), verb=verb)

    def by_hand(self, split: Split, endpoint: str = ENDPOINT) -> None:
        found = self.platform.observe(RUNTIME).endpoint(endpoint)
        assert found
        self.platform.set_split(self.runtime, found.id, split)

    def goes_by(self, **settings: object) -> None:
        self.ramp = replace(self.ramp, **settings)  # type: ignore[arg-type]  # by name

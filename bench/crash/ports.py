"""The ports as a process finds them: the in-memory ones, with all that may go wrong between."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from agentramp.evidence.port import Answer, EvidenceError, Missing, Question, Span
from agentramp.journal.port import HeldError, JournalError
from agentramp.judge.window import Arm, Tally, Unit, Window
from agentramp.model import (
    Artifact,
    Endpoint,
    Observed,
    Runtime,
    RuntimeSpec,
    Split,
    Workspace,
)
from agentramp.plan import Subject
from agentramp.platform.port import NotAppliedError, PlatformError, UnreachableError
from agentramp.record import Record
from bench.crash.process import Process
from bench.crash.truth import Truth

SESSIONS = 4
"""Sessions in a window for each percent of weight."""


@dataclass
class FaultyPlatform:
    process: Process
    truth: Truth

    def now(self) -> float:
        return self.process.server_time()

    def observe(self, runtime_name: str) -> Observed:  # noqa: ARG002 - there is one
        def read() -> Observed:
            return self.truth.observed(self.truth.now - self.process.age("observe"))

        return self.process.call("observe", read, lost=UnreachableError)

    def get_endpoint(self, runtime_id: str, endpoint_id: str) -> Endpoint:
        def read() -> Endpoint:
            there = self.truth.platform.get_endpoint(runtime_id, endpoint_id)
            age = self.process.age("get_endpoint")
            return (self.truth.endpoint_at(self.truth.now - age) if age else None) or there

        return self.process.call("get_endpoint", read, lost=UnreachableError)

    def set_split(self, runtime_id: str, endpoint_id: str, split: Split) -> Endpoint:  # noqa: ARG002 - there is one
        def write() -> Endpoint:
            return self.truth.set_split(endpoint_id, split, self.process.name)

        def arrive() -> None:
            self.process.world.tell(self.process.name, f"late: set_split {split} arrives")
            write()

        return self.process.call(f"set_split {split}", write, lost=self._unsure, late=arrive)

    def create_endpoint(
        self,
        runtime_id: str,  # noqa: ARG002 - there is one
        name: str,
        split: Split,
        description: str = "",  # noqa: ARG002 - nobody reads it
    ) -> Endpoint:
        def write() -> Endpoint:
            return self.truth.create(name, split, self.process.name)

        def arrive() -> None:
            if self.truth.endpoint is None:
                write()

        return self.process.call(f"create_endpoint {split}", write, lost=self._unsure, late=arrive)

    def _unsure(self, words: str) -> PlatformError:
        draw = self.process.world.random.random()
        if draw < 0.7:
            return UnreachableError(words)
        return NotAppliedError(words) if draw < 0.95 else PlatformError(words, code="ERR_500")

    def create_runtime(self, spec: RuntimeSpec, artifact: Artifact | None) -> Runtime:
        return self.truth.platform.create_runtime(spec, artifact)

    def update_runtime(
        self, runtime_id: str, spec: RuntimeSpec, artifact: Artifact | None
    ) -> Runtime:
        return self.truth.platform.update_runtime(runtime_id, spec, artifact)

    def await_runtime(self, runtime_id: str) -> Runtime:
        return self.truth.platform.await_runtime(runtime_id)

    def published_spec(self, runtime_id: str, number: int) -> RuntimeSpec:
        return self.truth.platform.published_spec(runtime_id, number)

    def publish_version(self, runtime_id: str, description: str) -> int:
        return self.truth.platform.publish_version(runtime_id, description)

    def describe_endpoint(self, runtime_id: str, endpoint_id: str, description: str) -> Endpoint:
        return self.truth.platform.describe_endpoint(runtime_id, endpoint_id, description)

    def delete_endpoint(self, runtime_id: str, endpoint_id: str) -> None:
        self.truth.platform.delete_endpoint(runtime_id, endpoint_id)

    def delete_runtime(self, runtime_id: str) -> None:
        self.truth.platform.delete_runtime(runtime_id)

    def workspaces(self) -> tuple[Workspace, ...]:
        return self.truth.platform.workspaces()

    def create_workspace(self, wanted: Workspace) -> Workspace:
        return self.truth.platform.create_workspace(wanted)


@dataclass
class FaultyJournal:
    """Nobody is held back: the runs are on two machines, and ``append`` alone keeps them apart."""

    process: Process
    truth: Truth

    @contextmanager
    def hold(self, subject: Subject) -> Iterator[None]:  # noqa: ARG002 - nobody is held back
        yield

    def read(self, subject: Subject) -> tuple[Record, ...]:  # noqa: ARG002 - there is one
        def now() -> tuple[Record, ...]:
            return self.truth.records_at(self.truth.now - self.process.age("journal.read"))

        return self.process.call("journal.read", now, lost=JournalError)

    def append(self, subject: Subject, *records: Record, expected: int) -> None:  # noqa: ARG002 - there is one
        def write() -> None:
            self.write(records, expected)

        def arrive() -> None:
            try:
                write()
            except HeldError:
                return
            self.process.world.tell(self.process.name, f"late: {what} arrives")

        what = "append " + ", ".join(_named(record) for record in records)
        self.process.call(what, write, lost=JournalError, late=arrive)

    def write(self, records: tuple[Record, ...], expected: int) -> None:
        self.truth.append(records, expected, self.process.name)


def _named(record: Record) -> str:
    event = record.event
    said = [record.verb, type(event).__name__]
    for name in ("decision", "before", "after", "ramp"):
        value = getattr(event, name, None)
        if value is not None:
            said.append(str(getattr(value, "value", value)))
    return " ".join(said)


@dataclass
class FaultyEvidence:
    """Counts that follow from the version and the window alone; ``bad`` versions fail half."""

    process: Process
    bad: frozenset[int]
    missing: float = 0.0
    unit: Unit = Unit.SESSIONS

    def read(self, question: Question) -> tuple[Answer, ...]:
        def count() -> tuple[Answer, ...]:
            return tuple(self._answer(span, question.canary) for span in question.spans)

        return self.process.call("evidence.read", count, lost=EvidenceError)

    def _answer(self, span: Span, canary: int) -> Answer:
        if self.missing:
            draw = self.process.world.random.random()
            if draw < self.missing:
                return Missing(span, "not there yet", final=draw < self.missing / 3)
        came = SESSIONS * span.weight
        rest = SESSIONS * 100 - came
        fell = came // 2 if canary in self.bad else 0
        return Window(
            span.start, span.end, Arm(Tally(came, fell)), Arm(Tally(rest, 1)), span.weight
        )

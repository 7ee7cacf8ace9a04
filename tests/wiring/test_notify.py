"""What hooks are told, and how often."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agentramp.config.ramp_settings import Dates, Happening, Hook, Weekly
from agentramp.evidence.port import Answer, EvidenceError, Missing, Question
from agentramp.executor import Executor
from agentramp.judge.window import Arm, Tally, Unit, Window
from agentramp.model import Split
from agentramp.planning import frozen, plan_abort
from agentramp.policy import OnTimeout, Policy, Rung
from agentramp.record import Approved, Moving, Paused
from agentramp.tick import Desk, tick
from agentramp.verbs import abort, release, rollback
from agentramp.wiring import notify
from agentramp.wiring.notify import Teller
from agentramp.wiring.waiting import Wait, wait
from tests.verbs.scene import Nobody, Scene, arguments


@dataclass
class Ear:
    """Answers each call with ``status``."""

    url: str = ""
    status: int = 200
    told: list[dict[str, str]] = field(default_factory=list)
    sent: list[dict[str, str]] = field(default_factory=list)

    @property
    def events(self) -> list[str]:
        return [said["event"] for said in self.told]


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            ear.sent.append({name.lower(): value for name, value in self.headers.items()})
            ear.told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(ear.status)
            self.send_header("location", "http://127.0.0.1:9/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        ear.url = f"http://127.0.0.1:{server.server_port}/services/secret"
        yield ear
        server.shutdown()
        thread.join()


@dataclass
class Counts:
    """200 sessions a window, of which ``bad`` of the canary's fail."""

    bad: int = 0
    silent: bool = False
    missing: bool = False
    unit: Unit = Unit.SESSIONS

    def read(self, question: Question) -> tuple[Answer, ...]:
        if self.silent:
            raise EvidenceError("no answer")
        if self.missing:
            return tuple(Missing(span, "NaN") for span in question.spans)
        return tuple(
            Window(
                span.start,
                span.end,
                Arm(Tally(2 * span.weight, self.bad)),
                Arm(Tally(200 - 2 * span.weight, 2)),
                span.weight,
            )
            for span in question.spans
        )


POLICY = Policy(
    rungs=(Rung(10, 600, 20), Rung(30, 0, 0, approval=True), Rung(100, 0, 0)),
    timeout=50_000,
    on_timeout=OnTimeout.HOLD,
)


@dataclass
class Told:
    """A scene whose ticks are told to a hook."""

    scene: Scene
    ear: Ear
    counts: Counts = field(default_factory=Counts)
    freeze: bool = False

    def __post_init__(self) -> None:
        hook = Hook(self.ear.url)
        self.scene.goes_by(policy=POLICY, hooks=(hook,))
        self.teller = self.another_run()

    def another_run(self) -> Teller:
        return Teller(self.scene.context, self.scene.where)

    def tick(self, seconds: float = 400, teller: Teller | None = None) -> str:
        scene = self.scene
        scene.now += seconds
        execute = Executor(scene.platform, scene.journal, Nobody(), "me")
        freezes = (Dates(0, 1e9),) if self.freeze else ()
        desk = Desk(
            scene.platform,
            scene.journal,
            execute,
            lambda _: self.counts,
            scene.ramp.policy,
            freezes,
        )
        ticked = tick(desk, scene.subject)
        (teller or self.teller)(ticked)
        return ticked.ruling.reason


@pytest.fixture
def told(tmp_path: Path, ear: Ear) -> Told:
    told = Told(Scene(tmp_path), ear)
    told.scene.begins()
    return told


def test_a_step_that_takes_its_time_is_no_news(told: Told) -> None:
    assert "bakes" in told.tick()
    assert told.ear.events == []


def test_a_hold_for_a_person_is_told_once(told: Told) -> None:
    for _ in range(40):
        if wait(told.tick()) is Wait.PERSON:
            break
    assert told.ear.events == ["held"]
    assert "waits for a person" in told.ear.told[0]["reason"]
    for _ in range(3):
        assert wait(told.tick()) is Wait.PERSON
    assert told.ear.events == ["held"]
    told.scene.wrote(Approved(30), verb="approve")
    told.tick()
    assert told.ear.events == ["held", "advanced"]


def test_each_kind_that_waits_is_told(told: Told) -> None:
    told.counts.silent = True
    assert wait(told.tick()) is Wait.EVIDENCE
    told.tick()
    assert told.ear.events == ["held"]
    told.counts.silent = False
    assert wait(told.tick()) is None
    assert told.ear.events == ["held"], "it goes on"
    told.freeze = True
    told.scene.wrote(Approved(30), verb="approve")
    for _ in range(40):
        if wait(told.tick()) is Wait.CALENDAR:
            break
    assert told.ear.events == ["held", "held"]
    assert "frozen until" in told.ear.told[1]["reason"]


def test_a_step_that_took_too_long_is_told(told: Told) -> None:
    told.scene.goes_by(policy=replace(POLICY, timeout=900))
    told.scene.does(plan_abort(told.scene.seen))
    told.scene.begins(3)
    reason = ""
    for _ in range(4):
        reason = told.tick(300)
    assert wait(reason) is Wait.TIME, reason
    assert told.ear.events == ["held"]


def test_a_pause_is_told_by_nobody(told: Told) -> None:
    """The person who paused it knows."""
    told.scene.wrote(Approved(30), verb="approve")
    told.scene.wrote(Paused("lunch"), verb="pause")
    reasons = [told.tick() for _ in range(40)]
    assert reasons[-1] == "hold: paused: lunch; resume goes on"
    assert told.ear.events == []


def test_drift_is_told_once_by_each_run(told: Told) -> None:
    told.scene.by_hand(Split(1, ((2, 40),)))
    told.tick()
    told.tick()
    assert told.ear.events == ["drifted"]
    told.tick(teller=told.another_run())
    assert told.ear.events == ["drifted", "drifted"], "a run knows nothing of another one's words"
    told.scene.by_hand(Split(1, ((2, 10),)))
    told.tick()
    told.scene.by_hand(Split(1, ((2, 40),)))
    told.tick()
    assert told.ear.events == ["drifted"] * 3, "it came anew"


def test_evidence_that_rolls_back_is_told_with_its_sentence(told: Told) -> None:
    told.counts.bad = 15
    reason = told.tick()
    assert told.ear.events == ["rolled-back"]
    assert told.ear.told[0]["reason"] == reason
    assert "canary sessions failed" in reason


def test_an_abort_that_a_run_died_in_is_told_as_one(told: Told) -> None:
    told.scene.wrote(Moving(told.scene.split(), Split(1), "it is late"), verb="abort")
    told.tick()
    assert (told.scene.split(), told.ear.events) == (Split(1), ["aborted"])


@pytest.mark.parametrize("words", [(), ("--reason", "the answers are in French")])
def test_the_verbs_that_go_back_are_told(told: Told, words: tuple[str, ...]) -> None:
    scene = told.scene
    abort.ended(arguments("abort", *words), scene.context, scene.where)
    abort.ended(arguments("abort", *words), scene.context, scene.where)
    args = arguments("rollback", "--version", "3", *words)
    rollback.gone_back(args, scene.context, scene.where)
    assert told.ear.events == ["aborted", "rolled-back"]
    for said in told.ear.told:
        assert said["reason"].endswith(": the answers are in French" if words else " 100 %")


def test_a_dry_run_tells_nothing(told: Told) -> None:
    scene = told.scene
    abort.ended(arguments("abort", "--dry-run"), scene.context, scene.where)
    rollback.gone_back(arguments("rollback", "--dry-run"), scene.context, scene.where)
    assert told.ear.events == []
    abort.ended(arguments("abort"), scene.context, scene.where)
    for words, events in ((["--dry-run"], []), ([], ["begun"])):
        told.ear.told.clear()
        args = arguments("release", *words)
        release.ramped(args, scene.context, scene.where, scene.seen, 3)
        assert told.ear.events == events


def test_no_password_of_this_machine_goes_along(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    notify.send(told.scene.context, told.scene.where, Happening.BEGUN, "it begins")
    assert "authorization" not in told.ear.sent[0]
    assert told.ear.sent[0]["content-type"] == "application/json"


@pytest.mark.parametrize(("status", "words"), [(500, "it answered 500"), (302, "answered 302")])
def test_a_hook_that_refuses_is_told_by_its_host_alone(told: Told, status: int, words: str) -> None:
    told.ear.status = status
    notify.send(told.scene.context, told.scene.where, Happening.BEGUN, "it begins")
    assert "the hook at 127.0.0.1 was not told: " in told.scene.said
    assert words in told.scene.said
    assert "secret" not in told.scene.said


def test_a_hook_that_is_no_address_stops_nothing(told: Told) -> None:
    for url in ("http://[broken/secret", "http://127.0.0.1:9/secret", "secret"):
        told.scene.goes_by(hooks=(Hook(url),))
        notify.send(told.scene.context, told.scene.where, Happening.BEGUN, "it begins")
    assert told.scene.said.count("was not told") == 3
    assert "secret" not in told.scene.said


def test_what_planning_says_of_the_calendar_is_known() -> None:
    for freeze in (Dates(0, 10), Weekly(0, 7 * 24 * 60 - 1)):
        assert wait(f"hold: {frozen((freeze,), 5)}") is Wait.CALENDAR

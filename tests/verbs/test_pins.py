"""Endpoints pinned for gates and probes: probes judge the right version or none."""

import sys
from pathlib import Path

import pytest

from agentramp import tick
from agentramp.config.ramp_settings import CommandGate, LogServiceSource, ProbeSource
from agentramp.errors import UsageError
from agentramp.evidence.port import EvidenceError, Question, Span
from agentramp.gates.port import GateError
from agentramp.model import LATEST, Split
from agentramp.plan import Subject
from agentramp.planning import Ruled, begins, plan_adopt, plan_begin
from agentramp.policy import OnRelease, Policy
from agentramp.record import Begun
from agentramp.verbs import release
from agentramp.wiring import gating, ramping, sources
from tests.verbs.scene import ENDPOINT, RUNTIME, Scene, arguments

CANARY, STABLE = "production-canary", "production-stable"
NO = CommandGate((sys.executable, "-c", "raise SystemExit(1)"))
MISSING = CommandGate(("no-such-program-anywhere",))
PROBES = ProbeSource(Path("prompts.yaml"), count=1)
ARGS = arguments("release", "--platform", "local")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    (tmp_path / "prompts.yaml").write_text("prompts: [{name: greeting, prompt: hello}]\n")
    scene = Scene(tmp_path)
    scene.goes_by(source=PROBES)
    return scene


def pin(scene: Scene, stable: int = 1, canary: int = 2) -> None:
    gating.pin(ARGS, scene.context, scene.where, stable, canary)


def test_probes_ask_endpoints_that_reach_the_ramps_versions(scene: Scene) -> None:
    pin(scene)
    scene.begins()
    asked = gating.probes(PROBES, scene.context, scene.where, scene.seen).probes
    assert asked.canary_url == f"memory://{RUNTIME}/{CANARY}"
    assert asked.stable_url == f"memory://{RUNTIME}/{STABLE}"


@pytest.mark.parametrize("endpoint", [CANARY, STABLE])
def test_a_pin_that_reaches_another_version_is_no_evidence(scene: Scene, endpoint: str) -> None:
    pin(scene)
    scene.begins()
    scene.by_hand(Split(3), endpoint)
    with pytest.raises(EvidenceError, match=f"{endpoint} serves v3 100 %") as refused:
        gating.probes(PROBES, scene.context, scene.where, scene.seen)
    assert "restore" in refused.value.advice


def test_a_pin_that_is_moved_while_it_is_probed_is_no_evidence(scene: Scene) -> None:
    pin(scene)
    scene.begins()
    asked = gating.probes(PROBES, scene.context, scene.where, scene.seen)
    scene.by_hand(Split(3), CANARY)
    with pytest.raises(EvidenceError, match=f"{CANARY} serves v3"):
        asked.read(Question(RUNTIME, ENDPOINT, 1, 2, ()))


def test_a_teams_own_endpoint_is_not_taken_over(scene: Scene) -> None:
    scene.endpoint(STABLE, Split(1, ((3, 20),)))
    with pytest.raises(UsageError, match=f"endpoint {STABLE} is there") as refused:
        pin(scene)
    assert scene.split(STABLE) == Split(1, ((3, 20),))
    adopt = f"agentramp adopt --platform=local --endpoint={STABLE}"
    assert refused.value.advice.endswith(adopt)
    with pytest.raises(UsageError, match="is there"):
        release.refuse_early(ARGS, scene.where)
    seen = tick.look(scene.platform, scene.journal, Subject(RUNTIME, STABLE))
    scene.does(plan_adopt(seen))
    pin(scene)
    assert scene.split(STABLE) == Split(1)


def replacing(scene: Scene, gate: CommandGate) -> Begun:
    """Version 2 is on trial, and version 3 is to take its place."""
    scene.goes_by(gates=(gate,), policy=Policy(on_release=OnRelease.REPLACE))
    pin(scene)
    scene.begins(2)
    begun = begins(plan_begin(scene.seen, 3, scene.ramp.policy))
    assert begun
    return begun


def test_after_a_refusal_the_pins_are_those_of_the_ramp_in_progress(scene: Scene) -> None:
    begun = replacing(scene, NO)
    ramp = scene.standing.ramp
    assert gating.refusal(ARGS, scene.context, scene.where, begun, ramp)
    assert (scene.split(CANARY), scene.split(STABLE)) == (Split(2), Split(1))


def test_also_where_a_gate_had_no_answer(scene: Scene) -> None:
    begun = replacing(scene, MISSING)
    with pytest.raises(GateError, match="cannot be started"):
        gating.refusal(ARGS, scene.context, scene.where, begun, scene.standing.ramp)
    assert scene.split(CANARY) == Split(2)


def test_a_release_that_a_gate_refuses_leaves_the_ramps_probes_as_they_were(scene: Scene) -> None:
    replacing(scene, NO)
    ended = release.ramped(ARGS, scene.context, scene.where, scene.seen, 3)
    assert (ended.exit_code, scene.split(CANARY)) == (4, Split(2))
    assert scene.split() == Split(1, ((2, 10),))


def test_a_dry_run_sends_no_probes(scene: Scene) -> None:
    pin(scene)
    scene.begins()
    scene.now += 3000
    args = arguments("promote", "--dry-run")
    ticked = tick.tick(ramping.desk(args, scene.context, scene.where), scene.subject)
    assert ticked.ruling.ruled is Ruled.HOLD
    assert "a dry run sends no probes" in ticked.ruling.reason


def log_service(scene: Scene) -> None:
    scene.goes_by(source=LogServiceSource("project", "store"))
    scene.begins()
    sources.connect(scene.context, scene.where, scene.seen, "agentrun")


def test_the_log_service_counts_one_endpoint(scene: Scene) -> None:
    pin(scene)
    scene.endpoint("beta", Split(3))
    scene.endpoint("head", Split(LATEST))
    log_service(scene)


@pytest.mark.parametrize("split", [Split(2), Split(1), Split(3, ((2, 5),))])
def test_another_endpoint_with_its_versions_is_no_evidence(scene: Scene, split: Split) -> None:
    scene.endpoint("beta", split)
    with pytest.raises(EvidenceError, match=r"endpoint beta serves version [12] too") as refused:
        log_service(scene)
    assert refused.value.advice


def test_a_span_is_read_where_the_pins_hold(scene: Scene) -> None:
    """No probe can be answered at an address of memory, and that is told."""
    pin(scene)
    scene.begins()
    asked = gating.probes(PROBES, scene.context, scene.where, scene.seen)
    assert asked.unit is asked.probes.unit
    question = Question(RUNTIME, ENDPOINT, 1, 2, (Span(0, 60, 60, 10),))
    with pytest.raises(EvidenceError):
        asked.read(question)

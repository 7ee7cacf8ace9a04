"""status: what is told of a runtime and its endpoints, and when a watch ends."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.errors import UsageError
from agentramp.model import LATEST, Endpoint, Runtime, RuntimeSpec, Split, Status, Version
from agentramp.platform.port import NotReadyError, UnreachableError
from agentramp.provenance import Provenance, provenance
from agentramp.report import status, status_json
from agentramp.report.console import Console
from agentramp.report.plain import columns
from agentramp.report.status import Overview, Served
from agentramp.verbs.status import told, watched
from agentramp.wiring.standing import overview
from tests.verbs.scene import ENDPOINT, RUNTIME, Scene, arguments

DIGEST, COMMIT = "sha256:" + "ab" * 32, "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def text(scene: Scene) -> str:
    return "\n".join(status.lines(overview(scene.where)))


@pytest.mark.parametrize(
    ("description", "found"),
    [
        ("", Provenance()),
        ("first one", Provenance(words="first one")),
        (f"{DIGEST} git:{COMMIT} first one", Provenance(DIGEST, COMMIT, "first one")),
        ("crc64:123 git:abc-dirty", Provenance("crc64:123", "abc-dirty")),
        ("sha256:a sha256:b git:c git:d", Provenance("sha256:a", "c", "sha256:b git:d")),
    ],
)
def test_what_a_description_says_of_package_and_commit(description: str, found: Provenance) -> None:
    assert provenance(description) == found


def test_each_version_in_service_is_told_with_its_package_and_commit(scene: Scene) -> None:
    number = scene.platform.publish_version(scene.runtime, f"{DIGEST} git:{COMMIT} the fourth")
    scene.by_hand(Split(1, ((number, 25),)))
    fields = dict(status_json.fields(overview(scene.where)))
    newest, oldest = json.loads(fields["versions"])
    assert (newest["version"], newest["digest"], newest["commit"]) == (4, DIGEST, COMMIT)
    assert (newest["served_by"], oldest["served_by"]) == ({ENDPOINT: 25}, {ENDPOINT: 75})
    assert oldest["digest"] is None
    assert DIGEST in text(scene)
    assert f"git:{COMMIT}" in text(scene)
    assert "the fourth" in text(scene)


def test_the_head_in_service_is_known_by_its_checksum() -> None:
    split = Split(LATEST, ((1, 10),))
    served = (Served("production", Endpoint("e", "production", split)),)
    found = Overview(Runtime("r", RuntimeSpec("agent")), (Version(1, "crc64:9"),), served)
    assert [ref for ref, _ in found.in_service()] == [LATEST, 1]
    head, published = json.loads(dict(status_json.fields(found))["versions"])
    assert (head["version"], head["digest"], published["digest"]) == (LATEST, None, "crc64:9")


def test_a_ramp_is_told_with_its_step_and_what_it_waits_for(scene: Scene) -> None:
    scene.begins(2)
    ramp = json.loads(dict(status_json.fields(overview(scene.where)))["endpoints"])[0]["ramp"]
    assert (ramp["stable"], ramp["canary"], ramp["weight"]) == (1, 2, 10)
    assert (ramp["step"], ramp["steps"], ramp["next_weight"]) == (1, [10, 30, 50, 100], 30)
    assert "version 2 on trial against version 1: step 1 of 4, 10 %" in text(scene)
    assert "waits for" in text(scene)
    assert told(arguments("status"), scene.where, overview(scene.where)).next == "agentramp promote"


def test_what_somebody_moved_by_hand_is_drift(scene: Scene) -> None:
    scene.begins(2)
    assert overview(scene.where).served[0].drift == ""
    scene.by_hand(Split(3))
    assert "v3 100 %" in overview(scene.where).served[0].drift
    answer = told(arguments("status"), scene.where, overview(scene.where))
    assert answer.next == "agentramp history"
    assert any(line.startswith("  drift") for line in answer.lines)


def test_an_endpoint_that_is_gone_while_its_journal_remembers_it(scene: Scene) -> None:
    scene.begins(2)
    (found,) = scene.platform.observe(RUNTIME).endpoints
    scene.platform.delete_endpoint(scene.runtime, found.id)
    assert "endpoint production is not there" in text(scene)
    assert json.loads(dict(status_json.fields(overview(scene.where)))["endpoints"])[0]["id"] is None


def test_without_endpoints_nothing_is_served(scene: Scene) -> None:
    (found,) = scene.platform.observe(RUNTIME).endpoints
    scene.platform.delete_endpoint(scene.runtime, found.id)
    assert "no endpoint: nothing is served" in text(scene)


def test_names_that_are_not_there(scene: Scene) -> None:
    with pytest.raises(UsageError, match=r"has no endpoint nosuch \(it has: production\)"):
        overview(scene.where, "nosuch")
    with pytest.raises(UsageError, match="runtime nosuch does not exist"):
        overview(replace(scene.where, runtime="nosuch"))


def test_lines_fit_a_terminal_and_hold_nothing_that_acts() -> None:
    spec = RuntimeSpec("agent", description="一二三四五 " * 30 + "\x1b[31mred")
    endpoint = Endpoint("e", "production", Split(1), reason="word " * 60, url="https://a")
    found = Overview(
        Runtime("r", spec, Status.UPDATE_FAILED, "why " * 60),
        (Version(1, f"{DIGEST} git:{COMMIT}-dirty " + "words " * 40, "2026-01-01T00:00:00Z"),),
        (Served("production", endpoint),),
    )
    lines = list(status.lines(found))
    assert max(columns(line) for line in lines) <= status.WIDTH
    assert not any("\x1b" in line for line in lines)


def test_an_answer_about_a_failed_runtime_ends_with_the_reason(scene: Scene) -> None:
    found = overview(scene.where)
    runtime = replace(found.runtime, status=Status.CREATE_FAILED, reason="port 9000 is not open")
    answer = told(arguments("status"), scene.where, replace(found, runtime=runtime))
    assert answer.lines[-1] == f"runtime {RUNTIME} is CREATE_FAILED: port 9000 is not open"
    assert answer.exit_code == 0


def becomes(scene: Scene, state: Status, reason: str = "") -> None:
    shelf = scene.platform.shelves[scene.runtime]
    shelf.runtime = replace(shelf.runtime, status=state, reason=reason)


def test_until_ready_waits_and_tells_only_what_changes(scene: Scene) -> None:
    becomes(scene, Status.UPDATING)
    scene.asleep = [lambda: None, lambda: becomes(scene, Status.READY)]
    args = arguments("status", "--until-ready")
    assert watched(args, scene.context, scene.where).runtime.status is Status.READY
    assert scene.said.splitlines() == [
        f"  runtime {RUNTIME} is UPDATING",
        "  newest version: 3",
        "  production: READY, serves v1 100 %",
        f"  runtime {RUNTIME} is READY",
    ]


def test_until_ready_ends_with_what_failed(scene: Scene) -> None:
    becomes(scene, Status.UPDATING)
    scene.asleep = [lambda: becomes(scene, Status.UPDATE_FAILED, "no such module")]
    with pytest.raises(NotReadyError, match="UPDATE_FAILED: no such module"):
        watched(arguments("status", "--until-ready"), scene.context, scene.where)


def test_until_ready_does_not_wait_for_ever(scene: Scene) -> None:
    becomes(scene, Status.UPDATING)
    args = arguments("status", "--until-ready", "--interval", "5s", "--timeout", "12s")
    with pytest.raises(NotReadyError, match="not ready after 10 s: runtime agent is UPDATING"):
        watched(args, scene.context, scene.where)


def test_the_time_that_a_slow_platform_takes_counts_too(scene: Scene) -> None:
    class Slow:
        """Takes a minute for each look."""

        def __getattr__(self, name: str) -> object:
            return getattr(scene.platform, name)

        def observe(self, runtime_name: str) -> object:
            scene.now += 60.0
            return scene.platform.observe(runtime_name)

    becomes(scene, Status.UPDATING)
    where = replace(scene.where, platform=Slow())  # type: ignore[arg-type]  # as its docstring says
    args = arguments("status", "--until-ready", "--timeout", "2m")
    with pytest.raises(NotReadyError, match="not ready after 125 s"):
        watched(args, scene.context, where)


def test_a_watch_outlives_a_platform_that_is_away_for_a_while(scene: Scene) -> None:
    class Away:
        """Answers from the second look on."""

        def __init__(self) -> None:
            self.asked = 0

        def __getattr__(self, name: str) -> object:
            return getattr(scene.platform, name)

        def observe(self, runtime_name: str) -> object:
            self.asked += 1
            if self.asked == 1:
                raise UnreachableError("nobody answers")
            return scene.platform.observe(runtime_name)

    where = replace(scene.where, platform=Away())  # type: ignore[arg-type]  # as its docstring says
    watched(arguments("status", "--until-ready"), scene.context, where)
    assert "nobody answers; looking again" in scene.said


def test_a_watch_ends_with_ctrl_c_only(scene: Scene) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    scene.asleep = [lambda: None, lambda: scene.by_hand(Split(2)), interrupt]
    with pytest.raises(KeyboardInterrupt):
        watched(arguments("status", "--watch"), scene.context, scene.where)
    assert "production: READY, serves v2 100 %" in scene.said


def test_on_a_terminal_the_picture_is_drawn_over_the_one_before(scene: Scene) -> None:
    stream = io.StringIO()
    console = Console(stream, terminal=True, clock=lambda: 0.0)
    becomes(scene, Status.UPDATING)
    scene.asleep = [lambda: becomes(scene, Status.READY)]
    args = arguments("status", "--until-ready")
    watched(args, replace(scene.context, console=console), scene.where)
    first, second = stream.getvalue().split("\x1b[J")[:2]
    assert f"runtime {RUNTIME} is UPDATING" in first
    assert second.startswith("\x1b[")
    assert f"runtime {RUNTIME} is READY" in second

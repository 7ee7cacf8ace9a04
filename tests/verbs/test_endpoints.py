"""endpoints publish and remove, versions list, remove: what is planned, done and refused."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from agentramp.errors import SupersededError, UsageError, WayBackFailedError
from agentramp.model import CustomDomain, Endpoint, Observed, Split, Version
from agentramp.plan import CreateEndpoint, DescribeEndpoint, MoveTraffic
from agentramp.planning.direct import plan_direct
from agentramp.platform.memory import MemoryPlatform
from agentramp.platform.port import PlatformError, UnreachableError
from agentramp.record import Moved, Moving
from agentramp.report.plain import columns
from agentramp.report.versions import table
from agentramp.verbs import endpoints, remove, versions
from agentramp.wiring.undertaking import HalfDoneError
from tests.verbs.scene import ENDPOINT, RUNTIME, Scene, arguments, context

TO_TWO = Split(1, ((2, 20),))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def publish(scene: Scene, *words: str, name: str = ENDPOINT) -> object:
    args = arguments("endpoints", "publish", name, *words)
    where = replace(scene.where, endpoint=name)
    return endpoints.published(args, scene.context, where).after


def test_a_canary_beside_the_stable_version_can_be_undone(scene: Scene) -> None:
    plan = plan_direct(scene.seen, TO_TWO)
    (step,) = plan.steps
    (back,) = plan.way_back
    assert isinstance(step, MoveTraffic)
    assert isinstance(back, MoveTraffic)
    assert (step.before, step.after) == (back.after, back.before) == (Split(1), TO_TWO)


def test_what_is_so_already_is_left_alone(scene: Scene) -> None:
    plan = plan_direct(scene.seen, Split(1), "")
    assert plan.steps == ()
    assert plan.notes == ("production already serves v1 100 %",)


def test_words_are_changed_without_touching_traffic(scene: Scene) -> None:
    (step,) = plan_direct(scene.seen, Split(1), "for all").steps
    assert isinstance(step, DescribeEndpoint)
    assert [type(one) for one in plan_direct(scene.seen, Split(2), "for all").steps] == [
        DescribeEndpoint,
        MoveTraffic,
    ]


def test_a_new_endpoint_may_begin_with_a_canary(scene: Scene) -> None:
    (step,) = plan_direct(replace(scene.seen, endpoint="trial"), TO_TWO, "a trial").steps
    assert isinstance(step, CreateEndpoint)
    assert (step.split, step.description) == (TO_TWO, "a trial")


@pytest.mark.parametrize("split", [Split(9), Split(1, ((9, 10),))])
def test_a_version_that_is_not_published(scene: Scene, split: Split) -> None:
    with pytest.raises(UsageError, match="version 9 of agent is not published"):
        plan_direct(scene.seen, split)


def test_what_a_ramp_holds_is_not_moved(scene: Scene) -> None:
    scene.begins(2)
    with pytest.raises(SupersededError, match="a ramp of version 2 holds agent/production"):
        plan_direct(scene.seen, Split(3))


def test_publishing_is_journaled_and_read_back(scene: Scene) -> None:
    words = ("--target-version", "1", "--canary-version", "2", "--weight", "20")
    assert publish(scene, *words) == TO_TWO
    assert scene.split() == TO_TWO
    events = [record.event for record in scene.journal.read(scene.subject)]
    assert events == [Moving(Split(1), TO_TWO), Moved(Split(1), TO_TWO)]
    assert publish(scene, "--target-version", "1") == Split(1)
    assert scene.split() == Split(1)


def test_a_new_endpoint_is_published(scene: Scene) -> None:
    assert publish(scene, "--target-version", "3", "--description", "early", name="early")
    found = scene.platform.observe(RUNTIME).endpoint("early")
    assert found
    assert (found.split, found.description) == (Split(3), "early")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("publish", "p"), "needs --target-version"),
        (("publish", "p", "--target-version", "LATEST"), "LATEST is the head"),
        (("publish", "p", "--target-version", "2", "--weight", "20"), "no --canary-version"),
        (("publish", "p", "--target-version", "1", "--canary-version", "2"), "needs its share"),
        (
            ("publish", "p", "--target-version=2", "--canary-version=2", "--weight=20"),
            "cannot be a canary beside itself",
        ),
        (("publish", "p", "--weight", "0.2"), r"0\.2 of the sessions is 20"),
        (("publish", "p", "--weight", ".25"), r"\.25 of the sessions is 25"),
        (("publish", "p", "--weight", "0.05"), r"0\.05 of the sessions is 5"),
        (("publish", "p", "--weight", "100"), "takes it all"),
        (("publish", "p", "--weight", "0"), "takes it all"),
        (("publish", "p", "--weight", "-1"), "1 to 99"),
        (("publish", "p", "--target-version", "1", "--description", "x" * 257), "257 characters"),
        (("publish",), "needs the endpoint's name"),
        (("get",), "needs the endpoint's name"),
        (("remove",), "needs the endpoint's name"),
        (("list", "p"), "list takes no name"),
        (("get", "p", "--weight", "20"), "goes with endpoints publish"),
        (("get", "../p"), "no name for an endpoint"),
        (("move", "p"), "invalid choice"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_asked(
    tmp_path: Path, words: tuple[str, ...], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        endpoints.run(arguments("endpoints", *words), context(tmp_path))


def drop(scene: Scene, *words: str, name: str = ENDPOINT) -> bool:
    args = arguments("endpoints", "remove", name, *words)
    return remove.endpoint(args, scene.context, replace(scene.where, endpoint=name)).changed


def test_an_endpoint_that_serves_is_removed_when_that_is_confirmed(scene: Scene) -> None:
    with pytest.raises(UsageError, match="no terminal to ask on"):
        drop(scene)
    assert scene.split() == Split(1)
    assert not drop(scene, "--dry-run")
    assert scene.split() == Split(1)
    assert drop(scene, "--yes")
    assert scene.platform.observe(RUNTIME).endpoints == ()
    assert scene.standing.settled is None
    assert not drop(scene, "--yes")


def test_an_endpoint_that_a_ramp_holds_is_removed_by_force_only(scene: Scene) -> None:
    scene.begins(2)
    with pytest.raises(SupersededError, match="a ramp of version 2 is in progress"):
        drop(scene, "--yes")
    assert drop(scene, "--yes", "--force")
    assert scene.standing.ramp is None


def all_of(scene: Scene, *words: str, domain: CustomDomain | None = None) -> bool:
    args = arguments("remove", *words)
    return remove.removed(args, scene.context, [(scene.where, domain)]).changed


def test_a_runtime_goes_with_all_that_it_has(scene: Scene) -> None:
    scene.endpoint("trial", TO_TWO)
    with pytest.raises(UsageError, match="no terminal to ask on"):
        all_of(scene, domain=CustomDomain("shop.example.com"))
    for told in (
        "remove endpoint production, which serves v1 100 %",
        "remove endpoint trial, which serves v1 80 %, v2 20 %",
        "runtime agent goes for good, with 3 published versions",
        "domain shop.example.com is not removed",
    ):
        assert told in scene.said
    assert not all_of(scene, "--dry-run")
    assert scene.platform.observe(RUNTIME).runtime
    assert all_of(scene, "--yes")
    assert scene.platform.observe(RUNTIME).runtime is None
    assert not all_of(scene, "--yes")


@dataclass
class Stubborn(MemoryPlatform):
    """Keeps one endpoint, or the runtime, by their names; ``silent`` once it has said so."""

    keeps: str = ""
    silent: bool = False
    said: bool = False

    def delete_endpoint(self, runtime_id: str, endpoint_id: str) -> None:
        self._refuse(self.get_endpoint(runtime_id, endpoint_id).name)
        super().delete_endpoint(runtime_id, endpoint_id)

    def delete_runtime(self, runtime_id: str) -> None:
        self._refuse(self.shelves[runtime_id].runtime.spec.name)
        super().delete_runtime(runtime_id)

    def observe(self, runtime_name: str) -> Observed:
        if self.said and self.silent:
            raise UnreachableError("no answer")
        return super().observe(runtime_name)

    def _refuse(self, name: str) -> None:
        if name == self.keeps:
            self.said = True
            raise PlatformError("not today")


def stubborn(scene: Scene, keeps: str, *, silent: bool = False) -> None:
    scene.endpoint("trial", Split(1))
    shelves, clock = scene.platform.shelves, scene.platform.clock
    scene.platform = Stubborn(shelves, clock, keeps=keeps, silent=silent)


def test_a_first_removal_that_is_refused_changed_nothing(scene: Scene) -> None:
    stubborn(scene, ENDPOINT)
    with pytest.raises(PlatformError, match="not today") as told:
        all_of(scene, "--yes")
    assert told.value.exit_code == 3
    assert len(scene.platform.observe(RUNTIME).endpoints) == 2


@pytest.mark.parametrize(
    ("keeps", "gone", "stand"),
    [
        ("trial", "agent/production", "agent/trial, agent"),
        (RUNTIME, "agent/production, agent/trial", "agent"),
    ],
)
def test_half_of_a_removal_is_told_by_name_and_goes_on(
    scene: Scene, keeps: str, gone: str, stand: str
) -> None:
    stubborn(scene, keeps)
    with pytest.raises(HalfDoneError) as told:
        all_of(scene, "--yes")
    assert f"removed for good: {gone}; still there: {stand}" in str(told.value)
    assert told.value.exit_code == 5
    scene.platform = MemoryPlatform(scene.platform.shelves, scene.platform.clock)
    assert all_of(scene, "--yes")


def test_what_is_left_of_a_removal_that_nobody_can_look_up(scene: Scene) -> None:
    stubborn(scene, RUNTIME, silent=True)
    with pytest.raises(WayBackFailedError, match="nor can it be read what is left of agent"):
        all_of(scene, "--yes")


def test_what_another_deploy_is_moving_is_not_removed(scene: Scene) -> None:
    scene.wrote(Moving(Split(1), Split(2)), verb="deploy")
    with pytest.raises(SupersededError, match="if that one is dead, this can be done in 120 s"):
        all_of(scene, "--yes")
    scene.now += 120
    assert all_of(scene, "--yes")


def test_nothing_goes_while_a_ramp_is_in_progress(scene: Scene) -> None:
    scene.endpoint("trial", Split(1))
    scene.begins(2)
    with pytest.raises(SupersededError, match="agent/production: a ramp of version 2"):
        all_of(scene, "--yes")
    assert len(scene.platform.observe(RUNTIME).endpoints) == 2
    assert all_of(scene, "--yes", "--force")


def test_what_is_only_for_publishing_is_refused_elsewhere(tmp_path: Path) -> None:
    for words in (("list", "--description", "x"), ("list", "--dry-run")):
        with pytest.raises(UsageError, match="goes with versions publish"):
            versions.run(arguments("versions", *words), context(tmp_path))
    args = arguments("versions", "publish", "--runtime", "agent")
    with pytest.raises(UsageError, match="--runtime goes with versions list"):
        versions.run(args, context(tmp_path))


@pytest.mark.parametrize(
    ("text", "why"), [("git:abc", "like a digest or a commit"), ("x" * 129, "129 characters")]
)
def test_words_about_a_version_leave_its_package_and_commit_readable(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        arguments("publish-version", "--description", text)


def test_a_table_of_versions_fits_a_terminal() -> None:
    description = f"sha256:{'ab' * 32} git:{'cd' * 20}-dirty " + "一二三 words " * 20
    found = (
        Version(12, description, "2026-11-21T14:23:15.608Z"),
        Version(2, "", "2026-11-20T14:23:15.608Z"),
    )
    serving = tuple(Endpoint(name, name * 9, Split(2, ((12, 10),))) for name in ("east", "west"))
    lines = list(table(found, serving))
    assert max(map(columns, lines)) <= 80
    assert "sha256:abababababab" in lines[1]
    assert "cdcdcdcdcdcd-dirty" in lines[1]
    (second,) = (line for line in lines if line.split()[0] == "2")
    assert second.split()[2:] == ["not", "known", "not", "known"]
    assert json.dumps(lines).count("serves") == 2

"""What is known of a run that fails: whether something is done, and which version is there."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from agentramp.errors import SupersededError
from agentramp.model import Code, Endpoint, RuntimeSpec, Split
from agentramp.plan import CreateEndpoint, CreateRuntime, MoveTraffic, Plan, PublishVersion, Step
from agentramp.platform.memory import MemoryPlatform
from agentramp.platform.port import PlatformError
from agentramp.report.deeds import Deeds
from agentramp.wiring.target import executor
from tests.verbs.scene import ENDPOINT, Scene, arguments

SPEC = RuntimeSpec("other", Code("python3.12"))


class UnaskedError(PlatformError):
    untouched = True


@dataclass
class Refusing(MemoryPlatform):
    """Publishes nothing, opens nothing, and moves nothing."""

    error: PlatformError | None = None

    def publish_version(self, runtime_id: str, description: str) -> int:
        raise self._refusal()

    def create_endpoint(
        self, runtime_id: str, name: str, split: Split, description: str = ""
    ) -> Endpoint:
        raise self._refusal()

    def _refusal(self) -> PlatformError:
        assert self.error
        return self.error


def plan(scene: Scene, *steps: Step) -> Plan:
    return Plan("release", scene.subject, steps)


def run(scene: Scene, *steps: Step, words: tuple[str, ...] = ()) -> Deeds:
    args = arguments("shift-traffic", "--version=2", "--weight=10", *words)
    executor(args, scene.context, scene.where)(plan(scene, *steps))
    return scene.context.deeds


def test_a_version_that_was_published_is_known_whatever_fails_then(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    assert run(scene, PublishVersion(scene.runtime, "d"), words=("--dry-run",)) == Deeds()
    assert run(scene, PublishVersion(scene.runtime, "d")) == Deeds(tried=True, version=4)


@pytest.mark.parametrize(
    ("error", "tried"), [(PlatformError("no"), True), (UnaskedError("no"), False)]
)
def test_what_failed_may_be_done_unless_nobody_was_asked(
    tmp_path: Path, error: PlatformError, *, tried: bool
) -> None:
    scene = Scene(tmp_path)
    scene.platform = Refusing(clock=lambda: 0.0, error=error)
    for step in (PublishVersion("x", "d"), CreateEndpoint("x", "new", Split(1))):
        with pytest.raises(PlatformError):
            run(scene, step)
        assert scene.context.deeds == Deeds(tried=tried)
    with pytest.raises(PlatformError):
        run(scene, CreateRuntime(SPEC, None), PublishVersion("x", "d"))
    assert scene.context.deeds.tried, "a step before it was carried out"


def moving(scene: Scene, before: Split) -> MoveTraffic:
    assert scene.seen.found
    return MoveTraffic(scene.runtime, scene.seen.found.id, ENDPOINT, before, Split(2))


def test_a_move_before_one_that_is_refused_stays(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    there = moving(scene, Split(1))
    with pytest.raises(SupersededError, match="serves"):
        run(scene, there, replace(there, before=Split(3)))
    assert scene.context.deeds == Deeds(tried=True)


def test_a_move_that_is_refused_leaves_all_as_it_was(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    with pytest.raises(SupersededError, match="serves"):
        run(scene, moving(scene, Split(3)))
    assert scene.context.deeds == Deeds()

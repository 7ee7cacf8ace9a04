"""What counts as arrived, and as gone, where the server shows what is about to be otherwise."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from agentramp.component import Application, Bundle, Component, Health
from agentramp.platform.blocklet.arrivals import Arrival, Limits
from agentramp.platform.blocklet.did import new_did
from agentramp.platform.port import NotAppliedError, NotReadyError
from tests.blocklet.server import blocklet_server
from tests.blocklet.worlds import Passing, adapter
from tests.conformance.components_suite import bundle

DID = new_did(bytes)


@pytest.fixture
def two(tmp_path: Path) -> Bundle:
    return bundle(tmp_path, DID, "2.0.0")


def shown(two: Bundle, side: str, version: str = "2.0.0") -> Application:
    found = Component(DID, "x", version, "/x", Health.RUNNING, "running", two.integrity, side)
    return Application("z1", "app", "", "", (found,))


def test_after_the_answer_the_old_process_may_still_bear_the_new_name(two: Bundle) -> None:
    arrival = Arrival(two, Limits(), lambda: None, side="status")
    assert arrival.seen(shown(two, "status"), 0.2) is None
    with pytest.raises(NotAppliedError, match=r"1\.0\.0 is there"):
        arrival.seen(shown(two, "status", "1.0.0"), 0.9)


def test_the_same_version_from_another_bundle_is_told_as_such(two: Bundle) -> None:
    found = Component(DID, "x", "2.0.0", "/x", Health.RUNNING, "running", "sha512-other")
    there = Application("z1", "app", "", "", (found,))
    with pytest.raises(NotAppliedError, match="another bundle of that version is there, running"):
        Arrival(two, Limits(), lambda: None).seen(there, 9.0)


def test_on_the_other_side_it_is_the_new_one(two: Bundle) -> None:
    arrival = Arrival(two, Limits(), lambda: None, side="status")
    assert arrival.seen(shown(two, "greenStatus"), 0.2) is not None


def test_a_server_that_changes_no_sides_is_believed_in_the_end(two: Bundle) -> None:
    arrival = Arrival(two, Limits(), lambda: None, side="status")
    assert arrival.seen(shown(two, "status"), 0.2) is None
    assert arrival.seen(shown(two, "status"), 5.2) is not None


def test_both_versions_running_is_a_change_that_may_end(two: Bundle) -> None:
    arrival = Arrival(two, Limits(), lambda: None, side="status")
    both = replace(
        shown(two, "").components[0], health=Health.BROKEN, status="running twice", doubled=True
    )
    assert arrival.seen(replace(shown(two, ""), components=(both,)), 0.2) is None
    assert arrival.seen(replace(shown(two, ""), components=(both,)), 59.0) is None
    assert arrival.seen(shown(two, "greenStatus"), 60.5) is not None


def test_a_version_that_died_unnoticed_beside_the_old_one_is_not_believed(tmp_path: Path) -> None:
    with blocklet_server() as server:
        components = adapter(server)
        components.install(bundle(tmp_path, DID, "1.0.0"), "/x")
        dead = bundle(tmp_path, DID, "2.0.0", unnoticed=True)
        with pytest.raises(NotReadyError, match="is said to run, and 60 s later so is") as error:
            components.install(dead, "/x")
        assert not error.value.untouched
        [left] = components.observe().components
        assert (left.version, left.health, left.status) == (
            "2.0.0",
            Health.BROKEN,
            "running twice",
        )
        back = components.install(bundle(tmp_path, DID, "1.0.0"), "/x")
        assert (back.version, back.health) == ("1.0.0", Health.RUNNING)


@dataclass
class Undone(Passing):
    """``undo`` is what somebody does while others sleep."""

    undo: list[Callable[[], None]] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.undo:
            self.undo.pop()()


def test_one_that_comes_back_is_removed_again(two: Bundle) -> None:
    with blocklet_server() as server:
        world = Undone()
        components = adapter(server, world)
        components.install(two, "/x")
        kept = replace(server.state.mounted[DID])
        world.undo = [lambda: server.state.mounted.update({DID: kept})]
        components.remove(DID)
        assert server.component(DID) is None
        assert server.count("deleteComponent") == 2

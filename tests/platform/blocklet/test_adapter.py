"""What goes wrong on the way to a Blocklet Server, and what the adapter makes of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.component import Bundle, Component, Health
from agentramp.errors import UsageError
from agentramp.platform.blocklet.adapter import BlockletServer as Adapter
from agentramp.platform.blocklet.did import canary_did, new_did
from agentramp.platform.blocklet.signing import new_key
from agentramp.platform.port import (
    NotAppliedError,
    NotFoundError,
    NotReadyError,
    PlatformError,
    UnreachableError,
)
from tests.blocklet.server import BlockletServer, Fault, Kind, blocklet_server
from tests.blocklet.state import Mounted
from tests.blocklet.worlds import NOW, Passing, adapter
from tests.conformance.components_suite import bundle

DID = new_did(bytes)
OTHER = canary_did(DID)
BUSY = "Can not deploy blocklet when it is starting"


@pytest.fixture
def server() -> Iterator[BlockletServer]:
    with blocklet_server() as server:
        yield server


@pytest.fixture
def world() -> Passing:
    return Passing()


@pytest.fixture
def components(server: BlockletServer, world: Passing) -> Adapter:
    return adapter(server, world)


@pytest.fixture
def one(tmp_path: Path) -> Bundle:
    return bundle(tmp_path, DID, "1.0.0")


@pytest.fixture
def two(tmp_path: Path) -> Bundle:
    return bundle(tmp_path, DID, "2.0.0")


def sent(server: BlockletServer) -> list[str]:
    return [upload.version for upload in server.state.uploads]


def test_the_upload_is_what_the_vendor_sends(
    server: BlockletServer, components: Adapter, world: Passing, one: Bundle
) -> None:
    components.install(one, "/x")
    (upload,) = server.state.uploads
    assert upload.content == one.path.read_bytes()
    assert (upload.mount_point, upload.integrity) == ("/x", one.integrity)
    title, done, total = world.console.steps[-1]
    assert title == "uploading suite 1.0.0"
    assert done == total > one.size
    # What was asked is told by name: nothing that is secret, nothing that was sent.
    assert {call.action for call in world.calls} == {
        "discover",
        "getBlocklet",
        "installComponent",
        "page",
    }


@pytest.mark.parametrize("kind", [Kind.CUT_BEFORE, Kind.UNAVAILABLE])
def test_an_upload_that_never_arrived_is_sent_again(
    server: BlockletServer, components: Adapter, world: Passing, one: Bundle, kind: Kind
) -> None:
    server.faults += [Fault("installComponent", kind)]
    assert components.install(one, "/x").health is Health.RUNNING
    assert sent(server) == ["1.0.0"]
    assert server.count("installComponent") == 2
    assert any("sending again" in line for line in world.console.lines)
    assert world.passed > 20


def test_what_the_server_took_and_forgot_is_sent_again(
    server: BlockletServer, components: Adapter, one: Bundle
) -> None:
    server.faults += [Fault("installComponent", Kind.FORGOTTEN)]
    assert components.install(one, "/x").health is Health.RUNNING
    assert server.count("installComponent") == 2
    components.remove(DID)
    server.faults += [Fault("installComponent", Kind.FORGOTTEN, times=9)]
    with pytest.raises(PlatformError, match="nothing is there") as error:
        components.install(one, "/x")
    assert not error.value.untouched


def test_an_upload_that_never_arrives(
    server: BlockletServer, components: Adapter, one: Bundle
) -> None:
    server.faults += [Fault("installComponent", Kind.CUT_BEFORE, times=9)]
    with pytest.raises(UnreachableError, match="installComponent") as error:
        components.install(one, "/x")
    assert not error.value.untouched
    assert server.count("installComponent") == 3
    assert sent(server) == []


def test_an_upload_whose_answer_was_lost_is_not_sent_again(
    server: BlockletServer, components: Adapter, one: Bundle
) -> None:
    server.faults += [Fault("installComponent", Kind.CUT_AFTER)]
    assert components.install(one, "/x").version == "1.0.0"
    assert sent(server) == ["1.0.0"]


@pytest.mark.parametrize("already", [0, 1])
def test_a_new_version_counts_when_it_runs_and_not_when_it_is_named(
    server: BlockletServer, components: Adapter, one: Bundle, two: Bundle, already: int
) -> None:
    """Whichever of its two places the component runs in."""
    components.install(one, "/x")
    for _ in range(already):
        components.install(one, "/x")
    server.faults += [Fault("installComponent", Kind.CUT_MIDWAY)]
    assert components.install(two, "/x").version == "2.0.0"
    assert not server.state.coming[DID]
    assert sent(server)[1 + already :] == ["2.0.0"]


def test_a_version_that_was_named_and_fell_back_is_not_sent_again(
    server: BlockletServer, components: Adapter, one: Bundle, tmp_path: Path
) -> None:
    components.install(one, "/x")
    server.faults += [Fault("installComponent", Kind.CUT_MIDWAY)]
    with pytest.raises(NotAppliedError, match=r"1\.0\.0 is there, running"):
        components.install(bundle(tmp_path, DID, "2.0.0", broken=True), "/x")
    assert sent(server) == ["1.0.0", "2.0.0"]


@pytest.mark.parametrize("kind", [Kind.CUT_BEFORE, Kind.UNAVAILABLE])
def test_a_reading_is_asked_again(server: BlockletServer, components: Adapter, kind: Kind) -> None:
    server.faults += [Fault("getBlocklet", kind, times=5)]
    assert components.observe().name == "Test App"
    assert server.count("getBlocklet") == 6


@pytest.mark.parametrize("kind", [Kind.CUT_BEFORE, Kind.UNAVAILABLE])
def test_a_reading_is_not_asked_for_ever(
    server: BlockletServer, components: Adapter, one: Bundle, kind: Kind
) -> None:
    server.faults += [Fault("getBlocklet", kind, times=99)]
    with pytest.raises(UnreachableError) as error:
        components.install(one, "/x")
    assert error.value.untouched
    assert sent(server) == []


def test_a_reading_that_fails_after_something_was_sent(
    server: BlockletServer, components: Adapter, one: Bundle
) -> None:
    server.faults += [Fault("getBlocklet", Kind.UNAVAILABLE, times=99, after=1)]
    with pytest.raises(UnreachableError) as error:
        components.install(one, "/x")
    assert not error.value.untouched
    assert sent(server) == ["1.0.0"]


def test_a_server_that_starts_anew_after_something_was_sent(
    server: BlockletServer, components: Adapter, one: Bundle, world: Passing
) -> None:
    server.faults += [Fault("getBlocklet", Kind.UNAVAILABLE, times=14, after=1)]
    assert components.install(one, "/x").health is Health.RUNNING
    assert any("waiting for the server" in line for line in world.console.lines)
    assert sent(server) == ["1.0.0"]


def test_a_page_that_cannot_be_read_undoes_no_install(
    server: BlockletServer, components: Adapter, one: Bundle
) -> None:
    server.faults += [Fault("getBlocklet", Kind.WRONG_JSON, times=99, after=3)]
    assert components.install(one, "/x").health is Health.RUNNING
    with pytest.raises(PlatformError, match="no JSON") as error:
        components.remove(DID)
    assert error.value.untouched


def test_a_lost_upload_and_then_a_refusal(
    server: BlockletServer, components: Adapter, one: Bundle
) -> None:
    server.faults += [Fault("installComponent", Kind.CUT_BEFORE)]
    server.faults += [Fault("installComponent", Kind.ERROR, words=BUSY, times=9)]
    with pytest.raises(PlatformError, match=BUSY) as error:
        components.install(one, "/x")
    assert not error.value.untouched


def test_an_answer_that_is_no_json(server: BlockletServer, components: Adapter) -> None:
    server.faults += [Fault("getBlocklet", Kind.WRONG_JSON)]
    with pytest.raises(PlatformError, match="no JSON of a Blocklet Server"):
        components.observe()


def test_the_servers_words_are_told(
    server: BlockletServer, components: Adapter, one: Bundle
) -> None:
    server.faults += [Fault("installComponent", Kind.ERROR, words="disk is\n  full")]
    with pytest.raises(PlatformError, match="installComponent: disk is full") as error:
        components.install(one, "/x")
    assert not error.value.untouched
    assert "at b" not in str(error.value)


def test_a_server_that_is_down_and_comes_back(
    server: BlockletServer, components: Adapter, one: Bundle
) -> None:
    components.install(one, "/x")
    server.down = True
    with pytest.raises(UnreachableError) as error:
        components.observe()
    assert error.value.untouched
    with pytest.raises(UnreachableError):
        components.answers("/x")
    server.down = False
    assert components.answers("/x") == 200


def test_a_wrong_key(server: BlockletServer, one: Bundle) -> None:
    server.key_id = "z1another"
    with pytest.raises(UsageError, match="does not belong to its secret"):
        adapter(server)
    server.key_id = BlockletServer.key_id
    wrong = adapter(server)
    server.key_id = "z1another"
    with pytest.raises(PlatformError, match="does not exist") as error:
        wrong.install(one, "/x")
    assert error.value.untouched
    assert error.value.exit_code == 3
    assert "access key" in error.value.advice


def test_a_refused_signature_is_not_repeated_in_the_message(
    server: BlockletServer, components: Adapter
) -> None:
    other = replace(components.key, key_id=server.key_id, secret=_other_secret())
    with pytest.raises(PlatformError, match="verify failed") as error:
        replace(components, key=other).observe()
    assert error.value.untouched
    assert "0x" not in str(error.value)
    assert "…" in str(error.value)


def _other_secret() -> str:
    return new_key(b"another key of thirty-two bytes!").secret


def test_an_unknown_application(server: BlockletServer) -> None:
    with pytest.raises(NotFoundError, match="blocklet is not valid"):
        adapter(server, app=DID).observe()


def test_another_component_that_starts_is_waited_for(
    server: BlockletServer, components: Adapter, one: Bundle, two: Bundle, tmp_path: Path
) -> None:
    components.install(bundle(tmp_path, OTHER, "1.0.0"), "/y")
    server.state.mounted[OTHER].start(4)
    assert components.install(one, "/x").health is Health.RUNNING
    # One that begins to start between the reading and the upload.
    busy = Fault("installComponent", Kind.ERROR, words=BUSY)
    server.faults += [busy]
    assert components.install(two, "/x").health is Health.RUNNING
    assert sent(server) == ["1.0.0", "1.0.0", "2.0.0"]
    server.faults += [replace(busy, times=9)]
    with pytest.raises(PlatformError, match=BUSY) as error:
        components.install(one, "/x")
    assert error.value.untouched


def test_another_component_that_starts_for_ever(
    server: BlockletServer, components: Adapter, one: Bundle, world: Passing
) -> None:
    server.state.mounted[OTHER] = _endless()
    with pytest.raises(NotReadyError, match="/y is still starting") as error:
        components.install(one, "/x")
    assert error.value.untouched
    assert world.passed > 180
    assert any("waiting for other components" in line for line in world.console.lines)
    with pytest.raises(NotReadyError, match="not removed while it changes"):
        components.remove(OTHER)
    assert "deleteComponent" not in server.operations


def _endless() -> Mounted:
    made = Mounted(OTHER, "other", "1.0.0", "/y", "", frozenset({"endless"}))
    made.start(1)
    return made


def test_a_component_that_was_stopped_is_started(
    server: BlockletServer, components: Adapter, one: Bundle, two: Bundle
) -> None:
    components.install(one, "/x")
    server.state.stop(DID)
    assert _seen(components).health is Health.STOPPED
    assert components.answers("/x") == 503
    assert components.install(two, "/x").health is Health.RUNNING
    assert server.count("startBlocklet") == 1


def _seen(components: Adapter) -> Component:
    found = components.observe().component(DID)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", [Kind.CUT_BEFORE, Kind.CUT_AFTER, Kind.UNAVAILABLE])
def test_a_removal_whose_answer_was_lost(
    server: BlockletServer, components: Adapter, one: Bundle, kind: Kind
) -> None:
    components.install(one, "/x")
    server.faults += [Fault("deleteComponent", kind)]
    components.remove(DID)
    assert server.component(DID) is None


def test_a_silent_component_runs_and_says_what_it_answers(
    components: Adapter, server: BlockletServer, one: Bundle
) -> None:
    components.install(one, "/x")
    server.state.mounted[DID].markers = frozenset({"silent"})
    assert components.answers("/x") == 502
    # The router matches by prefix: that something answers does not say that it is there.
    assert components.answers("/x-canary") == 502
    assert components.answers("/z") == 404


def test_the_clock_is_the_servers(components: Adapter) -> None:
    assert components.now() == NOW
    components.observe()
    assert components.now() != NOW


@pytest.mark.parametrize("mount_point", ["", "x", "/a b", "/A", "//x", "/x/", "/x/../y"])
def test_a_mount_point_that_the_server_would_change(
    components: Adapter, server: BlockletServer, one: Bundle, mount_point: str
) -> None:
    with pytest.raises(UsageError, match="mount point"):
        components.install(one, mount_point)
    assert server.operations == []


def test_a_file_that_is_not_the_bundle(
    components: Adapter, server: BlockletServer, one: Bundle
) -> None:
    one.path.write_bytes(one.path.read_bytes() + b"more")
    with pytest.raises(UsageError, match="digest differs"):
        components.install(one, "/x")
    with pytest.raises(UsageError, match="no DID"):
        components.install(replace(one, identity=replace(one.identity, did=DID[:-1])), "/x")
    assert server.operations == []

"""Where calls go, and where a signature never goes."""

from collections.abc import Iterator

import pytest

from agentramp.errors import UsageError
from agentramp.platform.blocklet.calls import Line
from agentramp.platform.blocklet.discovery import Place, find
from agentramp.platform.port import NotFoundError, UnreachableError
from tests.blocklet.server import GQL, BlockletServer, blocklet_server
from tests.blocklet.worlds import Passing, adapter
from tests.platform.agentrun.scripted import Say, scripted


@pytest.fixture
def server() -> Iterator[BlockletServer]:
    with blocklet_server() as server:
        yield server


@pytest.fixture
def line() -> Line:
    world = Passing()
    return Line(world.clock, world.sleep, world.jitter, world.monotonic)


def test_the_address_of_a_server(server: BlockletServer, line: Line) -> None:
    expected = Place(server.url + GQL, server.url, server.app_did)
    assert find(server.url, server.app_did, line) == expected
    assert find(server.url + "/some/page?x=1#y", server.app_did, line) == expected


def test_a_server_does_not_tell_which_application(server: BlockletServer, line: Line) -> None:
    with pytest.raises(UsageError, match="not named") as error:
        find(server.url, "", line)
    assert "--app" in error.value.advice


def test_an_answer_nested_without_end_is_no_server(line: Line) -> None:
    with (
        scripted(lambda _: Say(200, raw=b"[" * 100_000)) as (url, _),
        pytest.raises(NotFoundError, match="no Blocklet Server answers"),
    ):
        find(url, "zNKapp", line)


def test_the_address_of_an_application_that_lets_calls_through(
    server: BlockletServer, line: Line
) -> None:
    server.admin_on_app = True
    expected = Place(server.app_url + GQL, server.app_url, server.app_did, server.app_url)
    assert find(server.app_url, "", line) == expected
    assert find(server.app_url, server.app_did, line) == expected
    components = adapter(server, app="", url=server.app_url)
    application = components.observe()
    assert (application.did, application.url) == (server.app_did, server.app_url)
    assert components.answers("/") == 200


def test_an_application_that_is_another(server: BlockletServer, line: Line) -> None:
    with pytest.raises(UsageError, match=server.app_did):
        find(server.app_url, "zNKother", line)


def test_an_inner_port(server: BlockletServer, line: Line) -> None:
    server.inner = True
    with pytest.raises(UsageError, match="inner port") as error:
        find(server.url, server.app_did, line)
    assert "8089" in error.value.advice


def test_what_is_no_server(server: BlockletServer, line: Line) -> None:
    server.down = True
    with pytest.raises(UnreachableError):
        find(server.url, server.app_did, line)


@pytest.mark.parametrize("url", ["http://192.0.2.7", "ftp://127.0.0.1", "example.com", ""])
def test_a_signature_never_goes_in_the_clear(url: str, line: Line) -> None:
    with pytest.raises(UsageError, match="neither https nor on this machine"):
        find(url, "zNK1", line)


@pytest.mark.parametrize("path", ["//elsewhere.example/admin", "admin", ""])
def test_a_path_that_would_lead_elsewhere(server: BlockletServer, line: Line, path: str) -> None:
    server.admin_path = path
    with pytest.raises(NotFoundError, match="no Blocklet Server"):
        find(server.url, server.app_did, line)

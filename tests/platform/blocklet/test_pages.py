"""A page is asked as a user asks it: by the application's name, wherever its server is."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from agentramp.platform.blocklet.adapter import BlockletServer as Adapter
from agentramp.platform.blocklet.calls import Line
from agentramp.platform.blocklet.connection import Server, connect
from agentramp.platform.blocklet.did import new_did
from agentramp.platform.blocklet.pages import Pages, resolves
from agentramp.platform.blocklet.signing import AccessKey
from agentramp.platform.port import UnreachableError
from tests.blocklet.server import BlockletServer, blocklet_server
from tests.blocklet.worlds import Passing, adapter
from tests.conformance.components_suite import bundle

DID = new_did(bytes)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BlockletServer]:
    with blocklet_server() as server:
        adapter(server).install(bundle(tmp_path, DID, "1.0.0"), "/x")
        yield server


@pytest.fixture
def line() -> Line:
    world = Passing()
    return Line(world.clock, world.sleep, world.jitter, world.monotonic)


def named(server: BlockletServer) -> str:
    return f"https://{server.app_host}"


def test_the_server_is_asked_by_the_applications_name(server: BlockletServer, line: Line) -> None:
    pages = Pages(named(server), server.url, line, lambda name: name != server.app_host)
    assert pages.status("/x") == 200
    assert pages.status("/x/") == 200
    assert pages.status("/") == 200
    assert pages.status("/nobody") == 404


def test_a_name_that_resolves_is_asked_itself(server: BlockletServer, line: Line) -> None:
    pages = Pages(server.app_url, "http://127.0.0.1:1", line, lambda _: True)
    assert pages.status("/x") == 200


def test_a_server_that_names_no_address_is_asked_as_it_is(
    server: BlockletServer, line: Line
) -> None:
    assert Pages("", server.app_url, line, resolves).status("/x") == 200


@pytest.mark.parametrize(
    ("leads", "status"),
    [
        ("/x/login", 200),
        ("login?next=/", 200),
        ("https://{host}/x/login", 200),
        ("{server}/x/login", 200),
        ("/login", 302),
        ("/xy", 302),
        ("https://elsewhere.example/x/", 302),
        ("//elsewhere.example/x/", 302),
    ],
)
def test_a_redirect_is_followed_where_it_stays(
    server: BlockletServer, line: Line, leads: str, status: int
) -> None:
    server.redirects = {"/x/": leads.format(host=server.app_host, server=server.url)}
    assert Pages(named(server), server.url, line, lambda _: False).status("/x") == status


def test_a_redirect_in_a_circle(server: BlockletServer, line: Line) -> None:
    server.redirects = {"/x/": "/x/a", "/x/a": "/x/"}
    with pytest.raises(UnreachableError, match="circle"):
        Pages(named(server), server.url, line, lambda _: False).status("/x")


def test_the_address_that_was_named_for_users(server: BlockletServer) -> None:
    key = AccessKey(server.key_id, server.key_secret)
    there = Server(server.url, server.app_did, key, page=server.app_url + "/")
    components = cast("Adapter", connect(there, Passing()))
    assert components.observe().url == server.app_url
    assert components.answers("/x") == 200
    assert server.key_secret not in repr(there) + repr(components)


def test_a_server_on_this_machine_is_not_looked_for_elsewhere(server: BlockletServer) -> None:
    components = replace(adapter(server), resolves=_nobody_asks)
    assert components.answers("/x") == 200


def _nobody_asks(name: str) -> bool:
    raise AssertionError(name)


def test_whether_a_name_resolves() -> None:
    assert resolves("127.0.0.1")
    assert not resolves("127.0.0.1.256.0")

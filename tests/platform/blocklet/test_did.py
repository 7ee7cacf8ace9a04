"""The vectors are what the vendor's own libraries make and say: @arcblock/did and @ocap/wallet."""

import pytest

from agentramp.platform.blocklet import base58
from agentramp.platform.blocklet.did import (
    Role,
    canary_did,
    host_label,
    is_component,
    is_did,
    new_did,
    role_of,
)

COMPONENT = "z2qa6yt75HHQL3cS4ao7j2aqVodExoBAN7xeS"
APPLICATION = "zNKmz1oix9ajNRvVwF9DBXyUvmNcmqom1GWd"
ACCOUNT = "z1ayLdjspZv5zJr5gV3rCSLXvKaBgj5aJhc"


def test_a_did_is_made_as_the_vendor_makes_it() -> None:
    assert new_did(bytes) == "z2qZwoVv1fZRB1qW3hhxVTds12i1jeugkp4sx"
    assert new_did(lambda size: b"\xff" * size) == "z2qaM96u7xr8MUiKUqnyunxM8JVeEurKHGpUw"
    assert is_did(new_did(bytes))
    assert is_component(new_did(bytes))


def test_a_canary_has_a_did_of_its_own_and_always_the_same() -> None:
    assert canary_did("z2qZwoVv1fZRB1qW3hhxVTds12i1jeugkp4sx") == (
        "z2qaFxhMUNvnTAdpjJMEVZGu9iMTndCzGvC9V"
    )
    assert is_component(canary_did(COMPONENT))
    assert len({COMPONENT, canary_did(COMPONENT), canary_did(canary_did(COMPONENT))}) == 3


@pytest.mark.parametrize(
    ("did", "role"),
    [(COMPONENT, Role.BLOCKLET), (APPLICATION, Role.APPLICATION), (ACCOUNT, Role.ACCOUNT)],
)
def test_the_role_of_a_did(did: str, role: Role) -> None:
    assert role_of(did) == role
    assert is_did(did)
    assert is_did(f"did:abt:{did}")
    assert is_component(did) is (role is Role.BLOCKLET)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z",
        "z0",
        COMPONENT[:-1],
        COMPONENT[:-1] + "1",
        COMPONENT[1:],
        COMPONENT.lower(),
        COMPONENT + " ",
        "z" * 100_000,
        "demo",
        "0x12",
    ],
)
def test_what_is_no_did(text: str) -> None:
    assert not is_did(text)
    assert not is_component(text)


def test_an_ethereum_address_is_a_did_of_an_application_at_most() -> None:
    assert is_did("0x" + "ab" * 20)
    assert not is_component("0x" + "ab" * 20)


def test_the_host_name_of_a_did() -> None:
    label = "bbqa2qzy2vx7ghujfkhzyhnfiomoxydfxbiyjzusuki"
    assert host_label(APPLICATION) == host_label(f"did:abt:{APPLICATION}") == label
    with pytest.raises(ValueError, match="not a DID"):
        host_label("nobody")


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\1", b"hello", bytes(range(256))])
def test_base58_there_and_back(data: bytes) -> None:
    assert base58.decode(base58.encode(data)) == data


def test_what_is_not_base58() -> None:
    assert base58.encode(b"hello") == "Cn8eVZg"
    with pytest.raises(ValueError, match="base58"):
        base58.decode("0OIl")

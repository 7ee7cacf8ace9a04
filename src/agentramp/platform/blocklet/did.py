"""Decentralized identifiers as ArcBlock writes them, made and checked offline.

Source: the "ABT DID Protocol": 2 bytes of type (6 bits of role, 5 of key, 5 of hash), the first
20 bytes of the public key's hash and 4 bytes of a checksum over both, in base58 behind a ``z``.
``tests/platform/blocklet/test_did.py`` holds this module to what the vendor's library says.
"""

import re
from base64 import b32encode
from collections.abc import Callable
from enum import IntEnum
from hashlib import sha3_256
from typing import Final

from agentramp.platform.blocklet import base58

_PREFIX: Final = "did:abt:"
_SHA3: Final = 1
_KEY_BYTES: Final = 20
_LENGTH: Final = 26
_LONGEST: Final = 64
_ETHEREUM: Final = re.compile(r"0x[0-9a-fA-F]{40}")


class Role(IntEnum):
    """What a DID is of."""

    ACCOUNT = 0
    APPLICATION = 3
    BLOCKLET = 15


def new_did(random_bytes: Callable[[int], bytes]) -> str:
    """A DID for a component; ``random_bytes`` gives so many bytes that nobody can guess.

    The vendor takes them from the hash of a new public key, and its servers never ask a component
    to sign with it: random bytes are as good, and leave no key to keep.
    """
    return _written(Role.BLOCKLET, random_bytes(_KEY_BYTES))


def canary_did(did: str) -> str:
    """The DID of the canary of the component ``did``: always the same."""
    return _written(Role.BLOCKLET, sha3_256(f"agentramp canary of {did}".encode()).digest())


def address(public_key: bytes, role: Role) -> str:
    """The DID of who has the key to ``public_key``."""
    return _written(role, sha3_256(public_key).digest())


def is_did(text: str) -> bool:
    """Whether ``text`` is a DID with a right checksum, with or without ``did:abt:``.

    An Ethereum address is one too: an application may have it.
    """
    bare = text.removeprefix(_PREFIX)
    return bool(_ETHEREUM.fullmatch(bare)) or role_of(bare) is not None


def is_component(text: str) -> bool:
    """Whether ``text`` is a DID that a component may have."""
    return role_of(text) == Role.BLOCKLET


def role_of(text: str) -> int | None:
    """The number of its role; None where ``text`` is no DID."""
    data = _read(text)
    return None if data is None else data[0] >> 2


def host_label(did: str) -> str:
    """The first label of the host name that the vendor's domains give to ``did``."""
    data = _read(did.removeprefix(_PREFIX))
    if data is None:
        raise ValueError("not a DID")
    return "b" + b32encode(data).decode().rstrip("=").lower()


def _written(role: Role, key_hash: bytes) -> str:
    body = (role << 10 | _SHA3).to_bytes(2, "big") + key_hash[:_KEY_BYTES]
    return "z" + base58.encode(body + sha3_256(body).digest()[:4])


def _read(text: str) -> bytes | None:
    """Its bytes where the checksum is right; zeros in front of them are not written in base58."""
    if not text.startswith("z") or len(text) > _LONGEST:
        return None
    try:
        data = base58.decode(text[1:])
    except ValueError:
        return None
    data = data.rjust(_LENGTH, b"\0")
    body, check = data[:-4], data[-4:]
    right = len(data) == _LENGTH and data[1] & 0x1F == _SHA3
    return data if right and sha3_256(body).digest()[:4] == check else None

"""The signature of a Blocklet Server's access key.

Ed25519 over the SHA3-256 of ``<milliseconds>-<key id>``. It covers nothing of the request, so who
sees one can use it: it is sent to the server it is for and to nobody else, never in the clear.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha3_256
from typing import TYPE_CHECKING, Final

from agentramp.errors import UsageError
from agentramp.platform.blocklet import base58
from agentramp.platform.blocklet.did import Role, address

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SEED, _WHOLE = 32, 64
_ADVICE: Final = "make a new access key in the server's settings and store both of its parts"


@dataclass(frozen=True)
class AccessKey:
    """``secret`` is base58 behind a ``z``: 32 bytes of seed, and mostly the public key after it."""

    key_id: str
    secret: str = field(repr=False)

    def check(self) -> None:
        """Raise UsageError unless the id is the address of the secret's public key."""
        if address(_public(_private(self.secret)), Role.ACCOUNT) != self.key_id:
            raise UsageError(
                f"the access key {self.key_id or '(no id)'} does not belong to its secret",
                advice="usual cause: the id of one key and the secret of another; " + _ADVICE,
            )

    def headers(self, app: str, now: float) -> Mapping[str, str]:
        """What is sent with a request about application ``app``; ``now`` in seconds since 1970."""
        stamp = str(int(now * 1000))
        signature = _private(self.secret).sign(sha3_256(f"{stamp}-{self.key_id}".encode()).digest())
        return {
            "x-access-key-id": self.key_id,
            "x-access-stamp": stamp,
            "x-access-signature": "0x" + signature.hex(),
            "x-access-blocklet": app,
        }


def new_key(seed: bytes) -> AccessKey:
    """The access key that grows from 32 bytes; who guesses them has it."""
    private = _key(seed)
    public = _public(private)
    return AccessKey(address(public, Role.ACCOUNT), "z" + base58.encode(seed + public))


def _private(secret: str) -> "Ed25519PrivateKey":
    try:
        data = base58.decode(secret.removeprefix("z"))
    except ValueError:
        data = b""
    if not secret.startswith("z") or len(data) not in {_SEED, _WHOLE}:
        raise UsageError(
            "the secret of the access key is none: it begins with z and is base58", advice=_ADVICE
        )
    return _key(data[:_SEED])


def _public(private: "Ed25519PrivateKey") -> bytes:
    return private.public_key().public_bytes_raw()


def _key(seed: bytes) -> "Ed25519PrivateKey":
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - an extra, and costly
            Ed25519PrivateKey,
        )
    except ImportError as error:
        raise UsageError(
            "a Blocklet Server needs a library that is not installed: cryptography",
            advice="install the extra: pip install 'agentramp[blocklet]'",
        ) from error
    return Ed25519PrivateKey.from_private_bytes(seed)

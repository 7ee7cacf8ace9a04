"""The encryption of CryptoJS: AES with a passphrase.

The form is that of OpenSSL's ``enc``: base64 of ``Salted__``, 8 bytes of salt and AES-256-CBC text,
with key and start derived by MD5. Serverless Devs' access.yaml has it with a passphrase that is in
its source, which hides the words from a glance and protects nothing.
Checked against a file that ``s config add`` 3.1.10 wrote (tests/data/credentials).
"""

from base64 import b64decode
from hashlib import md5
from importlib.util import find_spec
from typing import Final

from agentramp.errors import UsageError

PREFIX: Final = "U2FsdGVkX1"
"""``Salted__`` in base64, as far as it is the same for every salt."""
_PASSPHRASE: Final = b"SecretKey123"
_HEAD: Final = 16
_KEY, _BLOCK = 32, 16


def decrypted(
    text: str, passphrase: bytes = _PASSPHRASE, what: str = "Serverless Devs' access.yaml"
) -> str:
    """Raises ValueError for what is not of this form; UsageError without the `access` extra."""
    if find_spec("cryptography") is None:
        raise UsageError(
            f"{what} is encrypted, and this Python lacks cryptography",
            advice="install the extra: pip install 'agentramp[access]'",
        )
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415 - costly, seldom needed
        Cipher,
        algorithms,
        modes,
    )

    try:
        whole = b64decode(text, validate=True)
    except ValueError:
        raise ValueError("it is no base64") from None
    salt, secret = whole[8:_HEAD], whole[_HEAD:]
    if not secret or len(secret) % _BLOCK:
        raise ValueError("it is cut")
    derived = _derived(passphrase, salt)
    cipher = Cipher(algorithms.AES(derived[:_KEY]), modes.CBC(derived[_KEY:]))
    decryptor = cipher.decryptor()
    padded = decryptor.update(secret) + decryptor.finalize()
    if not 1 <= padded[-1] <= _BLOCK or padded[-padded[-1] :] != bytes([padded[-1]]) * padded[-1]:
        raise ValueError("it was written with another passphrase")
    return padded[: -padded[-1]].decode()


def _derived(passphrase: bytes, salt: bytes) -> bytes:
    """Key and start, as OpenSSL's EVP_BytesToKey makes them with one round of MD5."""
    block = made = b""
    while len(made) < _KEY + _BLOCK:
        block = md5(block + passphrase + salt, usedforsecurity=False).digest()
        made += block
    return made[: _KEY + _BLOCK]

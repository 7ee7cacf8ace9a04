import sys
from hashlib import sha256

import pytest

from agentramp.errors import UsageError
from agentramp.platform.blocklet.signing import AccessKey, new_key

SEED = sha256(b"agentramp").digest()
KEY = AccessKey(
    "z1dye2Kp7LqdAZo37S4TYpcLZ6aght255GH",
    "z3kucCPZEzYfRq2ob4Zp4Nxkix2C2JFehaERkvexA6F7q4NMjHuLvCsx4k3cNGkRJS22Wm85fFvz2Wnz8iNeej5xP",
)


def test_a_key_that_grows_from_a_seed_is_as_the_vendor_writes_it() -> None:
    assert new_key(SEED) == KEY
    KEY.check()


def test_what_is_sent() -> None:
    headers = KEY.headers("zNK1", 1_795_000_000.123)
    assert dict(headers) == {
        "x-access-key-id": KEY.key_id,
        "x-access-stamp": "1795000000123",
        "x-access-signature": SIGNATURE,
        "x-access-blocklet": "zNK1",
    }


def test_the_secret_is_not_shown() -> None:
    assert KEY.secret not in repr(KEY)
    with pytest.raises(UsageError) as error:
        AccessKey("z1", KEY.secret).check()
    assert KEY.secret[5:20] not in str(error.value) + error.value.advice
    assert error.value.exit_code == 2


@pytest.mark.parametrize("secret", ["", "z", "abc", "z0OIl", KEY.secret[1:], KEY.secret[:-9]])
def test_what_is_no_secret(secret: str) -> None:
    with pytest.raises(UsageError, match="secret"):
        AccessKey(KEY.key_id, secret).check()


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "cryptography.hazmat.primitives.asymmetric.ed25519"
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError) as error:
        KEY.check()
    assert "agentramp[blocklet]" in error.value.advice


SIGNATURE = (
    "0xc593032d1ec50904ae80cc494f49d5005ebf9c285bbde0a54813e0704d4abf35"
    "ddaf618f94474c1d8129251422b9fd181c6c8086b3111afe7af59e4cf7395807"
)
"""By the wallet of @ocap/wallet, over the same words."""

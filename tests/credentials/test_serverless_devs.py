"""tests/data/credentials/.s/access.yaml was written by `s config add` and `s config default`."""

from pathlib import Path

import pytest

from agentramp.credentials.cryptojs import decrypted
from agentramp.credentials.serverless_devs import AccessFile
from agentramp.errors import UsageError
from agentramp.platform.agentrun.signing import Credentials

WRITTEN = Path(__file__).parents[1] / "data" / "credentials" / ".s" / "access.yaml"


def test_what_s_wrote_is_read() -> None:
    file = AccessFile(WRITTEN)
    demo, second, default = file.get("demo"), file.get("second"), file.default()
    assert demo
    assert demo == default
    assert demo.held.credentials == Credentials("LTAItestid", "testsecret/+=")
    assert demo.account == "1234567890123456"
    assert second
    assert second.held.credentials == Credentials("STS.testid2", "sec2", "tok2")
    assert file.get("third") is None


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "- a",
        "demo: {AccessKeyID: U2FsdGVkX1+t8WgQMRqvI2HJmmP9zZZ4Rt2odfE4NyA=}",
        "demo: {AccessKeyID: U2FsdGVkX1+t8WgQMRqvI2HJ}",
        "demo: {AccessKeyID: U2FsdGVkX1===}",
        "demo: {SecretID: other-cloud}",
        "demo: {AccessKeyID: a}",
        "[" * 1500,
        "\x00",
    ],
)
def test_a_damaged_file_is_told_by_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "access.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"access\.yaml"):
        AccessFile(path).get("demo")


def test_no_file_is_no_alias(tmp_path: Path) -> None:
    assert AccessFile(tmp_path / "access.yaml").default() is None
    (tmp_path / "access.yaml").write_text("")
    assert AccessFile(tmp_path / "access.yaml").default() is None


def test_what_is_not_encrypted_so_is_refused() -> None:
    for text in ("", "é", "U2FsdGVkX18="):
        with pytest.raises(ValueError, match="it "):
            decrypted(text)

"""The access key: whole or not at all, masked first, and never sent in the clear."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.errors import UsageError
from agentramp.platform.blocklet.signing import AccessKey, new_key
from agentramp.report.console import Console
from agentramp.verbs import access
from agentramp.wiring.blocklet.keys import access_key
from agentramp.wiring.blocklet.place import connected
from agentramp.wiring.blocklet.project import project
from tests.verbs.scene import arguments, context

KEY = new_key(b"1" * 32)
APP = "zNKi1Xc7bRTYCtn6Fc2PTdNUiH9zAFx6X7Ba"
VARIABLES = {"BLOCKLET_ACCESS_KEY_ID": KEY.key_id, "BLOCKLET_ACCESS_KEY_SECRET": KEY.secret}


def found(
    folder: Path, environ: dict[str, str] | None = None, name: str | None = None, app: str = APP
) -> tuple[AccessKey, list[str]]:
    masked: list[str] = []
    environ = {"HOME": str(folder), **(environ or {})}
    given = replace(context(folder), environ=environ, mask=masked.append)
    return access_key(given, name, app), masked


def test_of_the_environment(tmp_path: Path) -> None:
    key, masked = found(tmp_path, VARIABLES)
    assert key == KEY
    assert masked[0] == KEY.secret
    assert KEY.secret not in repr(key)


def test_half_a_key_is_none(tmp_path: Path) -> None:
    masked: list[str] = []
    environ = {"HOME": str(tmp_path), "BLOCKLET_ACCESS_KEY_SECRET": KEY.secret}
    given = replace(context(tmp_path), environ=environ, mask=masked.append)
    with pytest.raises(UsageError) as caught:
        access_key(given, None, APP)
    assert "BLOCKLET_ACCESS_KEY_ID of the environment is missing" in caught.value.message
    assert KEY.secret not in f"{caught.value.message}{caught.value.advice}"
    assert masked == [KEY.secret]


def test_of_the_vendors_file_by_application(tmp_path: Path) -> None:
    (tmp_path / ".arcblock").mkdir()
    text = f"[zOther]\naccessKeyId = no\naccessKeySecret = no\n[{APP}]\n"
    text += f"accessKeyId = {KEY.key_id}\naccessKeySecret = {KEY.secret}\nexpireAt = never\n"
    (tmp_path / ".arcblock" / "access-key.ini").write_text(text)
    key, masked = found(tmp_path)
    assert key == KEY
    assert KEY.secret in masked
    with pytest.raises(UsageError, match="no access key"):
        found(tmp_path, app="")


def test_a_file_that_others_may_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / ".arcblock" / "access-key.ini"
    file.parent.mkdir()
    file.write_text(f"[{APP}]\naccessKeyId={KEY.key_id}\naccessKeySecret={KEY.secret}\n")
    said = []
    for mode in (0o600, 0o644):
        file.chmod(mode)
        stream = io.StringIO()
        console = Console(stream, terminal=False, clock=lambda: 0.0)
        given = replace(context(tmp_path), environ={"HOME": str(tmp_path)}, console=console)
        access_key(given, None, APP)
        said.append("others may read" in stream.getvalue())
    assert said == [False, True]


def test_of_a_name(tmp_path: Path) -> None:
    said = json.dumps({"AccessKeyID": KEY.key_id, "AccessKeySecret": KEY.secret}).encode()
    given = replace(context(tmp_path), stdin=lambda: io.BytesIO(said))
    words = ("add", "server", "--from-stdin", "--file")
    access.run(arguments("access", *words), given)
    assert found(tmp_path, name="server")[0] == KEY
    with pytest.raises(UsageError, match="there is no key other"):
        found(tmp_path, VARIABLES, name="other")


def test_a_broken_file_is_told_without_its_words(tmp_path: Path) -> None:
    (tmp_path / ".arcblock").mkdir()
    (tmp_path / ".arcblock" / "access-key.ini").write_text(f"{KEY.secret}\n")
    with pytest.raises(UsageError) as caught:
        found(tmp_path)
    assert KEY.secret not in f"{caught.value.message}{caught.value.advice}"


@pytest.mark.parametrize(
    ("words", "environ", "told"),
    [
        (("--server", "http://server.example"), VARIABLES, "neither https nor on this machine"),
        ((), VARIABLES, "no Blocklet Server is named"),
        (("--server", "https://server.example"), {}, "no access key"),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    tmp_path: Path, words: tuple[str, ...], environ: dict[str, str], told: str
) -> None:
    given = replace(context(tmp_path), environ={"HOME": str(tmp_path), **environ})
    args = arguments("deploy", str(tmp_path), *words)
    with pytest.raises(UsageError, match=told):
        connected(args, given, project(args, given))

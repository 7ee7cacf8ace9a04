import io
import json
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import KeyringError, KeyringLocked

from agentramp.credentials.port import CredentialsError
from agentramp.credentials.ring import system_ring
from agentramp.errors import UsageError
from agentramp.platform.blocklet import did
from agentramp.report.result import Answer
from agentramp.verbs import access, whoami
from agentramp.wiring import signing_in
from agentramp.wiring.context import Context
from agentramp.wiring.target import located
from tests.verbs.scene import arguments, context

SECRET = "hush-hush"
KEY = {"AccessKeyID": "LTAI-id", "AccessKeySecret": SECRET, "AccountID": "1234"}


def given(home: Path, document: object) -> Context:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return replace(context(home), stdin=lambda: io.BytesIO(text))


def run(where: Context, *words: str) -> Answer:
    return access.run(arguments("access", *words), where)


def fields(answer: Answer) -> dict[str, object]:
    return {name: json.loads(text) for name, text in answer.fields}


def test_added_listed_used_and_removed(tmp_path: Path) -> None:
    where = given(tmp_path, KEY)
    added = run(where, "add", "ci", "--from-stdin", "--file")
    assert added.changed
    assert fields(added) == {"name": "ci", "kept": "file", "replaced": False}
    listed = run(where, "list")
    assert fields(listed) == {"access": [{"name": "ci", "account": "1234", "kept": "file"}]}
    assert SECRET not in repr(added) + repr(listed)
    _, holder = signing_in.cloud(where, "cn-hangzhou", "ci", None)
    assert (holder.current().access_key_secret, holder.account()) == (SECRET, "1234")
    assert SECRET not in repr(where.holders)
    assert fields(run(given(tmp_path, KEY), "add", "ci", "--from-stdin", "--file"))["replaced"]
    assert run(where, "remove", "ci").changed
    with pytest.raises(UsageError, match="no ci"):
        run(where, "remove", "ci")


def test_the_key_of_a_blocklet_server_is_not_sent_to_agentrun(tmp_path: Path) -> None:
    assert run(given(tmp_path, KEY), "add", "ci", "--from-stdin", "--file").next == (
        "agentramp whoami -a ci"
    )
    address = did.address(b"a public key", did.Role.ACCOUNT)
    server = given(tmp_path, {"AccessKeyID": address, "AccessKeySecret": SECRET})
    assert run(server, "add", "server", "--from-stdin", "--file").next is None


def test_a_person_is_asked_unseen(tmp_path: Path) -> None:
    answers = iter(["LTAI-id", f"{SECRET} "])
    where = replace(context(tmp_path), terminal=True, secret=lambda _: next(answers))
    run(where, "add", "me", "--file", "--account", "777777")
    _, holder = signing_in.cloud(where, "cn-hangzhou", "me", None)
    assert (holder.current().access_key_secret, holder.account()) == (SECRET, "777777")


@pytest.mark.parametrize(
    "words",
    [
        ("add",),
        ("remove",),
        ("list", "x"),
        ("list", "--file"),
        ("remove", "x", "--keyring"),
        ("add", "a b", "--from-stdin"),
        ("add", "../x", "--from-stdin"),
        ("add", "x", "--from-stdin", "--account", "me"),
        ("add", "x", "--from-stdin", "--file", "--keyring"),
        ("add", "x"),
    ],
)
def test_what_makes_no_sense(tmp_path: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        run(given(tmp_path, KEY), *words)
    assert not (tmp_path / "home" / "access.json").exists()


@pytest.mark.parametrize(
    "document",
    [b"", SECRET.encode(), [SECRET], {"AccessKeySecret": SECRET}, {**KEY, "AccessKeyID": "STS.x"}],
)
def test_a_key_that_is_none_is_not_kept(tmp_path: Path, document: object) -> None:
    with pytest.raises(UsageError) as caught:
        run(given(tmp_path, document), "add", "x", "--from-stdin", "--file")
    assert SECRET not in f"{caught.value!r}{caught.value.advice}"
    assert not (tmp_path / "home" / "access.json").exists()


def test_typing_nothing_keeps_nothing(tmp_path: Path) -> None:
    asked = replace(context(tmp_path), terminal=True)
    for where in (asked, replace(asked, secret=lambda _: "")):
        with pytest.raises(UsageError, match="nothing was typed"):
            run(where, "add", "x", "--file")


class Memory(KeyringBackend):
    priority = 5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library has no types there
        self.held: dict[tuple[str, str], str] = {}
        self.trouble: KeyringError | None = None

    def get_password(self, service: str, username: str) -> str | None:
        if self.trouble:
            raise self.trouble
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.trouble:
            raise self.trouble
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


def test_the_systems_keyring_is_used_where_there_is_one(tmp_path: Path) -> None:
    before, ring = keyring.get_keyring(), Memory()
    keyring.set_keyring(ring)
    try:
        where = given(tmp_path, KEY)
        assert fields(run(where, "add", "ci", "--from-stdin"))["kept"] == "keyring"
        assert SECRET not in (tmp_path / "home" / "access.json").read_text()
        _, holder = signing_in.cloud(where, "cn-hangzhou", "ci", None)
        assert holder.current().access_key_secret == SECRET
        ring.trouble = KeyringLocked(SECRET)
        with pytest.raises(CredentialsError, match="keyring") as caught:
            signing_in.cloud(given(tmp_path, KEY), "cn-hangzhou", "ci", None)
        assert SECRET not in f"{caught.value}{caught.value.advice}"
        ring.trouble = None
        run(where, "remove", "ci")
        assert not ring.held
        keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]  # as above
        assert system_ring() is None
    finally:
        keyring.set_keyring(before)


def test_a_long_lived_key_in_a_job_is_warned_of_once(tmp_path: Path) -> None:
    environ = {
        "GITHUB_ACTIONS": "true",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI-id",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET,
    }
    for more, count in (({}, 1), ({"ALIBABA_CLOUD_SECURITY_TOKEN": "t"}, 0)):
        where = context(tmp_path, environ | more)
        for _ in range(3):
            signing_in.cloud(where, "cn-hangzhou", None, None)
        said = where.console.stream
        assert isinstance(said, io.StringIO)
        assert said.getvalue().count("long-lived") == count
        assert SECRET not in said.getvalue()


def test_the_embedded_platform_takes_no_named_key(tmp_path: Path) -> None:
    args = arguments("whoami", "--platform", "local", "-a", "ci")
    with pytest.raises(UsageError, match="-a"):
        located(args, context(tmp_path), "local")


def test_whoami_without_any_key_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no credentials"):
        whoami.run(arguments("whoami"), context(tmp_path))


@pytest.mark.parametrize(
    "name", ["AGENTRUN_CONTROL_ENDPOINT", "FC_CLIENT_CUSTOM_ENDPOINT", "FC_CODE_TEMP_OSS_ENDPOINT"]
)
def test_no_service_is_called_over_plain_http(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=name):
        signing_in.cloud(context(tmp_path, {name: "http://x.invalid"}), "cn-hangzhou", None, None)

"""What a git of any configuration is asked, what it leaves behind, and what is told of it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentramp.journal.gitremote import without_users
from agentramp.journal.port import JournalError
from tests.conformance.journal_suite import DONE, INTENT, SUBJECT
from tests.journal.githttp import PASSWORD, QUOTED, READER, WRITER, Host, serving
from tests.journal.gits import REF, Place


@pytest.fixture
def host(place: Place) -> Iterator[Host]:
    with serving(place) as found:
        yield found


def everything_but_objects(clone: Path) -> dict[str, str]:
    return {
        str(path.relative_to(clone)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(clone.rglob("*"))
        if path.is_file() and "objects" not in path.relative_to(clone).parts
    }


# --- what is left behind


@pytest.mark.parametrize("options", [(), ("--depth=1",), ("--bare",), ("--filter=blob:none",)])
def test_the_callers_repository_is_as_it_was(place: Place, options: tuple[str, ...]) -> None:
    place.git("config", "uploadpack.allowFilter", "true")
    place.journal().append(SUBJECT, INTENT, expected=0)
    clone = place.clone(*options)
    if "--bare" not in options:
        (clone / "file").write_text("changed")
        (clone / "staged").write_text("staged")
        place.git("add", "staged", at=clone)
        place.git("fetch", "--quiet", at=clone)
        place.git("checkout", "--quiet", "-b", "topic", at=clone)
    before = everything_but_objects(clone)
    journal = place.journal(clone)
    assert journal.read(SUBJECT) == (INTENT,)
    journal.append(SUBJECT, DONE, INTENT, expected=1)
    assert everything_but_objects(clone) == before
    assert "refs/agentramp" not in place.git("for-each-ref", at=clone)
    assert "agentramp" not in place.git("log", "--all", "--reflog", "--format=%an %s", at=clone)


HOOKS = ("pre-push", "reference-transaction", "post-commit", "commit-msg", "pre-auto-gc")
SETTINGS = """
commit.gpgSign=true push.gpgSign=true gpg.program=false log.showSignature=true
push.followTags=true push.pushOption=ci.skip push.default=nothing push.negotiate=true
remote.origin.mirror=true remote.origin.push=refs/heads/*:refs/heads/* remote.origin.prune=true
fetch.prune=true fetch.fsckObjects=true submodule.recurse=true push.recurseSubmodules=check
color.ui=always log.decorate=full log.showRoot=false log.follow=true format.pretty=oneline
i18n.commitEncoding=latin1 i18n.logOutputEncoding=utf-16 core.askPass=sleep user.useConfigOnly=true
"""


def test_no_hook_no_signature_and_no_setting_of_the_clone_is_in_the_way(place: Place) -> None:
    clone = place.clone()
    place.git("tag", "-a", "-m", "a tag", "v1", at=clone)
    for hook in HOOKS:
        path = clone / ".git" / "hooks" / hook
        path.write_text(f"#!/bin/sh\necho {hook} >> {place.folder}/hooked\nexit 1\n")
        path.chmod(0o755)
    for setting in SETTINGS.split():
        place.git("config", *setting.split("=", 1), at=clone)
    journal = place.journal(clone)
    journal.append(SUBJECT, INTENT, expected=0)
    journal.append(SUBJECT, DONE, expected=1)
    place.journal().append(SUBJECT, INTENT, expected=2)
    assert journal.read(SUBJECT) == (INTENT, DONE, INTENT)
    assert not (place.folder / "hooked").exists()
    assert place.git("for-each-ref", "--format=%(refname)").split() == [REF, "refs/heads/main"]


def test_the_environment_of_another_repository_does_not_lead_astray(place: Place) -> None:
    other = place.clone()
    before = everything_but_objects(other)
    journal = place.journal(
        GIT_DIR=str(other / ".git"),
        GIT_INDEX_FILE=str(other / ".git" / "index"),
        GIT_OBJECT_DIRECTORY=str(place.folder / "nowhere"),
        GIT_WORK_TREE=str(other),
        GIT_TRACE="2",
        GIT_NAMESPACE="elsewhere",
        LC_ALL="de_DE.UTF-8",
    )
    journal.append(SUBJECT, INTENT, expected=0)
    assert place.journal().read(SUBJECT) == (INTENT,)
    assert everything_but_objects(other) == before


# --- where to


def test_a_remote_may_be_a_name_an_address_or_a_path(place: Place) -> None:
    clone = place.clone()
    place.git("remote", "add", "split", place.folder / "a-mirror.git", at=clone)
    place.git("remote", "set-url", "--push", "split", place.bare, at=clone)
    ssh = place.folder / "ssh"
    ssh.write_text('#!/bin/bash\neval "${@: -1}"\n')
    ssh.chmod(0o755)
    remotes = (
        *("origin", "split", "short:bare.git", str(place.bare), "../bare.git"),
        *(place.bare.as_uri(), f"git@host:{place.bare}", f"ssh://git@host{place.bare}"),
    )
    rewrite = {
        "GIT_SSH_COMMAND": str(ssh),
        "GIT_SSH_VARIANT": "ssh",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{place.folder}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "short:",
    }
    for number, remote in enumerate(remotes):
        place.journal(clone, remote, **rewrite).append(SUBJECT, INTENT, expected=number)
    assert place.journal().read(SUBJECT) == (INTENT,) * len(remotes)


@pytest.mark.parametrize("remote", ["nowhere", "--upload-pack=touch hacked", "file:///nowhere.git"])
def test_a_remote_that_is_not_there(place: Place, remote: str) -> None:
    clone = place.clone()
    with pytest.raises(JournalError, match="cannot be read from") as told:
        place.journal(clone, remote).read(SUBJECT)
    assert remote in told.value.message
    assert "git 2.31" in told.value.advice
    assert not (clone / "hacked").exists()


def test_a_folder_that_is_no_repository(place: Place) -> None:
    with pytest.raises(
        JournalError,
        match=r"origin: fatal: 'origin' does not appear to be a git repository; fatal: Could not",
    ):
        place.journal(place.folder / "home").read(SUBJECT)


def test_a_machine_without_git(place: Place) -> None:
    with pytest.raises(JournalError, match="git cannot be started"):
        place.journal(PATH=str(place.folder / "home")).read(SUBJECT)


# --- who may


def test_a_login_in_the_address_is_used_and_never_shown(place: Place, host: Host) -> None:
    clone = place.clone()
    address = host.url(f"{WRITER}:{QUOTED}")
    place.git("remote", "add", "named", address, at=clone)
    place.journal(clone, address).append(SUBJECT, INTENT, expected=0)
    place.journal(clone, "named").append(SUBJECT, DONE, expected=1)
    assert place.journal(clone, "named").read(SUBJECT) == (INTENT, DONE)
    assert host.logins.count(WRITER) >= 6
    shown = "\n".join(host.seen_arguments)
    assert "agentramp-journal" in shown
    assert host.url() in shown
    assert QUOTED not in shown
    assert PASSWORD not in shown


def test_who_may_only_read_is_told_what_is_missing(place: Place, host: Host) -> None:
    place.journal().append(SUBJECT, INTENT, expected=0)
    journal = place.journal(remote=host.url(f"{READER}:{QUOTED}"))
    assert journal.read(SUBJECT) == (INTENT,)
    with pytest.raises(JournalError, match=r"lets nobody write.*403") as told:
        journal.append(SUBJECT, DONE, expected=1)
    assert told.value.exit_code == 3
    assert "contents: write" in told.value.advice
    for secret in (QUOTED, PASSWORD):
        assert secret not in told.value.message
    assert f"http://***@127.0.0.1:{host.port}/bare.git" in told.value.message
    assert place.slept == []
    assert journal.read(SUBJECT) == (INTENT,)


@pytest.mark.parametrize("login", ["", f"{WRITER}:wrong", "a-token", "a-token:"])
def test_without_the_right_login_nobody_is_asked(place: Place, host: Host, login: str) -> None:
    hangs = place.folder / "askpass"
    hangs.write_text("#!/bin/sh\nsleep 60\n")
    hangs.chmod(0o755)
    journal = place.journal(remote=host.url(login), SSH_ASKPASS=str(hangs), DISPLAY=":0")
    with pytest.raises(JournalError, match="cannot be read") as told:
        journal.read(SUBJECT)
    assert "wrong" not in told.value.message
    assert "a-token" not in told.value.message
    assert place.slept == []


def test_an_askpass_that_was_set_for_git_answers(place: Place, host: Host) -> None:
    answers = place.folder / "askpass"
    answers.write_text(f"#!/bin/sh\necho '{PASSWORD}'\n")
    answers.chmod(0o755)
    journal = place.journal(remote=host.url(WRITER), GIT_ASKPASS=str(answers))
    journal.append(SUBJECT, INTENT, expected=0)
    assert place.journal().read(SUBJECT) == (INTENT,)


def test_a_rule_of_the_remote_is_told_at_once(place: Place) -> None:
    hook = place.bare / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'refs/agentramp is protected' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(
        JournalError, match=r"\(pre-receive hook declined\); remote: refs/agentramp is protected"
    ):
        place.journal().append(SUBJECT, INTENT, expected=0)
    assert place.slept == []


def test_another_push_at_the_same_moment_is_waited_for(place: Place) -> None:
    """The remote's lock on the ref is there for the first push and gone for the second."""
    lock = place.bare / f"{REF}.lock"
    lock.parent.mkdir(parents=True)
    script = (
        f'if (( $(wc -l < "$HERE/pushes") < 2 )); then touch {lock}; else rm {lock}; fi\n'
        '"$GIT" "$@"'
    )
    place.git("config", "core.filesRefLockTimeout", "50")
    place.journal(PATH=place.failing(script)).append(SUBJECT, INTENT, expected=0)
    assert place.journal().read(SUBJECT) == (INTENT,)
    assert len(place.slept) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to https://me:secret@host/x", "to https://***@host/x"),
        ("to https://me:se@cret@host/x, ssh://git@h", "to https://***@host/x, ssh://***@h"),
        ("https://host/a@b mail@invalid", "https://host/a@b mail@invalid"),
    ],
)
def test_users_are_taken_out_of_addresses(text: str, shown: str) -> None:
    assert without_users(text) == shown

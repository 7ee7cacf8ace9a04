"""Where a verb keeps its journal, and what agentramp.yaml says where no s.yaml is read."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from agentramp.config.ramp_settings import ProbeSource
from agentramp.errors import UsageError
from agentramp.journal.file import FileJournal
from agentramp.journal.git import GitJournal
from agentramp.wiring import target
from tests.verbs.scene import arguments, context

KEY = {"AGENTRUN_ACCESS_KEY_ID": "id", "AGENTRUN_ACCESS_KEY_SECRET": "secret"}
RUNNER = {"GITHUB_ACTIONS": "true"}
BY_NAME = ("--runtime", "agent", "--region", "cn-hangzhou")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


@pytest.fixture
def clone(folder: Path) -> Path:
    git(folder, "init", "--quiet")
    git(folder, "remote", "add", "origin", "https://example.com/acme/shop.git")
    return folder


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True)


def named(folder: Path, *words: str, **environ: str) -> target.Target:
    where = {"PATH": os.environ["PATH"], "HOME": str(folder), **KEY, **environ}
    args = arguments("promote", str(folder), *BY_NAME, *words)
    return target.named(args, context(folder, where))


def test_a_runner_without_a_checkout_has_nowhere_to_write(folder: Path) -> None:
    with pytest.raises(UsageError, match="a runner's disk is gone tomorrow") as refused:
        named(folder, **RUNNER)
    assert refused.value.exit_code == 2
    assert "actions/checkout" in refused.value.advice
    assert "journal: file" in refused.value.advice


def test_it_is_told_by_history_too(folder: Path) -> None:
    args = arguments("history", str(folder), *BY_NAME)
    environ = {"PATH": os.environ["PATH"], **RUNNER}
    with pytest.raises(UsageError, match="gone tomorrow"):
        target.remembered(args, context(folder, environ))


def test_who_says_file_means_it(folder: Path) -> None:
    assert isinstance(named(folder, "--journal", "file", **RUNNER).journal, FileJournal)
    (folder / "agentramp.yaml").write_text("journal: file\n")
    assert isinstance(named(folder, **RUNNER).journal, FileJournal)


def test_a_laptop_without_a_repository_keeps_a_file(folder: Path) -> None:
    assert isinstance(named(folder).journal, FileJournal)


def test_a_clone_keeps_a_ref(clone: Path) -> None:
    assert isinstance(named(clone, **RUNNER).journal, GitJournal)


@pytest.mark.parametrize("environ", [{}, RUNNER])
@pytest.mark.parametrize("kind", ["auto", "git"])
def test_a_repository_of_another_user_is_told_with_its_cure(
    clone: Path, kind: str, environ: Mapping[str, str]
) -> None:
    """As in a container job; git's own tests make an owner differ by this variable."""
    odd = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1", **environ}
    with pytest.raises(UsageError, match="detected dubious ownership in repository at") as refused:
        named(clone, "--journal", kind, **odd)
    assert "git config --global --add safe.directory" in refused.value.advice
    assert isinstance(named(clone, "--journal", "file", **odd).journal, FileJournal)


def test_a_broken_repository_is_told_in_gits_words(clone: Path) -> None:
    (clone / ".git" / "config").write_text("[remote\n")
    with pytest.raises(UsageError, match="bad config"):
        named(clone)


def test_a_repository_without_that_remote_is_none(clone: Path) -> None:
    assert isinstance(named(clone, "--remote", "upstream").journal, FileJournal)
    with pytest.raises(UsageError, match="has no git remote upstream"):
        named(clone, "--remote", "upstream", "--journal", "git")


def test_no_git_is_no_remote(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert shutil.which("git", path=str(tmp_path / "empty")) is None
    assert isinstance(named(clone, PATH=str(tmp_path / "empty")).journal, FileJournal)


@pytest.mark.parametrize(("kind", "environ"), [("git", {}), ("git", RUNNER), ("auto", RUNNER)])
def test_where_a_ref_is_needed_a_missing_git_is_told_as_that(
    clone: Path, tmp_path: Path, kind: str, environ: Mapping[str, str]
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="there is no git on PATH") as refused:
        named(clone, "--journal", kind, **{**environ, "PATH": str(tmp_path / "empty")})
    assert refused.value.advice.startswith("install git")


SAID = """\
endpoint: front
journal: file
lease: 7s
evidence: {source: probes, prompts: prompts.yaml}
notify: [{url: 'https://example.com/hook'}]
freeze: [{from: Fri 16:00, until: Mon 08:00}]
"""


def test_a_runtime_by_name_goes_by_agentramp_yaml_too(clone: Path) -> None:
    (clone / "prompts.yaml").write_text("prompts: [{name: greeting, prompt: hello}]\n")
    (clone / "agentramp.yaml").write_text(SAID)
    where = named(clone)
    assert isinstance(where.journal, FileJournal)
    assert where.endpoint == "front"
    assert isinstance(where.ramp.source, ProbeSource)
    assert [len(where.ramp.hooks), len(where.ramp.freezes)] == [1, 1]
    args = arguments("history", str(clone), *BY_NAME)
    subject, journal = target.remembered(args, context(clone, {"PATH": os.environ["PATH"]}))
    assert (subject.endpoint, type(journal)) == ("front", FileJournal)


def test_a_run_is_taken_for_dead_when_its_policy_says(clone: Path) -> None:
    (clone / "prompts.yaml").write_text("prompts: [{name: greeting, prompt: hello}]\n")
    (clone / "agentramp.yaml").write_text(SAID)
    where = named(clone)
    args = arguments("promote", str(clone), *BY_NAME)
    execute = target.executor(args, context(clone), where)
    assert isinstance(execute, target.Noting)
    assert execute.execute.lease == 7

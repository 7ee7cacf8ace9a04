"""The verbs that operate a runtime, as a user runs them: on the embedded platform."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.conftest import Ended, User

GUIDED = "second that streams"


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """A project from the template, with two versions published; the first one serves."""
    folder = tmp_path_factory.mktemp("operating")
    made = User(folder / "home", folder)
    assert made.run("init", "quickstart", "talker").code == 0
    user = User(folder / "home", folder / "talker")
    try:
        user.does("deploy")
        assert user.does("versions", "publish")["version"] == 1
        user.does("endpoints", "publish", "production", "--target-version", "1")
        app = user.project / "code" / "app.py"
        app.write_text(app.read_text().replace('"talker", "1"', '"talker", "2"'))
        user.does("deploy")
        assert user.does("versions", "publish", "--description", GUIDED)["version"] == 2
        yield user
    finally:
        user.run("local", "stop")


def local(user: User, *words: str, **environ: str) -> Ended:
    return user.run(*words, "--platform", "local", **environ)


def test_publishing_again_publishes_nothing(user: User) -> None:
    again = user.does("versions", "publish", "--description", "other words")
    assert (again["version"], again["changed"]) == (2, False)


def test_versions_are_listed_newest_first(user: User) -> None:
    found = user.does("versions", "list")
    assert [version["version"] for version in found["versions"]] == [2, 1]
    newest, oldest = found["versions"]
    assert newest["digest"].startswith("sha256:")
    assert newest["digest"] != oldest["digest"]
    assert newest["description"].endswith(GUIDED)
    assert (newest["served_by"], oldest["served_by"]) == ({}, {"production": 100})
    assert GUIDED in local(user, "versions", "list").out


def test_the_template_answers_and_status_tells_all_of_it(user: User) -> None:
    found = user.does("status")
    (endpoint,) = found["endpoints"]
    question = {"messages": [{"role": "user", "content": "hi"}]}
    url = f"{endpoint['url']}/openai/v1/chat/completions"
    with urllib.request.urlopen(url, json.dumps(question).encode(), timeout=60) as response:
        answer = json.load(response)
    said = answer["choices"][0]["message"]["content"]
    assert said == "Hello from talker version 1. You said: hi"
    runtime = found["runtime"]
    assert (runtime["name"], runtime["status"], runtime["version"]) == ("talker", "READY", 2)
    for name in ("id", "arn", "created_at", "updated_at", "workspace_id", "checksum"):
        assert runtime[name], name
    assert runtime["resources"]["instance_concurrency"] == 32
    assert (endpoint["weights"], endpoint["journal"]) == ({"1": 100}, {"1": 100})
    assert (endpoint["drift"], endpoint["ramp"]) == (None, None)
    text = local(user, "status").out
    for word in (runtime["id"], runtime["arn"], endpoint["url"], "v1 100 %", "0.5 cores"):
        assert word in text


def test_a_canary_of_one_endpoint(user: User) -> None:
    words = ("endpoints", "publish", "trial", "--target-version", "1")
    made = user.does(*words, "--canary-version", "2", "--weight", "20", "--description", "a trial")
    assert (made["changed"], made["weights"]) == (True, {"1": 80, "2": 20})
    found = user.does("endpoints", "get", "trial")
    assert (found["weights"], found["description"]) == ({"1": 80, "2": 20}, "a trial")
    listed = user.does("endpoints", "list")
    assert {one["name"] for one in listed["endpoints"]} == {"production", "trial"}
    assert user.does(*words)["weights"] == {"1": 100}
    refused = local(user, "endpoints", "remove", "trial")
    assert refused.code == 2
    assert "nothing was changed" in refused.err
    assert user.does("endpoints", "remove", "trial", "--yes")["changed"]
    assert local(user, "endpoints", "get", "trial").code == 2


def test_a_share_between_0_and_1_is_explained(user: User) -> None:
    words = ("--target-version", "1", "--canary-version", "2", "--weight", "0.2")
    ended = local(user, "endpoints", "publish", "production", *words)
    assert ended.code == 2
    assert "0.2 of the sessions is 20" in ended.err.splitlines()[-1]


def test_a_runtime_is_written_down_and_its_file_changes_nothing(user: User) -> None:
    secret = "very-secret-value-42"
    file = user.project / "s.yaml"
    plain = file.read_text()
    line = "          GREETING:"
    file.write_text(plain.replace(line, f"          API_KEY: ${{env('API_KEY')}}\n{line}"))
    words = ("--platform", "local", "--output", "json")
    assert user.run("deploy", *words, API_KEY=secret).code == 0
    ended = user.run("sync", "--runtime", "talker", "--target-dir", "synced", *words)
    assert ended.code == 0, ended.err
    synced = user.project / "synced"
    texts = [path.read_text() for path in synced.iterdir()]
    assert not any(secret in text for text in (*texts, ended.out, ended.err))
    assert "then run: agentramp validate synced" in ended.err
    assert "code back: put what runs there into synced/code" in ended.err
    assert ended.document["message"].startswith("wrote synced/s.yaml for")
    assert ended.document.get("next") is None, "it would fail without code and values"
    assert "API_KEY=\n" in (synced / ".env.example").read_text()
    assert ".env\n" in (synced / ".gitignore").read_text()
    (user.project / "code").rename(synced / "code")
    try:
        planned = user.run("deploy", "synced", "--dry-run", *words, API_KEY=secret)
        assert planned.code == 0, planned.err
        assert planned.document["plan"]["steps"] == []
    finally:
        (synced / "code").rename(user.project / "code")
        file.write_text(plain)
    assert user.run("sync", "--runtime", "talker", "--target-dir", "synced", *words).code == 2
    forced = ("--target-dir", "synced", "--force")
    assert user.run("sync", "--runtime", "talker", *forced, *words).code == 0
    nobody = user.run("sync", "--runtime", "nobody", *words)
    assert (nobody.code, "does not exist" in nobody.err) == (2, True)


def test_until_ready_ends_where_all_is_ready(user: User) -> None:
    found = user.does("status", "--until-ready")
    assert found["runtime"]["status"] == "READY"


def test_ctrl_c_ends_a_watch(user: User) -> None:
    process = user.start("status", "--watch", "--interval", "1s", "--platform", "local")
    assert process.stderr
    while "runtime talker is" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130


def test_a_reader_that_goes_away_is_no_fault(user: User) -> None:
    words = [sys.executable, "-m", "agentramp", "status", "--platform", "local"]
    read, write = os.pipe()
    os.close(read)
    try:
        ended = subprocess.run(
            words,
            cwd=user.project,
            env={**os.environ, "AGENTRAMP_HOME": str(user.home)},
            stdout=write,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
    finally:
        os.close(write)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_names_that_nobody_has(user: User) -> None:
    for words in (
        ("versions", "list", "--runtime", "nobody"),
        ("endpoints", "publish", "production", "--target-version", "9"),
        ("remove", "--resource", "nosuch", "--yes"),
    ):
        ended = local(user, *words)
        assert ended.code == 2, words
        assert ended.err.splitlines()[-1].startswith(f"agentramp {words[0]}: "), words


def test_a_runtime_is_removed_when_that_is_said(user: User, tmp_path: Path) -> None:
    project = tmp_path / "second"
    assert user.run("init", "quickstart", str(project)).code == 0
    other = User(user.home, project)
    other.does("deploy")
    other.does("versions", "publish")
    other.does("endpoints", "publish", "production", "--target-version", "1")
    refused = local(other, "remove")
    assert refused.code == 2
    assert "remove endpoint production, which serves v1 100 %" in refused.err
    assert "runtime second goes for good, with 1 published version" in refused.err
    assert not other.does("remove", "--dry-run")["changed"]
    assert other.does("remove", "--yes")["changed"]
    gone = other.does("remove", "--yes")
    assert (gone["changed"], gone["dry_run"]) == (False, False)
    assert local(other, "status").code == 2
    assert user.does("endpoints", "get", "production")["status"] == "READY"

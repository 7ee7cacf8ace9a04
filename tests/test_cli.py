"""The boundary, in process: exit codes, streams, and GitHub's files."""

import argparse
import json
import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from agentramp import __version__, cli

QUICKSTART = Path(__file__).parents[1] / "examples" / "quickstart"
BROKEN = """edition: 3.0.0
name: x
resources:
  agent:
    component: agentrun
    props:
      region: cn-hangzhou
      agent:
        memory: 64
        cpuu: 1
"""


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "s.yaml").write_text(BROKEN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_that_was_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert cli.main(["cache", "list"]) == 2
    assert "is not there any more; cd to one that is" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"agentramp {__version__}\n"


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(verb in told for verb in cli.VERBS)
    assert max(map(len, told.splitlines())) <= 80


@pytest.mark.parametrize("verb", cli.VERBS)
def test_help_of_a_verb_has_an_example(
    verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main([verb, "--help"]) == 0
    told = capsys.readouterr().out
    assert f"agentramp {verb}" in told.split("example:")[1]
    assert [line for line in told.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("verb", cli.VERBS)
def test_help_of_a_verb_says_something_of_every_word(verb: str) -> None:
    made = argparse.ArgumentParser()
    cli._load(verb).add_arguments(made)  # noqa: SLF001 - as the command line itself makes it
    words = [word for word in made._actions if not word.help]  # noqa: SLF001 - no public list
    assert words == []


def test_no_verb_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert cli.main(["depoly"]) == 2
    assert "did you mean deploy?" in capsys.readouterr().err
    assert cli.main(["whatever"]) == 2


def test_a_valid_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", str(QUICKSTART)]) == 0
    told = capsys.readouterr()
    assert "s.yaml is valid: runtime quickstart" in told.out
    assert f"next: agentramp build {QUICKSTART}" in told.out


@pytest.mark.usefixtures("broken")
def test_faults_are_told_with_their_places(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "s.yaml:9:9: props.agent.memory: 64 is below 128 [range]" in told.err
    assert "did you mean cpu?" in told.err
    assert told.err.splitlines()[-1].startswith("agentramp validate: s.yaml has")


@pytest.mark.usefixtures("broken")
def test_faults_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", "--output", "json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["exit_code"] == 2
    places = [(f["line"], f["column"], f["rule"]) for f in document["diagnostics"]]
    assert (9, 9, "range") in places
    assert places == sorted(places)


def test_what_github_shows(
    broken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    summary, outputs = broken / "summary.md", broken / "outputs"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    assert cli.main(["validate"]) == 2
    told = capsys.readouterr().err
    assert "::error file=s.yaml,line=9,col=9,title=range::props.agent.memory: 64 is" in told
    assert "validate: failed (exit 2)" in summary.read_text()
    assert "The same on a laptop:\n\n```text\nagentramp validate\n```" in summary.read_text()
    assert [line.partition("<<")[0] for line in outputs.read_text().splitlines()[::3]] == [
        "changed",
        "verdict",
        "reason",
        "result-json",
    ]
    outputs.unlink()

    assert cli.main(["validate", str(QUICKSTART)]) == 0
    lines = outputs.read_text().splitlines()
    name, delimiter = lines[0].split("<<")
    assert (name, lines[1], lines[2]) == ("changed", "false", delimiter)
    assert json.loads(lines[lines.index(f"result-json<<{delimiter}") + 1])["ok"] is True


def test_the_command_that_is_advised_checks_the_very_file_that_has_the_faults(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (broken / "s.yaml").rename(broken / "s prod.yaml")
    words = [str(broken), "--template=s prod.yaml"]
    for verb in ("validate", "deploy"):
        assert cli.main([verb, *words]) == 2
        last = capsys.readouterr().err.splitlines()[-1]
        advised = shlex.split(last.partition("then run: agentramp ")[2])
        assert advised == ["validate", *words]


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("ALPHA", "2", "input alpha 2 is not a chance between 0 and 1; 0.05 rolls back"),
        ("CLUSTER_SIZE", "0", "input cluster-size 0 is not at least 1; take the requests"),
        ("MARGIN", "1", "input margin 1 is not a rate from 0 to below 1; 0.02 is two points"),
        ("SLO", "7", "input slo 7 is not a rate between 0 and 1; 0.1 is one bad session"),
        ("BUDGET", "errors", "input budget: errors is not a metric and its share of alpha; each"),
        ("BUDGET", "errors=1,latency=1", "input budget: errors=1 and latency=1 are no parts of"),
    ],
)
def test_a_rule_that_makes_no_sense_is_told_as_the_input_it_is(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    given: str,
    said: str,
) -> None:
    monkeypatch.setenv(f"AGENTRAMP_INPUT_{name}", given)
    assert cli.main(["simulate", str(QUICKSTART)]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert f"agentramp simulate: {said}" in told
    assert "input help" not in told
    assert "--" not in told


def test_a_summary_that_cannot_be_written_changes_nothing_that_was_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no" / "such" / "folder"))
    assert cli.main(["validate", str(QUICKSTART)]) == 0
    assert "GITHUB_STEP_SUMMARY could not be written" in capsys.readouterr().err


def test_a_bug_is_told_as_one() -> None:
    """The program is started where one of its own files is damaged, which nobody foresaw."""
    code = (
        "import sys\n"
        "from agentramp import cli\n"
        "sys.modules['agentramp.config.load'] = object\n"
        "raise SystemExit(cli.main(['validate', '--output', 'json']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=QUICKSTART
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["exit_code"] == 1
    assert "Traceback" in done.stderr
    assert "please report" in done.stderr.splitlines()[-1]


def test_a_cancelled_run_ends_with_130_and_says_what_to_do(tmp_path: Path) -> None:
    """As a runner cancels: SIGTERM, here while a request waits for a platform that is silent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environ = {
            **os.environ,
            "AGENTRAMP_HOME": str(tmp_path),
            "AGENTRUN_CONTROL_ENDPOINT": address,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": "id",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret",
        }
        words = ["rollback", "--runtime", "x", "--region", "local"]
        with subprocess.Popen(
            [sys.executable, "-m", "agentramp", *words],
            env=environ,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            connection, _ = silent.accept()
            with connection:
                process.terminate()
                _, told = process.communicate(timeout=20)
    assert process.returncode == 130
    assert told.splitlines()[-1] == (
        "agentramp rollback: interrupted, and where traffic is could not be read: no answer in 3 s;"
        " look, then run it again to go on: agentramp status --runtime=x --region=local"
    )


def test_a_reader_that_leaves_takes_nothing_back() -> None:
    """The shell's ``true`` reads nothing; what was asked has been done all the same."""
    done = subprocess.run(
        f"{sys.executable} -m agentramp validate {QUICKSTART} | true; echo ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "0\n"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("doctor",), ("validate", str(QUICKSTART), "--output", "json")])
@pytest.mark.parametrize("closed", [">/dev/full", ">&-"])
def test_an_answer_that_cannot_be_written_is_no_success(
    words: tuple[str, ...], closed: str
) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "agentramp", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr.startswith(f"agentramp {words[0]}: standard output cannot be written: ")
    assert "Traceback" not in done.stderr


def test_the_first_step_of_a_chain_refuses_what_a_later_one_would(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AGENTRAMP_THEN", "deploy publish-version shift-traffic")
    monkeypatch.setenv("AGENTRAMP_INPUT_PATH", str(QUICKSTART))
    monkeypatch.setenv("AGENTRAMP_INPUT_WEIGHT", "10")
    assert cli.main(["validate"]) == 0, "the version of shift-traffic is not known yet"
    monkeypatch.setenv("AGENTRAMP_INPUT_WEIGHT", "0.2")
    assert cli.main(["validate"]) == 2
    assert "input weight: '0.2' is not a whole percent" in capsys.readouterr().err

"""The environment that actions/run makes, without a workflow around it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agentramp import __version__

ROOT = Path(__file__).parents[2]
RUN = ROOT / "actions" / "run"

pytestmark = pytest.mark.timeout(400)


def start(
    environ: dict[str, str], cwd: Path, run: Path = RUN, verb: str = "validate"
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", run, verb],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def replace_path(environ: dict[str, str], folder: Path, **programs: str) -> dict[str, str]:
    """``environ`` where PATH is ``folder`` alone: bash's own needs, and ``programs``."""
    folder.mkdir()
    for name in ("bash", "chmod", "dirname", "mkdir", "mktemp", "rm", "env"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    for name, body in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    return {**environ, "PATH": str(folder)}


@pytest.fixture
def runner(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    temp = tmp_path / "runner"
    temp.mkdir()
    return {**environ, "RUNNER_TEMP": str(temp), "GITHUB_OUTPUT": str(tmp_path / "output")}


def environments(runner: dict[str, str]) -> list[str]:
    return sorted(found.name for found in Path(runner["RUNNER_TEMP"]).iterdir())


def test_it_is_made_once_and_found_again(runner: dict[str, str], consumer: Path) -> None:
    first, second = start(runner, consumer), start(runner, consumer)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "::group::agentramp: preparing" in first.stdout
    assert "::group::" not in second.stdout
    [made] = environments(runner)
    assert made.startswith("agentramp-")


def test_of_three_that_race_each_finds_a_whole_one(runner: dict[str, str], consumer: Path) -> None:
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: start(runner, consumer), range(3)))
    assert [one.returncode for one in done] == [0, 0, 0], [one.stderr for one in done]
    assert len(environments(runner)) == 1


def test_two_releases_in_one_job_do_not_share(
    runner: dict[str, str], consumer: Path, release: Path
) -> None:
    assert start(runner, consumer).returncode == 0
    assert start(runner, consumer, release / "actions" / "run").returncode == 0
    roots = {
        file.read_text().strip() for file in Path(runner["RUNNER_TEMP"]).rglob("agentramp.pth")
    }
    assert roots == {str(ROOT / "src"), str(release / "src")}


def test_settings_that_say_to_install_elsewhere_do_not_count(
    runner: dict[str, str], consumer: Path, tmp_path: Path
) -> None:
    (tmp_path / "constraint.txt").write_text("pydantic==0.1\n")
    file = str(tmp_path / "constraint.txt")
    elsewhere = {"PIP_CONSTRAINT": file, "PIP_REQUIREMENT": file, "UV_CONSTRAINT": file}
    elsewhere |= {"PIP_TARGET": str(tmp_path / "elsewhere"), "UV_SYSTEM_PYTHON": "1"}
    done = start({**runner, **elsewhere}, consumer)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "elsewhere").exists()


def test_without_uv_pip_makes_it(runner: dict[str, str], consumer: Path, tmp_path: Path) -> None:
    environ = replace_path(runner, tmp_path / "path", git=f'exec {shutil.which("git")} "$@"')
    (tmp_path / "path" / "python3").symlink_to(Path(sys.executable).resolve())
    wrong = {"PIP_USER": "1", "PIP_CONSTRAINT": "/nowhere", "PIP_REQUIREMENT": "/nowhere"}
    done = start({**environ, **wrong}, consumer)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "s.yaml is valid" in done.stdout


def test_an_old_python_is_named_with_the_way_out(
    runner: dict[str, str], consumer: Path, tmp_path: Path
) -> None:
    old = replace_path(runner, tmp_path / "path", python3="echo 3.9.18; exit 1")
    done = start(old, consumer)
    assert done.returncode == 2
    assert "Python 3.10 or newer is needed; python3 is Python 3.9.18." in done.stdout
    assert "actions/setup-python" in done.stdout
    assert environments(runner) == []


def test_no_python_at_all_is_told(runner: dict[str, str], consumer: Path, tmp_path: Path) -> None:
    done = start(replace_path(runner, tmp_path / "path"), consumer)
    assert done.returncode == 2
    assert "there is no Python" in done.stdout


def test_a_newer_python_beside_an_old_one_is_taken(
    runner: dict[str, str], consumer: Path, tmp_path: Path
) -> None:
    environ = replace_path(runner, tmp_path / "path", python3="echo 3.9.18; exit 1")
    name = f"python3.{min(sys.version_info.minor, 14)}"
    (tmp_path / "path" / name).symlink_to(Path(sys.executable).resolve())
    uv = shutil.which("uv", path=runner["PATH"])
    assert uv
    (tmp_path / "path" / "uv").symlink_to(uv)
    assert start(environ, consumer).returncode == 0


def test_an_install_that_fails_leaves_nothing_half_made(
    runner: dict[str, str], consumer: Path, release: Path, tmp_path: Path
) -> None:
    """A requirement whose content is not the one that was locked."""
    broken = tmp_path / "broken"
    shutil.copytree(release, broken)
    file = broken / "requirements" / "run.txt"
    file.write_text(re.sub(r"(--hash=sha256:)\w+", r"\g<1>" + "0" * 64, file.read_text()))

    done = start(runner, consumer, broken / "actions" / "run")

    assert done.returncode == 2, done.stdout
    assert "the environment could not be made" in done.stdout
    assert "hash" in done.stdout.lower()
    assert environments(runner) == []


def test_a_failed_install_is_told_once_with_its_reason_and_nothing_of_it_acts(
    runner: dict[str, str], consumer: Path, tmp_path: Path
) -> None:
    said = "error: no route ##[add-path]x http://me:pw@host/simple"
    said += " http://me:pw@other\n::set-env name=A::b\n"
    said += "  cause: connection refused\n"
    environ = replace_path(runner, tmp_path / "path", uv=f"printf '%s' '{said}' >&2; exit 2")
    (tmp_path / "path" / "python3").symlink_to(Path(sys.executable).resolve())
    summary = tmp_path / "summary"
    done = start({**environ, "GITHUB_STEP_SUMMARY": str(summary)}, consumer)
    assert done.returncode == 2
    commands = [line for line in done.stdout.splitlines() if line.startswith("::")]
    assert [line.split(" ")[0] for line in commands] == [
        "::group::agentramp:",
        "::endgroup::",
        "::error",
    ]
    assert "no route ## [add-path]x http://***@host/simple http://***@other; cause: " in commands[2]
    assert "UV_DEFAULT_INDEX" in commands[2]
    assert "pw" not in done.stdout + done.stderr
    assert summary.read_text().startswith("### validate: failed (exit 2)")
    assert Path(runner["GITHUB_OUTPUT"]).read_text().count("reason<<") == 1
    assert outputs(runner)["reason"] in commands[2]
    assert environments(runner) == []


def test_a_python_that_makes_no_environments_is_told_once(
    runner: dict[str, str], consumer: Path, tmp_path: Path
) -> None:
    real = Path(sys.executable).resolve()
    body = f'case "$*" in *"-m venv"*) echo no ensurepip; exit 1;; esac; exec {real} "$@"'
    environ = replace_path(runner, tmp_path / "path", python3=body)
    name = json.dumps(str(tmp_path / "path" / "python3"))
    found = f'printf "3.12\\nagentramp-x\\n%s\\n" {name}'
    fake = f'case "$*" in *interpreter.py*) {found};; *) {body};; esac'
    (tmp_path / "path" / "python3").write_text(f"#!/bin/sh\n{fake}\n")
    done = start(environ, consumer)
    assert done.returncode == 2
    assert done.stdout.count("::error ") == 1
    assert "Install python3-venv" in done.stdout
    assert Path(runner["GITHUB_OUTPUT"]).read_text().count("reason<<") == 1
    assert "Install python3-venv" in outputs(runner)["reason"]


def folders_of(python: Path) -> list[str]:
    """Where this interpreter keeps its programs and what it has installed."""
    asked = "import site, sys; print(*site.getsitepackages(), sys.prefix + '/bin', sep='\\n')"
    found = subprocess.run([python, "-I", "-c", asked], capture_output=True, text=True, check=True)
    return found.stdout.splitlines()


def test_the_job_s_own_settings_stay_as_they_are(
    runner: dict[str, str], consumer: Path, tmp_path: Path, with_uv: Path
) -> None:
    """Nor is a file of its Python, of its PATH or of its checkout touched."""
    files = {name: tmp_path / name for name in ("GITHUB_ENV", "GITHUB_PATH")}
    for file in files.values():
        file.touch()
    places = [*folders_of((with_uv / "python3").resolve()), str(with_uv)]
    before = sorted(consumer.rglob("*")), [Path(one).stat().st_mtime_ns for one in places]
    done = start({**runner, **{name: str(file) for name, file in files.items()}}, consumer)
    assert done.returncode == 0
    assert [file.read_text() for file in files.values()] == ["", ""]
    after = sorted(consumer.rglob("*")), [Path(one).stat().st_mtime_ns for one in places]
    assert after == before


def test_windows_is_refused_before_anything_is_tried(
    runner: dict[str, str], consumer: Path
) -> None:
    done = start({**runner, "RUNNER_OS": "Windows"}, consumer)
    assert done.returncode == 2
    assert "Use a Linux or a macOS runner" in done.stdout
    assert environments(runner) == []


def test_without_a_runner_it_is_kept_in_the_user_s_cache(
    runner: dict[str, str], consumer: Path, tmp_path: Path
) -> None:
    del runner["RUNNER_TEMP"]
    runner["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    assert start(runner, consumer).returncode == 0
    folder = tmp_path / "cache" / "agentramp"
    assert folder.stat().st_mode & 0o077 == 0
    assert len(list(folder.iterdir())) == 1


def outputs(runner: dict[str, str]) -> dict[str, str]:
    """Of the last step that wrote: each of them is one line."""
    text = Path(runner["GITHUB_OUTPUT"]).read_text()
    return {
        name: said
        for name, _, said in re.findall(r"^([\w-]+)<<(.+)\n(.*)\n\2$", text, re.MULTILINE)
    }


def another_volume() -> Path | None:
    """A place in memory, where this machine has one, as a runner's disks are several too."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else None


def test_setup_makes_it_on_any_volume_under_any_name_and_tells_the_command(
    runner: dict[str, str], consumer: Path
) -> None:
    """The cache lies on another volume than the environment; no hard link can be made there."""
    with tempfile.TemporaryDirectory(dir=another_volume()) as folder:
        runner["RUNNER_TEMP"] = f"{folder}/das Läufer's tëmp; $(x)"
        runner.pop("UV_LINK_MODE")
        made = start(runner, consumer, verb="setup")
        assert made.returncode == 0, made.stdout + made.stderr
        first = outputs(runner)
        stood = start(runner, consumer, verb="setup")
        second = outputs(runner)
        assert (first["changed"], second["changed"]) == ("true", "false"), stood.stderr
        assert first["command"] == second["command"] == json.loads(first["result-json"])["command"]
        assert first["command"].startswith(runner["RUNNER_TEMP"])
        bare = {name: runner[name] for name in ("HOME", "RUNNER_TEMP")} | {"PATH": "/nowhere"}
        link = consumer.parent / "linked"
        link.symlink_to(first["command"])
        told = subprocess.run(
            [link, "--version"], env=bare, capture_output=True, text=True, check=True
        )
        assert told.stdout == f"agentramp {__version__}\n"
        assert made.stderr == ""
        summary = consumer.parent / "summary"
        told_to = {"GITHUB_OUTPUT": str(consumer), "GITHUB_STEP_SUMMARY": str(summary)}
        assert (
            start(
                {**runner, "GITHUB_STEP_SUMMARY": str(summary)}, consumer, verb="setup"
            ).returncode
            == 0
        )
        assert summary.read_text().startswith("### setup: nothing to do")
        lost = start({**runner, **told_to}, consumer, verb="setup")
        assert (lost.returncode, lost.stderr, lost.stdout.count("\n")) == (2, "", 1)
        assert "GITHUB_OUTPUT cannot be written" in lost.stdout


def test_a_place_that_cannot_be_written_is_told(
    runner: dict[str, str], consumer: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    runner["RUNNER_TEMP"] = str(tmp_path / "file" / '50% "off"')
    done = start(runner, consumer)
    assert done.returncode == 2
    [error] = [line for line in done.stdout.splitlines() if line.startswith("::error ")]
    assert error.endswith('50%25 "off" cannot be written. Give this step a RUNNER_TEMP that can')
    told = outputs(runner)
    assert (told["changed"], told["reason"]) == (
        "false",
        error.partition("validate::")[2].replace("%25", "%"),
    )
    assert json.loads(told["result-json"])["message"] == told["reason"]


def test_what_is_installed_is_what_was_locked() -> None:
    """Each requirement has one version and its hashes, so nothing else can be fetched."""
    text = (ROOT / "requirements" / "run.txt").read_text().replace("\\\n", " ")
    locked = [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    assert locked
    assert [
        line
        for line in locked
        if not re.match(r"[\w.\[\]-]+==\S+.* --hash=sha256:[0-9a-f]{64}", line)
    ] == []

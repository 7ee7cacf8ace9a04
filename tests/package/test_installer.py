import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agentramp.credentials.environment import AGENTRUN, ALIBABA_CLOUD, SERVERLESS_DEVS
from agentramp.credentials.serverless_devs import SUFFIX
from agentramp.package.child import Finished, run_child
from agentramp.package.errors import BuildError, RegistryError
from agentramp.package.installer import (
    QUIET,
    Order,
    Pip,
    Uv,
    child_environ,
    command,
    find_installer,
)
from agentramp.package.request import AgentRunTarget, LocalTarget, Target

if TYPE_CHECKING:
    from tests.package.conftest import FakeInstaller


def order(target: Target, constraints: Path | None = None) -> Order:
    return Order(Path("/src/requirements.txt"), Path("/tmp/t"), target, "/bin/py", constraints)


@pytest.mark.parametrize(
    ("language", "version", "platform"),
    [
        ("python3.12", "3.12", "x86_64-manylinux_2_31"),
        ("python3.10", "3.10", "x86_64-manylinux_2_28"),
    ],
)
def test_uv_is_told_the_platforms_python_and_glibc(
    language: str, version: str, platform: str
) -> None:
    argv = command(Uv("uv"), order(AgentRunTarget(language)))

    assert argv[argv.index("--python-version") + 1] == version
    assert argv[argv.index("--python-platform") + 1] == platform
    assert argv[argv.index("--only-binary") + 1] == ":all:"
    assert argv[argv.index("--python") + 1] == "/bin/py"


def test_pip_is_told_every_older_glibc_too() -> None:
    argv = command(Pip("/bin/py"), order(AgentRunTarget("python3.10")))
    platforms = [argv[n + 1] for n, word in enumerate(argv) if word == "--platform"]

    assert argv[:4] == ("/bin/py", "-m", "pip", "install")
    assert platforms[0] == "manylinux_2_28_x86_64"
    assert {"manylinux_2_17_x86_64", "manylinux2014_x86_64"} < set(platforms)
    assert "manylinux_2_29_x86_64" not in platforms
    assert argv[argv.index("--abi") + 1] == "cp310"


@pytest.mark.parametrize("installer", [Uv("uv"), Pip("/bin/py")])
def test_a_local_build_names_no_platform(installer: Uv | Pip) -> None:
    argv = command(installer, order(LocalTarget(), Path("/tmp/kept.txt")))

    assert not [word for word in argv if "platform" in word or "version" in word]
    assert argv[argv.index("--constraint") + 1] == "/tmp/kept.txt"


@pytest.mark.parametrize("language", ["python", "nodejs20", "python3.x"])
def test_a_language_without_a_python_version_is_refused(language: str) -> None:
    with pytest.raises(BuildError, match=language):
        command(Uv("uv"), order(AgentRunTarget(language)))


def test_private_registries_reach_the_installer_and_contradictions_do_not() -> None:
    environ = {"PIP_INDEX_URL": "https://u:p@h/s", "UV_INDEX": "x", "PIP_TARGET": "/x"}
    seen = child_environ({**environ, "UV_SYSTEM_PYTHON": "1", "PIP_USER": "1"})

    assert (seen["PIP_INDEX_URL"], seen["UV_INDEX"]) == ("https://u:p@h/s", "x")
    assert not {"PIP_TARGET", "UV_SYSTEM_PYTHON"} & set(seen)
    assert seen["PIP_USER"] == "0"


CREDENTIALS = (
    *("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_RUNTIME_TOKEN"),
    *(name for form in (AGENTRUN, ALIBABA_CLOUD, SERVERLESS_DEVS) for name in vars(form).values()),
    *(f"shop{SUFFIX}", "AGENTRAMP_VARIABLES", "ALIBABA_CLOUD_CREDENTIALS_URI"),
)


def test_no_credential_of_the_cloud_or_of_the_job_reaches_an_installer() -> None:
    """A requirement that lies here is built by code that somebody else may have written."""
    environ = dict.fromkeys((*CREDENTIALS, "GITHUB_TOKEN", "HOME", "SSL_CERT_FILE"), "x")
    asked = frozenset({*CREDENTIALS, "HOME"})
    assert set(child_environ(environ)) - set(QUIET) == {"HOME", "SSL_CERT_FILE"}
    assert set(child_environ(environ, named=asked)) - set(QUIET) == {"HOME", "SSL_CERT_FILE"}
    assert "GITHUB_TOKEN" in child_environ(environ, named=frozenset({"GITHUB_TOKEN"}))


def test_what_was_handed_over_for_the_agent_stays_unless_requirements_name_it() -> None:
    environ = dict.fromkeys(("MODEL_API_KEY", "INDEX_TOKEN", "UV_INDEX_ACME_PASSWORD"), "x")
    seen = child_environ(environ, named=frozenset({"INDEX_TOKEN"}), handed=frozenset(environ))
    assert set(seen) - set(QUIET) == {"INDEX_TOKEN", "UV_INDEX_ACME_PASSWORD"}
    assert "MODEL_API_KEY" in child_environ(environ), "the caller's own is the caller's to keep"


def test_an_installer_is_always_found_where_we_run(fake_installer: "FakeInstaller") -> None:
    found = find_installer("/bin/py", {"PATH": ""}, fake_installer)

    assert isinstance(found, Uv) == Path(getattr(found, "program", "")).is_file()


def test_without_uv_and_pip_the_way_out_is_named(fake_installer: "FakeInstaller") -> None:
    fake_installer.answers = [Finished(1, "", "No module named pip")]

    with pytest.raises(BuildError, match="no uv, and /bin/py has no pip") as caught:
        find_installer("/bin/py", {"PATH": ""}, fake_installer, bundled=lambda: None)
    assert "agentramp[build]" in caught.value.advice


def test_without_uv_pip_is_taken(fake_installer: "FakeInstaller") -> None:
    found = find_installer("/bin/py", {"PATH": ""}, fake_installer, bundled=lambda: None)

    assert found == Pip("/bin/py")


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="nowhere cannot be started"):
        run_child((str(tmp_path / "nowhere"),), cwd=tmp_path, env={})


STUCK = """
import subprocess, sys, time
print("from https://me:pass-word@index", file=sys.stderr, flush=True)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
time.sleep(600)
"""


def test_an_installer_that_never_ends_is_stopped_and_named(tmp_path: Path) -> None:
    """And so is what it started, which holds its output open."""
    (tmp_path / "pip.py").write_text(STUCK)
    argv = (sys.executable, "-m", "pip", "install", "--no-compile")
    said = r"^python\S* -m pip install did not end within 0\.1 s and was stopped$"
    with pytest.raises(RegistryError, match=said) as caught:
        run_child(argv, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, seconds=0.1)
    assert "registry that does not answer" in caught.value.advice
    assert caught.value.exit_code == 3


def test_what_a_program_says_is_kept_whole_beside_how_it_ended(tmp_path: Path) -> None:
    """Why nothing fits may stand far above an installer's last line."""
    code = "import sys; print('out'); sys.stderr.write('why\\n' + 'x' * 99999); sys.exit(3)"
    done = run_child((sys.executable, "-c", code), cwd=tmp_path, env={})
    assert done == Finished(3, "out\n", "why\n" + "x" * 99999)

"""Real installs of tiny packages; skipped only where no registry is reached, and never in CI."""

import os
import socket
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from agentramp.package import AgentRunTarget, BuildError, BuildRequest, Built, RegistryError, build
from agentramp.package.installer import Installer, Pip, Uv, bundled_uv

if TYPE_CHECKING:
    from tests.package.conftest import Fill

UV = bundled_uv()
INSTALLERS = [
    pytest.param(Uv(UV or ""), id="uv", marks=pytest.mark.skipif(not UV, reason="there is no uv")),
    pytest.param(Pip(sys.executable), id="pip"),
]


def make(source: Path, installer: Installer, output: Path, **environ: str) -> Built:
    request = BuildRequest(source, AgentRunTarget("python3.12"), output, sys.executable)
    try:
        return build(request, environ={**os.environ, **environ}, installer=installer)
    except RegistryError as error:
        if os.environ.get("CI") == "true" or environ:
            raise
        pytest.skip(f"the package registry cannot be reached: {error.message.splitlines()[0]}")


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_real_package_is_installed(fill: "Fill", tmp_path: Path, installer: Installer) -> None:
    root = fill({"agent.py": "import six\n", "requirements.txt": "six==1.16.0\n"})
    built = make(root, installer, tmp_path / "agent.zip")

    assert built.manifest.dependencies == ("six==1.16.0",)
    with zipfile.ZipFile(built.artifact.path) as archive:
        names = archive.namelist()
        assert b'__version__ = "1.16.0"' in archive.read("python/six.py")
    assert not [name for name in names if name.endswith((".pyc", "INSTALLER", "REQUESTED"))]
    assert make(root, installer, tmp_path / "agent.zip").reused


@pytest.mark.skipif(not UV, reason="there is no uv to compare pip with")
def test_uv_and_pip_give_the_same_bytes(fill: "Fill", tmp_path: Path) -> None:
    asked = "six==1.16.0\ncharset-normalizer==3.4.0\n"  # one pure, one compiled with a start script
    root = fill({"agent.py": "", "requirements.txt": asked})
    first = make(root, Uv(UV or ""), tmp_path / "uv.zip")
    second = make(root, Pip(sys.executable), tmp_path / "elsewhere" / "pip.zip")

    assert first.artifact.path.read_bytes() == second.artifact.path.read_bytes()
    with zipfile.ZipFile(first.artifact.path) as archive:
        compiled = [name for name in archive.namelist() if name.endswith(".so")]
        assert all("cpython-312-x86_64-linux-gnu" in name for name in compiled)
        assert compiled
        assert archive.read("python/bin/normalizer").startswith(b"#!/usr/bin/env python3\n")


def wheel(folder: Path, code: str = "x = 1\n") -> None:
    info = "own-1.0.dist-info"
    files = {
        "own.py": code,
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: own\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / "own-1.0-py3-none-any.whl", "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, text)


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_wheel_beside_the_requirements_needs_no_registry(
    fill: "Fill", tmp_path: Path, installer: Installer
) -> None:
    root = fill({"agent.py": "", "requirements.txt": "--no-index\n--find-links .\nown==1.0\n"})
    wheel(root)

    assert make(root, installer, tmp_path / "a.zip").manifest.dependencies == ("own==1.0",)


@pytest.mark.parametrize("installer", INSTALLERS)
@pytest.mark.parametrize(
    "line", ["--find-links ../wheels\nown==1.0", "../wheels/own-1.0-py3-none-any.whl"]
)
def test_a_rebuilt_wheel_outside_the_source_is_packed(
    fill: "Fill", tmp_path: Path, installer: Installer, line: str
) -> None:
    root = fill({"agent.py": "", "requirements.txt": f"--no-index\n{line}\n"})
    (tmp_path / "wheels").mkdir()
    for code in ("x = 1\n", "x = 2\n"):
        wheel(tmp_path / "wheels", code)
        built = make(root, installer, tmp_path / "a.zip")
        with zipfile.ZipFile(built.artifact.path) as archive:
            assert archive.read("python/own.py").decode() == code
    assert make(root, installer, tmp_path / "a.zip").reused


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_package_without_a_wheel_is_named(
    fill: "Fill", tmp_path: Path, installer: Installer
) -> None:
    root = fill({"agent.py": "", "requirements.txt": "PyYAML==5.1\n"})

    with pytest.raises(BuildError, match=r"(?i)pyyaml==5\.1 has no wheel for python3\.12"):
        make(root, installer, tmp_path / "agent.zip")


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_registry_that_does_not_answer_is_told_without_its_password(
    fill: "Fill", tmp_path: Path, installer: Installer
) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))  # bound, not listening: every connection is refused
        address = f"http://someone:hunter22@127.0.0.1:{server.getsockname()[1]}/simple"
        assert urlsplit(address).password == "hunter22"
        root = fill({"agent.py": "", "requirements.txt": "six==1.16.0\n"})
        settings = {"UV_HTTP_RETRIES": "0", "PIP_RETRIES": "1", "UV_NO_CACHE": "1"}
        settings |= {"PIP_NO_CACHE_DIR": "1", "PIP_FIND_LINKS": "", "UV_INDEX_URL": address}
        with pytest.raises(RegistryError) as caught:
            make(root, installer, tmp_path / "agent.zip", PIP_INDEX_URL=address, **settings)
    assert caught.value.exit_code == 3
    assert "hunter22" not in caught.value.message
    assert not (tmp_path / "agent.zip").exists()

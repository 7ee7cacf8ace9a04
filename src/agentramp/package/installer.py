"""The two programs that resolve and install wheels for another machine, and how to call them."""

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from typing_extensions import assert_never

from agentramp.package.child import Run
from agentramp.package.errors import BuildError
from agentramp.package.request import ARCHITECTURE, AgentRunTarget, LocalTarget, Target

OLDEST_MANYLINUX_MINOR = 5
OLD_NAMES = ("manylinux2014", "manylinux2010", "manylinux1", "linux")
QUIET: dict[str, str] = {
    "NO_COLOR": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_USER": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUTF8": "1",
    "UV_COMPILE_BYTECODE": "0",
    "UV_NO_PROGRESS": "1",
}
CREDENTIALS = re.compile(
    r"(?:ACTIONS|AGENTRAMP|AGENTRUN|ALIBABA|ALIBABACLOUD|ALICLOUD)_.*"
    r"|FC_ACCOUNT_ID|AccessKeyID|AccessKeySecret|SecurityToken|AccountID|.*_serverless_devs_key",
    re.DOTALL,
)
"""What opens the cloud or speaks for a workflow's job. No registry asks for it, and a build backend
that an installer starts is somebody else's code."""
TOKENS = frozenset({"GITHUB_TOKEN", "GH_TOKEN"})
"""GitHub is a registry too, so requirements may name these."""
OF_INSTALLERS = ("PIP_", "UV_")
CONTRADICTING = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "UV_SYSTEM_PYTHON", "PYTHONPATH")
"""Settings that say to install elsewhere, or show the installer modules that are not its own."""


@dataclass(frozen=True)
class Uv:
    program: str


@dataclass(frozen=True)
class Pip:
    python: str


Installer: TypeAlias = Uv | Pip


@dataclass(frozen=True)
class Order:
    """What to install, and into which folder; ``constraints`` names a file of kept versions.

    ``local`` names the packages whose wheels lie on this machine: uv would take a wheel of the same
    name from its cache, however often it was rebuilt.
    """

    requirements: Path
    folder: Path
    target: Target
    python: str
    constraints: Path | None = None
    local: tuple[str, ...] = ()


def bundled_uv() -> str | None:
    if find_spec("uv") is None:
        return None
    import uv  # noqa: PLC0415 - an extra: it may be absent

    try:
        return str(uv.find_uv_bin())
    except FileNotFoundError:
        return None


def find_installer(
    python: str,
    environ: Mapping[str, str],
    run: Run,
    *,
    bundled: Callable[[], str | None] = bundled_uv,
) -> Installer:
    """The uv beside us, the uv on the path, or the pip of ``python``, in this order.

    ``environ`` is one that ``child_environ`` gave.
    """
    program = bundled() or shutil.which("uv", path=environ.get("PATH"))
    if program:
        return Uv(program)
    found = run((python, "-m", "pip", "--version"), cwd=Path.cwd(), env=environ)
    if found.code == 0:
        return Pip(python)
    raise BuildError(
        f"requirements.txt cannot be installed: there is no uv, and {python} has no pip",
        advice='install one of them: pip install "agentramp[build]", or python -m ensurepip',
    )


def child_environ(
    environ: Mapping[str, str],
    *,
    named: frozenset[str] = frozenset(),
    handed: frozenset[str] = frozenset(),
) -> dict[str, str]:
    """The caller's environment, private registries included, less what would lead astray.

    Credentials stay here. So do GitHub's token and the variables ``handed`` over for s.yaml, but
    for an installer's own settings and what requirements have ``named`` as ${NAME}.
    """

    def goes_on(name: str) -> bool:
        if name in CONTRADICTING or CREDENTIALS.fullmatch(name):
            return False
        private = name in TOKENS or name in handed
        return not private or name in named or name.startswith(OF_INSTALLERS)

    return {name: value for name, value in environ.items() if goes_on(name)} | QUIET


def command(installer: Installer, order: Order) -> tuple[str, ...]:
    """The installer's argument vector; only wheels, as building would run code of this machine."""
    start: tuple[str, ...]
    match installer:
        case Uv(program):
            start = (program, "pip", "install", "--link-mode", "copy", "--python", order.python)
            fresh = (word for name in order.local for word in ("--refresh-package", name))
            platform = (*_uv_platform(order.target), *fresh)
        case Pip(python):
            start = (python, "-m", "pip", "install", "--no-compile", "--no-warn-conflicts")
            platform = _pip_platform(order.target)
        case _:
            assert_never(installer)
    kept = ("--constraint", str(order.constraints)) if order.constraints else ()
    wanted = ("--target", str(order.folder), "--requirement", str(order.requirements))
    return (*start, "--only-binary", ":all:", *platform, *wanted, *kept)


def _uv_platform(target: Target) -> tuple[str, ...]:
    match target:
        case LocalTarget():
            return ()
        case AgentRunTarget():
            platform = f"{ARCHITECTURE}-manylinux_2_{target.glibc_minor}"
            return ("--python-version", _version(target), "--python-platform", platform)
        case _:
            assert_never(target)


def _pip_platform(target: Target) -> tuple[str, ...]:
    match target:
        case LocalTarget():
            return ()
        case AgentRunTarget():
            version = _version(target)
            names = [
                f"manylinux_2_{minor}"
                for minor in range(target.glibc_minor, OLDEST_MANYLINUX_MINOR - 1, -1)
            ]
            platforms = [
                word
                for name in (*names, *OLD_NAMES)
                for word in ("--platform", f"{name}_{ARCHITECTURE}")
            ]
            tag = f"cp{version.replace('.', '')}"
            return ("--python-version", version, "--implementation", "cp", "--abi", tag, *platforms)
        case _:
            assert_never(target)


def _version(target: AgentRunTarget) -> str:
    version = target.python_version or ""
    if not re.fullmatch(r"\d+\.\d+", version):
        raise BuildError(
            f"{target.language} is no language with a requirements.txt",
            advice="set code.language to python3.10 or python3.12",
        )
    return version

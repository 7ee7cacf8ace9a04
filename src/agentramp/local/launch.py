"""What an agent process is given: its command, its environment, its folders."""

import re
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from os import pathsep
from pathlib import Path

from agentramp.local import assumptions
from agentramp.local.records import Spec, Unit

SHIM = Path(__file__).parent / "shim"

PORT_CONFIGURED = "AGENTRAMP_PORT_CONFIGURED"
PORT_ASSIGNED = "AGENTRAMP_PORT_ASSIGNED"
OWNER = "AGENTRAMP_PLATFORM"
"""Marks every process of this platform, so that none is lost when the server is killed."""

_CODE = re.compile(rf"(?<![\w./~-]){re.escape(assumptions.CODE_ROOT)}(?![\w.-])")


@dataclass(frozen=True)
class Machine:
    """What all agents share: programs found first, the search path behind them, their owner."""

    programs: Path
    path: str
    owner: str


@dataclass(frozen=True)
class Launch:
    """One agent to run: ``folder`` is its own and goes when it goes, ``log`` stays.

    A container has no ``archive`` where nothing stands for its image.
    """

    unit: Unit
    spec: Spec
    archive: Path | None
    folder: Path
    log: Path
    machine: Machine

    @property
    def code(self) -> Path:
        return self.folder / "code"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def scratch(self) -> Path:
        return self.folder / "tmp"

    @property
    def _installed(self) -> str | None:
        """An image has its packages installed; what stands for it has them in a folder."""
        return str(self.code / "python") if self.spec.image else None

    def command(self) -> tuple[str, ...]:
        return tuple(mapped(part, self.code) for part in self.spec.command)

    def environment(self, port: int) -> dict[str, str]:
        """Nothing of the server's own environment but the search path."""
        given = {name: mapped(value, self.code) for name, value in self.spec.environment.items()}
        defaults = {
            "HOME": str(self.home),
            "TMPDIR": str(self.scratch),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            **interpreter_libraries(),
        }
        ours = {
            "PATH": _joined(str(self.machine.programs), given.get("PATH") or self.machine.path),
            "PYTHONPATH": _joined(str(SHIM / "python"), given.get("PYTHONPATH") or self._installed),
            "NODE_OPTIONS": _node_options(given),
            "PORT": str(port),
            PORT_CONFIGURED: str(self.spec.port),
            PORT_ASSIGNED: str(port),
            OWNER: self.machine.owner,
        }
        return {**defaults, **given, **ours}


def mapped(text: str, code: Path) -> str:
    """``text`` with every path under /code moved to where the code is here."""
    return _CODE.sub(lambda _: str(code), text)


def _joined(first: str, second: str | None) -> str:
    return first + pathsep + second if second else first


def _node_options(given: Mapping[str, str]) -> str:
    shim = str(SHIM / "node" / "listen.cjs").replace("\\", "\\\\").replace('"', '\\"')
    return f'--require "{shim}" {given.get("NODE_OPTIONS", "")}'.strip()


def interpreter_libraries() -> dict[str, str]:
    """What an interpreter with a shared libpython needs to start in an empty environment."""
    folder = sysconfig.get_config_var("LIBDIR")
    if not folder or not sysconfig.get_config_var("Py_ENABLE_SHARED"):
        return {}
    return {"LD_LIBRARY_PATH": str(folder)}


def make_programs(folder: Path) -> Path:
    """A folder where ``python`` and ``python3`` are the interpreter under agentramp's own.

    Agentramp's packages are thereby invisible to an agent: it sees what it brings.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    base = Path(getattr(sys, "_base_executable", "") or sys.executable)
    major, minor = sys.version_info[:2]
    for name in ("python", f"python{major}", f"python{major}.{minor}"):
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(base)
    return folder

"""What a folder, the environment and the options say of a component, before anybody is asked."""

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from agentramp import config
from agentramp.bundle.recipe import Engine, Recipe
from agentramp.config.aigne import Aigne, aigne_file, read_aigne
from agentramp.config.ramp_settings import BlockletConfig, RampConfig
from agentramp.diagnostics import ConfigError, Diagnostic
from agentramp.errors import UsageError
from agentramp.wiring.blocklet import arguments
from agentramp.wiring.context import Context
from agentramp.wiring.project import file_of

_VARIABLES: Final = {
    "server": ("BLOCKLET_SERVER",),
    "app": ("BLOCKLET_DEPLOY_APP_ID", "BLOCKLET_DEPLOY_APP_DID"),
    "mount_point": ("BLOCKLET_DEPLOY_MOUNT_POINT",),
    "name": ("BLOCKLET_NAME",),
    "did": ("BLOCKLET_DID",),
}
_FORMS: Final[dict[str, Callable[[str], str]]] = {
    "app": arguments.application,
    "mount_point": arguments.mount_point,
    "name": arguments.name,
    "did": arguments.did,
}
MAIN: Final = "index.js"
_WORDS: Final = re.compile("[A-Za-z0-9]+")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Project:
    """``aigne`` is None where the folder has no aigne.yaml: a plain program for Node.js.

    Of ``server``, ``app``, ``mount_point``, ``name`` and ``did`` what nobody has said is empty.
    """

    root: Path
    ramp: RampConfig
    aigne: Aigne | None
    server: str
    app: str
    mount_point: str
    name: str
    did: str

    @property
    def blocklet(self) -> BlockletConfig:
        return self.ramp.blocklet

    @property
    def suggested(self) -> str:
        """What the component may be called: as its aigne.yaml is, else as its folder."""
        said = (self.aigne.name if self.aigne else "") or ""
        words = _WORDS.findall(said) or _WORDS.findall(self.root.name)
        found = "-".join(words).lower()[:50].strip("-")
        return found if arguments.is_name(found) else "agent"

    @property
    def recipe(self) -> Recipe:
        engine = Engine(self.blocklet.engine) if self.blocklet.engine else self._engine
        main = self.blocklet.main or (MAIN if engine is Engine.NODE else "")
        description = (self.aigne.description if self.aigne else "") or ""
        title = (self.aigne.name if self.aigne else "") or self.name or self.suggested
        return Recipe(self.root, title, description, engine, main)

    @property
    def _engine(self) -> Engine:
        return Engine.AIGNE if self.aigne else Engine.NODE


def project(args: argparse.Namespace, context: Context) -> Project:
    """Raises ConfigError with the faults of aigne.yaml and agentramp.yaml, all at once."""
    path = file_of(args)
    faults: list[Diagnostic] = []
    ramp = _read(lambda: config.read_ramp(path, context.environ, context.cwd), faults)
    folder = path if path.is_dir() else path.parent  # faults are told as the path was
    root = context.cwd / folder
    aigne = _read(lambda: read_aigne(folder), faults) if aigne_file(folder) else None
    if faults or ramp is None:
        raise ConfigError(faults)
    said = {
        name: _said(args, context, name) or getattr(ramp.blocklet, name) or ""
        for name in _VARIABLES
    }
    said["app"] = said["app"].removeprefix("did:abt:")
    return Project(root=root, ramp=ramp, aigne=aigne, **said)


def _read(read: Callable[[], _T], faults: list[Diagnostic]) -> _T | None:
    try:
        return read()
    except ConfigError as error:
        faults += error.diagnostics
        return None


def _said(args: argparse.Namespace, context: Context, name: str) -> str:
    """The option, else the variable; raises UsageError for a variable that cannot be one."""
    if given := getattr(args, name, None):
        return str(given)
    variable = next((one for one in _VARIABLES[name] if context.environ.get(one)), None)
    if variable is None:
        return ""
    text = context.environ[variable].strip()
    try:
        return _FORMS.get(name, str)(text)
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"{variable}: {error}", advice="set it anew, or leave it out") from error

"""The files a configuration is read from: s.yaml, agentramp.yaml and .env.

The last stands beside them or in the working folder.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agentramp.config.check import check
from agentramp.config.disk import Unreadable, bytes_of
from agentramp.config.envfile import env_files, parse_env
from agentramp.config.layers import compose
from agentramp.config.load import load
from agentramp.config.outside import Outside
from agentramp.config.settings import Config, Outputs
from agentramp.diagnostics import ConfigError, Diagnostic
from agentramp.errors import UsageError

if TYPE_CHECKING:
    from agentramp.config.ramp_settings import RampConfig

_NAMES: Final = ("s.yaml", "s.yml")
_RAMP_NAMES: Final = ("agentramp.yaml", "agentramp.yml")


def read(
    path: Path,
    environ: Mapping[str, str],
    cwd: Path | None = None,
    *,
    environment: str | None = None,
    account: Callable[[], str] | None = None,
    outputs: Mapping[str, Outputs] | None = None,
) -> Config:
    """Read a file, or the s.yaml or s.yml of a folder.

    A variable of ``environ`` wins over ``cwd``'s .env, and that over the .env beside the file.
    ``environment`` is one of env.yaml. ``account`` is asked only where the file uses it; None
    leaves such values open. ``outputs`` are what the resources deployed so far put out, by their
    ids. Raises ConfigError with every fault found, UsageError where there is no file to read.
    """
    file = _find(path)
    variables, env_faults = _variables(file.parent, cwd or Path(), environ)
    with _told_together(env_faults):
        layered = compose(_bytes(file), file, environment)
        outside = Outside(file.parent, account, outputs or {})
        return check(layered.tree, variables, outside, layered.faults)


def ramp_file(path: Path) -> Path | None:
    """The agentramp.yaml that ``read_ramp`` would read, found without the cost of reading it."""
    return _first(_folder(path), _RAMP_NAMES)


def read_ramp(path: Path, environ: Mapping[str, str], cwd: Path | None = None) -> "RampConfig":
    """Read the agentramp.yaml of a folder, or the one beside a file; absent, all is default.

    Variables and errors are those of ``read``.
    """
    # What only a ramp needs is not paid for by who reads an s.yaml alone.
    from agentramp.config import ramp_check  # noqa: PLC0415 - as said
    from agentramp.config.ramp_settings import RampConfig  # noqa: PLC0415 - as said

    folder, file = _folder(path), ramp_file(path)
    if file is None:
        return RampConfig()
    variables, env_faults = _variables(folder, cwd or Path(), environ)
    with _told_together(env_faults):
        tree = load(_bytes(file), str(file), ramp_check.AGENTRAMP_YAML)
        return ramp_check.check(tree, variables, folder)


def _folder(path: Path) -> Path:
    return path if os.path.isdir(path) else path.parent  # noqa: PTH112 - False for every odd name


@contextmanager
def _told_together(env_faults: list[Diagnostic]) -> Iterator[None]:
    """Add the faults of the .env files to those of the file that is read inside."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError([*error.diagnostics, *env_faults]) from error
    if env_faults:
        raise ConfigError(env_faults)


def _find(path: Path) -> Path:
    if not os.path.isdir(path):  # noqa: PTH112 - False for every odd name
        return path
    file = _first(path, _NAMES)
    if file is not None:
        return file
    raise UsageError(
        f"there is no s.yaml in {path}",
        advice="name the project's folder or its s.yaml, or begin one: agentramp init",
    )


def _first(folder: Path, names: tuple[str, ...]) -> Path | None:
    candidates = (folder / name for name in names)
    return next((file for file in candidates if os.path.lexists(file)), None)


def _bytes(file: Path) -> bytes:
    try:
        return bytes_of(file)
    except Unreadable as error:
        advice = "name a folder with an s.yaml, or an s.yaml itself"
        if error.is_file:
            advice = "check the name and its permissions"
        elif file.name in _RAMP_NAMES:
            advice = "make it a file, or remove it: every setting has a default"
        raise UsageError(f"{file} {error.what}", advice=advice) from error


def _variables(
    root: Path, cwd: Path, environ: Mapping[str, str]
) -> tuple[dict[str, str], list[Diagnostic]]:
    variables: dict[str, str] = {}
    faults: list[Diagnostic] = []
    for file in env_files(root, cwd):
        found = parse_env(_bytes(file), str(file))
        variables.update(found.variables)
        faults += found.faults
    return {**variables, **environ}, faults

"""From arguments to the runtimes that s.yaml describes; apart, as it needs no network."""

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from agentramp import config
from agentramp.config import Config, Outputs, RuntimeConfig
from agentramp.errors import UsageError
from agentramp.wiring.context import Context


def file_of(args: argparse.Namespace) -> Path:
    """What the arguments name: a folder with s.yaml, or a file; ``-t`` starts from that folder."""
    path = Path(args.path)
    template: str | None = getattr(args, "template", None)
    if not template:
        return path
    is_folder = os.path.isdir(path)  # noqa: PTH112 - False for every odd name
    return (path if is_folder else path.parent) / template


def folder_of(args: argparse.Namespace, context: Context) -> Path:
    """The project's, also where its file is named."""
    path: Path = context.cwd / args.path
    return path if path.is_dir() else path.parent


def every(
    args: argparse.Namespace,
    context: Context,
    *,
    outputs: Mapping[str, Outputs] | None = None,
    account: Callable[[], str] | None = None,
) -> Config:
    """All runtimes that s.yaml describes, each after those it needs; raises ConfigError.

    What waits for ``outputs`` or ``account`` is open (``RuntimeConfig.pending``) where they are
    not given. Read it again when they are: each resource after those before it was deployed.
    """
    return config.read(
        file_of(args),
        context.environ,
        context.cwd,
        environment=getattr(args, "env", None),
        account=account,
        outputs=outputs,
    )


def chosen(args: argparse.Namespace, whole: Config) -> tuple[RuntimeConfig, ...]:
    """All of the file, or the one that ``--resource`` names; raises UsageError for another."""
    found = tuple(one for one in whole.runtimes if args.resource in {None, one.resource})
    if not found:
        raise UsageError(
            f"{whole.file} has no resource {args.resource} (it has: {_names(whole)})",
            advice="name one of those with --resource",
        )
    return found


def configured(args: argparse.Namespace, context: Context) -> tuple[Config, RuntimeConfig]:
    """The one runtime that is meant; raises ConfigError with all the file's faults."""
    whole = every(args, context)
    one, *others = chosen(args, whole)
    if others:
        raise UsageError(
            f"{whole.file} has several resources (it has: {_names(whole)})",
            advice="name one with --resource",
        )
    return whole, one


def _names(whole: Config) -> str:
    return ", ".join(runtime.resource for runtime in whole.runtimes)

"""From arguments to the runtime that s.yaml describes; apart, as it needs no network."""

import argparse
from pathlib import Path

from agentramp import config
from agentramp.config import Config, RuntimeConfig
from agentramp.errors import UsageError
from agentramp.verbs.context import Context


def configured(args: argparse.Namespace, context: Context) -> tuple[Config, RuntimeConfig]:
    """The runtime that s.yaml describes; raises ConfigError with all its faults."""
    whole = config.read(Path(args.path), context.environ, context.cwd)
    names = [runtime.resource for runtime in whole.runtimes]
    chosen = [found for found in whole.runtimes if args.resource in {None, found.resource}]
    if len(chosen) != 1:
        what = f"has no resource {args.resource}" if args.resource else "has several resources"
        raise UsageError(
            f"{whole.file} {what} (it has: {', '.join(names)})",
            advice="name one with --resource",
        )
    return whole, chosen[0]

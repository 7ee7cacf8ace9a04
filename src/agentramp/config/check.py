"""Located tree → Config, or every Diagnostic at once."""

from collections.abc import Mapping as Environ
from pathlib import Path

from agentramp.config.disclosure import kept_by_resources, secret_faults
from agentramp.config.rules import rule_faults
from agentramp.config.schema import schema_faults
from agentramp.config.settings import Config
from agentramp.config.spec import build
from agentramp.config.tree import Mapping
from agentramp.config.variables import resolve
from agentramp.diagnostics import ConfigError


def check(tree: Mapping, environ: Environ[str, str], root: Path) -> Config:
    """Raise ConfigError with all faults; ``root`` is the folder that ``code.src`` starts from.

    The one look outside is whether ``code.src`` is there.
    """
    resolved = resolve(tree, environ)
    faults = [
        *resolved.faults,
        *schema_faults(resolved.tree),
        *rule_faults(resolved.tree, root),
        *secret_faults(tree, resolved.tree, kept_by_resources(resolved.tree)),
    ]
    if faults:
        raise ConfigError(faults)
    return build(resolved.tree, tree.position.file, root)

"""Located tree → Config, or every Diagnostic at once."""

from collections.abc import Iterable
from collections.abc import Mapping as Environ
from pathlib import Path

from agentramp.config.disclosure import kept_by_resources, secret_faults
from agentramp.config.order import in_order
from agentramp.config.outside import Outside
from agentramp.config.rules import rule_faults
from agentramp.config.schema import schema_faults
from agentramp.config.settings import Config
from agentramp.config.spec import build
from agentramp.config.tree import Mapping
from agentramp.config.variables import resolve
from agentramp.diagnostics import ConfigError, Diagnostic


def check(
    tree: Mapping, environ: Environ[str, str], outside: Outside, told: Iterable[Diagnostic] = ()
) -> Config:
    """Raise ConfigError with all faults, those ``told`` already among them.

    The looks outside are the files that the file names: ``code.src``, ``${file()}``, ``${path()}``.
    """
    root = outside.root or Path()
    resolved = resolve(tree, environ, outside)
    order = in_order(tree, resolved.tree)
    faults = [
        *told,
        *resolved.faults,
        *schema_faults(resolved.tree),
        *rule_faults(resolved.tree, root),
        *order.faults,
        *secret_faults(tree, resolved.tree, kept_by_resources(resolved.tree)),
    ]
    if faults:
        raise ConfigError(faults)
    return build(resolved.tree, tree.position.file, root, order)

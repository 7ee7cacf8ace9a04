"""Located tree of an agentramp.yaml → RampConfig, or every Diagnostic at once."""

from collections.abc import Iterator
from collections.abc import Mapping as Environ
from pathlib import Path
from typing import Final

from agentramp.config import load, schema
from agentramp.config.disclosure import secret_faults
from agentramp.config.ramp_rules import rule_faults
from agentramp.config.ramp_settings import RampConfig
from agentramp.config.ramp_spec import build
from agentramp.config.tree import Mapping, Scalar, Step, walk
from agentramp.config.variables import resolve
from agentramp.diagnostics import ConfigError

AGENTRAMP_YAML: Final = load.Form(
    "an agentramp.yaml", "steps: [10, 30, 50, 100]", may_be_empty=True
)


def check(tree: Mapping, environ: Environ[str, str], root: Path) -> RampConfig:
    """Raise ConfigError with all faults; ``root`` is the folder that paths start from.

    The one look outside is whether the files named are there.
    """
    resolved = resolve(tree, environ)
    faults = [
        *resolved.faults,
        *schema.schema_faults(resolved.tree, schema.AGENTRAMP_YAML),
        *rule_faults(resolved.tree, root),
        *secret_faults(tree, resolved.tree, _kept(resolved.tree)),
    ]
    if faults:
        raise ConfigError(faults)
    return build(resolved.tree, root)


def _kept(tree: Mapping) -> Iterator[tuple[Step, ...]]:
    """Every key may keep a secret here: which ones do is told by their names."""
    for path, node in walk(tree):
        if isinstance(node, Scalar) and isinstance(path[-1], str):
            yield path

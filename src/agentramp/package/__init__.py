"""From a source folder to a reproducible zip with its dependencies.

``build`` walks the folder (``source``), resolves and installs what ``requirements.txt`` asks for
(``dependencies``), writes both as one zip (``archive``) and describes it in a manifest beside it.
The same input gives the same bytes: names are sorted, dates fixed, modes reduced to 0644 and 0755,
and blocks are cut by size, never by the number of threads. Only another zlib may deflate otherwise.
"""

from agentramp.package.build import build
from agentramp.package.errors import BuildError, RegistryError
from agentramp.package.manifest import Manifest, manifest_path
from agentramp.package.measure import measure
from agentramp.package.request import AgentRunTarget, BuildRequest, Built, LocalTarget, Target

__all__ = [
    "AgentRunTarget",
    "BuildError",
    "BuildRequest",
    "Built",
    "LocalTarget",
    "Manifest",
    "RegistryError",
    "Target",
    "build",
    "manifest_path",
    "measure",
]

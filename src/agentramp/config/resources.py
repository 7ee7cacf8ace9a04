"""Which resources of a file are ours: those of the component agentrun."""

import re
from collections.abc import Iterator
from typing import Final

from agentramp.config.tree import Entry, Mapping

_OURS: Final = re.compile(r"agentrun(@|\Z)|[./~]")


def agentrun_resources(tree: Mapping) -> Iterator[Entry]:
    """Give the resources that use the component agentrun, or a local copy of it."""
    resources = tree.mapping("resources")
    for entry in resources.present() if resources else ():
        if isinstance(entry.value, Mapping) and _OURS.match(entry.value.text("component") or ""):
            yield entry


def is_foreign(resource: Mapping) -> bool:
    """Tell a resource that names another component, in plain text."""
    component = resource.text("component") or ""
    return "${" not in component and component != "" and not _OURS.match(component)

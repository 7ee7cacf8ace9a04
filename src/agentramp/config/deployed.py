"""What the vendor's tool remembers of a folder's component: ``~/.aigne/deployed.yaml``.

A mapping from the folder's absolute path to a name and a DID. Under CI the tool keeps another file
beside it (@aigne/cli 1.59, ``deploy``). It is read where the project itself says nothing.
"""

import os
from pathlib import Path
from typing import Final

from agentramp.component import Identity
from agentramp.config.disk import Unreadable, bytes_of
from agentramp.config.load import Form, load
from agentramp.config.tree import Mapping
from agentramp.errors import UsageError

_DEPLOYED: Final = Form("a deployed.yaml", "/path: {name: ..., did: ...}", may_be_empty=True)


def deployed_file(home: Path, *, ci: bool) -> Path:
    return home / ".aigne" / ("deployed.test.yaml" if ci else "deployed.yaml")


def read_deployed(home: Path, root: Path, *, ci: bool) -> Identity | None:
    """None where it knows nothing of ``root``; a name that it lacks is empty.

    Raises ConfigError where the file is no YAML, UsageError where it cannot be read.
    """
    file = deployed_file(home, ci=ci)
    if not os.path.lexists(file):
        return None
    try:
        tree = load(bytes_of(file), str(file), _DEPLOYED)
    except Unreadable as error:
        raise UsageError(
            f"{file} {error.what}", advice="mend or remove it, or name the component with --did"
        ) from error
    return _of(tree, root)


def _of(tree: Mapping, root: Path) -> Identity | None:
    """The folder as it was named, or where links lead."""
    for path in (os.path.abspath(root), os.path.realpath(root)):  # noqa: PTH100 - links are kept
        found = tree.mapping(path)
        did = found.text("did") if found else None
        if found and did:
            return Identity(found.text("name") or "", did)
    return None

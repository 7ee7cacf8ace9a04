"""What a Blocklet Server would take and should not, refused before anything is sent."""

import re
from base64 import b64encode
from hashlib import sha512
from typing import Final

from agentramp.component import Bundle
from agentramp.errors import UsageError
from agentramp.platform.blocklet.did import is_component

_BLOCK: Final = 1024 * 1024
_MOUNT_POINT: Final = re.compile(r"/[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*")


def check_bundle(bundle: Bundle) -> None:
    """Raise UsageError where the DID is none or the file is not the one that was built."""
    if not is_component(bundle.identity.did):
        raise UsageError(
            f"{bundle.identity.did or '(nothing)'} is no DID that a component may have",
            advice="make one: agentramp deploy asks for it on a terminal, or names the line to add",
        )
    digest = sha512()
    with bundle.path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    # The server keeps the integrity it is told without looking at the file.
    if bundle.integrity != "sha512-" + b64encode(digest.digest()).decode():
        raise UsageError(
            f"{bundle.path.name} is not the bundle that was built: its digest differs",
            advice="build it anew",
        )


def check_mount_point(mount_point: str) -> None:
    """Raise UsageError where the server would mount it at some other path."""
    if mount_point != "/" and not _MOUNT_POINT.fullmatch(mount_point):
        raise UsageError(
            f"{mount_point or '(nothing)'} is no mount point",
            advice="write a path of small letters, digits and hyphens, such as /my-agent",
        )

"""What stands for the platform where a server mounts components and splits no traffic.

It tells the time, which a journal needs; everything else ends with exit code 7.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from agentramp.errors import UnsupportedError


def _cannot(*_: object, **__: object) -> NoReturn:
    raise UnsupportedError(
        "a Blocklet Server has neither runtimes nor endpoints, and splits no traffic",
        advice="try a version beside the other: agentramp deploy --canary, then promote or abort",
    )


@dataclass(frozen=True)
class Splitless:
    """``now`` is the server's clock."""

    now: Callable[[], float]
    observe = create_runtime = update_runtime = await_runtime = staticmethod(_cannot)
    published_spec = publish_version = delete_runtime = staticmethod(_cannot)
    create_endpoint = describe_endpoint = delete_endpoint = staticmethod(_cannot)
    get_endpoint = set_split = workspaces = create_workspace = staticmethod(_cannot)

"""Reads s.yaml: bytes → located tree → variables resolved → checked → Config.

``read`` is the product; the steps under it are pure but for one look at whether ``code.src``
is there. Every fault of a file is told at once, each with its place, and no message shows a
value that may be a secret.
"""

from agentramp.config.files import read
from agentramp.config.settings import Config, EndpointConfig, RuntimeConfig

__all__ = ["Config", "EndpointConfig", "RuntimeConfig", "read"]

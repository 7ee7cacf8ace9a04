"""Reads s.yaml and agentramp.yaml: bytes → located tree → variables resolved → checked → values.

``read`` and ``read_ramp`` are the product; the steps under them are pure but for a look at
whether the files named are there. Every fault of a file is told at once, each with its place, and
no message shows a value that may be a secret.
"""

from agentramp.config.files import ramp_file, read, read_ramp
from agentramp.config.settings import (
    Config,
    EndpointConfig,
    EndpointOutputs,
    Outputs,
    RuntimeConfig,
    outputs_of,
)

__all__ = [
    "Config",
    "EndpointConfig",
    "EndpointOutputs",
    "Outputs",
    "RuntimeConfig",
    "outputs_of",
    "ramp_file",
    "read",
    "read_ramp",
]

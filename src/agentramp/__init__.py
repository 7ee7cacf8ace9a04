"""agentramp: ships AI agents to production, one ramp at a time."""

__version__ = "0.1.0"

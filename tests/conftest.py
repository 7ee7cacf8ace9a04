"""How the cases of a test are named."""

SHOWN = 40
"""Bytes; what is longer tells a reader of the name nothing."""


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name long bytes by their length.

    Every worker of a run must collect the same names, and packed bytes can hold the second they
    were packed in.
    """
    return f"{len(val)} bytes" if isinstance(val, bytes) and len(val) > SHOWN else None

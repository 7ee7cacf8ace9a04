"""How much an archive may ask of this machine."""

from dataclasses import dataclass
from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB


@dataclass(frozen=True)
class Limits:
    """Sizes are bytes, times are seconds.

    ``ratio`` is how many times larger than the archive its content may be, once it is larger than
    ``free_of_ratio``. ``header`` is all that may stand in a tar between the content of two entries.
    """

    download: int = 512 * MIB
    unpacked: int = 2 * GIB
    entries: int = 100_000
    ratio: int = 200
    free_of_ratio: int = 64 * MIB
    depth: int = 64
    part: int = 255
    path: int = 1024
    names: int = 32 * MIB
    header: int = 64 * KIB
    padding: int = MIB
    dictionary: int = 128 * MIB
    download_seconds: float = 600.0
    stall_seconds: float = 30.0
    unpack_seconds: float = 300.0
    redirects: int = 5


def size(count: int) -> str:
    """``count`` bytes, for people."""
    for unit, name in ((GIB, "GB"), (MIB, "MB"), (KIB, "KB")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count} bytes"

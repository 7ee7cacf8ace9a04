"""A process of its own that fetches: one line of JSON for each URL, with what became of it.

Its memory is bounded by the system, so that an archive that needs more ends it.
"""

import json
import resource
import sys
import time
from pathlib import Path

from agentramp.archives.address import Source
from agentramp.archives.cache import Cache, Terms
from agentramp.errors import AgentrampError

ADDRESS_SPACE = 1 << 30


class Aloud:
    def say(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def advance(self, title: str, done: int, total: int) -> None: ...


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def taken(cache: Cache, url: str) -> dict[str, object]:
    began = time.monotonic()
    try:
        copy = cache.fetch(Source(url), Terms(progress=Aloud()))
        ended = {"folder": str(copy.folder), "downloaded": copy.downloaded}
    except AgentrampError as error:
        ended = {"kind": type(error).__name__, "message": error.message, "advice": error.advice}
    seconds = time.monotonic() - began
    return {**ended, "seconds": seconds, "peak": peak()}


def peak() -> int:
    """Bytes. What ``getrusage`` says begins with what the parent had."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (line,) = (text for text in status.read_text().splitlines() if text.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    root = Path(sys.argv[1])
    cache = Cache(root / "cache")
    for url in sys.argv[2:]:
        said = taken(cache, url)
        left = [p for p in tree(root) if not p.startswith("cache/locks/")]
        sys.stdout.write(json.dumps({**said, "left": left}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

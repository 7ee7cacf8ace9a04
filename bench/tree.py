"""A tree of 4,500 files and 114 MB with the mix of a packed Python agent.

Text and machine code are cut from this interpreter's own library and binaries, because invented
text compresses unlike anything people ship. The same seed and interpreter give the same tree.
"""

import json
import random
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

FILES = 4_500
BYTES = 114_000_000
CORPUS_FILES = 400
RECORD_BYTES = 290


@dataclass(frozen=True)
class Share:
    """One kind of file: how many, what part of all bytes, and how its content is made."""

    folder: str
    suffix: str
    files: int
    part: float
    content: Callable[[random.Random, int], bytes]


def make_tree(root: Path, seed: int) -> None:
    """Fill ``root``, which must not exist, with exactly FILES files of BYTES bytes in all."""
    random_source = random.Random(seed)  # noqa: S311 - not a secret: it must repeat
    root.mkdir(parents=True)
    for path, content in _files(random_source, _shares()):
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _shares() -> tuple[Share, ...]:
    sources, binaries = _python_sources(), _binaries()
    return (
        Share("package", ".py", 3_900, 0.46, lambda draw, size: _text(draw, size, sources)),
        Share("native", ".so", 60, 0.42, lambda draw, size: _slice(draw, size, binaries)),
        Share("data", ".json", 400, 0.08, _records),
        Share("media", ".png", 140, 0.04, lambda draw, size: draw.randbytes(size)),
    )


def _files(draw: random.Random, shares: tuple[Share, ...]) -> Iterator[tuple[str, bytes]]:
    for share in shares:
        for number, size in enumerate(_sizes(draw, share.files, round(BYTES * share.part))):
            folder = f"{share.folder}_{number % 37:02d}/part_{number % 5}"
            yield f"{folder}/file_{number:04d}{share.suffix}", share.content(draw, size)


def _sizes(draw: random.Random, count: int, total: int) -> list[int]:
    """Many small files and a few large ones, as in real packages (log-normal)."""
    weights = [draw.lognormvariate(0, 1.1) for _ in range(count)]
    scale = total / sum(weights)
    sizes = [int(weight * scale) for weight in weights]
    sizes[0] += total - sum(sizes)
    return sizes


def _python_sources() -> list[bytes]:
    library = Path(sysconfig.get_path("stdlib"))
    modules = sorted(path for path in library.rglob("*.py") if "site-packages" not in path.parts)
    return [path.read_bytes() for path in modules[:: max(1, len(modules) // CORPUS_FILES)]]


def _binaries() -> bytes:
    programs = [Path(sys.executable).resolve()]
    programs += sorted(Path(sysconfig.get_path("stdlib")).glob("lib-dynload/*.so"))
    return b"".join(path.read_bytes() for path in programs)


def _text(draw: random.Random, size: int, sources: list[bytes]) -> bytes:
    parts, held = [], 0
    while held < size:
        source = draw.choice(sources)
        start = draw.randrange(max(1, len(source) - size))
        parts.append(source[start : start + size])
        held += len(parts[-1])
    return b"".join(parts)[:size]


def _slice(draw: random.Random, size: int, corpus: bytes) -> bytes:
    start = draw.randrange(max(1, len(corpus) - size))
    part = corpus[start : start + size]
    return part + draw.randbytes(size - len(part))


def _records(draw: random.Random, size: int) -> bytes:
    records = [
        {
            "id": f"{draw.getrandbits(64):016x}",
            "score": draw.random(),
            "tags": draw.sample(("alpha", "beta", "gamma", "delta", "tool", "memory"), 3),
            "text": " ".join(draw.choices(("plan", "observe", "answer", "session", "agent"), k=20)),
        }
        for _ in range(size // RECORD_BYTES + 1)
    ]
    return json.dumps(records, indent=1).encode().ljust(size, b"\n")[:size]

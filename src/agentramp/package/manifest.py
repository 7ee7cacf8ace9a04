"""The manifest beside a package: what it is, what is in it, and what it was made from.

It is sealed with a sum over itself, so that a manifest cut short or changed by hand is not
believed; that is a guard against accidents, not against an attacker.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FORMAT = 1
SEAL = "seal"


@dataclass(frozen=True)
class Inputs:
    """Fingerprints of what a package was made from.

    ``stat`` covers names, sizes and times and is cheap to compare; ``content`` covers every byte
    and decides where ``stat`` differs. ``builder`` covers the target and the tool, and
    ``requirements`` requirements.txt with all it includes and the local files it names.
    """

    stat: str
    content: str
    requirements: str
    builder: str


@dataclass(frozen=True)
class Manifest:
    """``bytes`` is the size of the ``files`` before packing; ``left_out`` names the secrets."""

    sha256: str
    crc64: str
    size: int
    files: int
    bytes: int
    target: str
    dependencies: tuple[str, ...]
    left_out: tuple[str, ...]
    inputs: Inputs


def manifest_path(output: Path) -> Path:
    """``agent.zip.json``: the whole name, so that it is never a file of the user's own."""
    return output.with_name(f"{output.name}.json")


def to_json(manifest: Manifest) -> str:
    document = {"format": FORMAT, **asdict(manifest)}
    return json.dumps({**document, SEAL: _seal(document)}, indent=2, ensure_ascii=False) + "\n"


def read_manifest(path: Path) -> Manifest | None:
    """None where there is no manifest that can be believed."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        seal = document.pop(SEAL)
        if document["format"] != FORMAT or seal != _seal(document):
            return None
        return _manifest(document)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _manifest(document: dict[str, Any]) -> Manifest:
    values = {name: value for name, value in document.items() if name != "format"}
    values["dependencies"] = tuple(values["dependencies"])
    values["left_out"] = tuple(values["left_out"])
    values["inputs"] = Inputs(**values["inputs"])
    return Manifest(**values)


def _seal(document: dict[str, Any]) -> str:
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def describes(manifest: Manifest, package: Path) -> bool:
    """Whether ``package`` is there, whole and unchanged."""
    try:
        if os.path.getsize(package) != manifest.size:  # noqa: PTH202 - Path has no getsize
            return False
        with package.open("rb") as file:
            digest = hashlib.sha256()
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return False
    return digest.hexdigest() == manifest.sha256

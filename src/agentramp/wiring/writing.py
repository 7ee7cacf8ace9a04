"""Files that a verb makes for a person: none that is there is ever written over unasked."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from agentramp.errors import RefusedError, UsageError


def refuse_existing(folder: Path, names: Iterable[str], advice: str) -> None:
    """Raises UsageError that names all of ``names`` that are there."""
    there = [name for name in names if (folder / name).exists() or (folder / name).is_symlink()]
    if there:
        raise UsageError(
            f"{folder} has {', '.join(there)} already: nothing was written", advice=advice
        )


def write_all(folder: Path, files: Mapping[str, str]) -> None:
    """Each whole or not at all; folders are made where they are not there."""
    for name, text in files.items():
        file = folder / name
        beside = file.with_name(f".{file.name}.new")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(text, encoding="utf-8", newline="\n")
            beside.replace(file)
        except OSError as error:
            raise RefusedError(
                f"{file} could not be written: {error.strerror}",
                advice="name a folder that you may write, or make room",
            ) from error

"""What stands for a container image here: an archive and the command that starts it.

There is no container engine. Somebody says which package stands for which image, and it is kept
under its digest for good, so that two digests of one name are two versions side by side. As in a
registry, the digest is that of a small document, which names the content and the command.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentramp.errors import UsageError

MARK: Final = "image:"
"""Before the digest of an image where the sha256 of code stands else."""
_REFERENCE: Final = re.compile(
    r"(?P<repository>(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?/)?[a-z0-9][a-z0-9._/-]{0,199})"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@sha256:(?P<digest>[0-9a-f]{64}))?"
)


@dataclass(frozen=True)
class Reference:
    """``repository:tag@sha256:digest``; without both, the tag is ``latest``, as registries say."""

    repository: str
    tag: str | None
    digest: str | None

    @classmethod
    def of(cls, text: str) -> "Reference":
        """Raises UsageError."""
        found = _REFERENCE.fullmatch(text)
        if found is None:
            raise UsageError(
                f"{text!r} is no name of an image",
                advice="one looks like registry.example.com/acme/shop:1, all in lower case",
            )
        digest = found["digest"]
        return cls(found["repository"], found["tag"] or (None if digest else "latest"), digest)

    def by(self, digest: str) -> str:
        return f"{self.repository}@sha256:{digest}"

    @property
    def names(self) -> tuple[str, ...]:
        """What it can be found by, the surest first."""
        named = (self.by(self.digest),) if self.digest else ()
        return (*named, *((f"{self.repository}:{self.tag}",) if self.tag else ()))


@dataclass(frozen=True)
class Image:
    digest: str
    archive: Path
    command: tuple[str, ...]


@dataclass(frozen=True)
class Images:
    folder: Path

    def register(self, reference: Reference, archive: Path, command: Sequence[str]) -> str:
        """Keep a copy of ``archive`` for ``reference``; the name that holds for good.

        Raises UsageError where the digest of ``reference`` stands for another package already.
        """
        digest = self._keep(archive, command)
        if reference.digest:
            kept = self._named(reference.by(reference.digest))
            if kept not in {None, digest}:
                raise UsageError(
                    f"another folder or command stands for sha256:{reference.digest} already",
                    advice="a digest names one image for good: leave it out, or name another one",
                )
        for name in (*reference.names, reference.by(digest)):
            self._name(name, digest)
        return reference.by(reference.digest or digest)

    def find(self, text: str) -> Image | None:
        """What stands for the image of this name now. A digest decides, whatever its tag says."""
        try:
            names = Reference.of(text).names
        except UsageError:
            return None
        digest = self._named(names[0])
        return self.get(digest) if digest else None

    def get(self, digest: str) -> Image | None:
        try:
            document = json.loads((self.folder / f"{digest}.json").read_bytes())
        except OSError:
            return None
        archive = self.folder / f"{document['archive']}.zip"
        return Image(digest, archive, tuple(document["command"]))

    def _keep(self, archive: Path, command: Sequence[str]) -> str:
        content = archive.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        text = json.dumps({"archive": sha256, "command": list(command)}, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._write(f"{sha256}.zip", content)
        self._write(f"{digest}.json", text.encode())
        return digest

    def _named(self, name: str) -> str | None:
        try:
            return (self.folder / _file_of(name)).read_text().split()[0]
        except (OSError, IndexError):
            return None

    def _name(self, name: str, digest: str) -> None:
        self._write(_file_of(name), f"{digest} {name}\n".encode())

    def _write(self, name: str, content: bytes) -> None:
        """Aside and renamed: a half-written file never has a valid name."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.folder / f"{name}.{secrets.token_hex(4)}.part"
        draft.write_bytes(content)
        draft.replace(self.folder / name)


def _file_of(name: str) -> str:
    """A name has signs that no file name may have."""
    return f"{hashlib.sha256(name.encode()).hexdigest()}.name"


def missing(image: str) -> str:
    """Why a container does not start, and the command that changes it."""
    return (
        f"nothing stands for the image {image} on this machine, where no container engine runs;"
        f" name the folder and the command that do, and deploy again:"
        f" agentramp local image {image} FOLDER -- COMMAND"
    )

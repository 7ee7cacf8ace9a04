"""What a Blocklet Server of our own knows: one application and what is mounted into it.

It does what the real one (1.17.12) was seen to do, its bad manners too. A component moves on by one
stage each time it is read, so that nothing depends on how fast a machine is.
"""

import io
import tarfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

import yaml

BROKEN, SILENT, ENDLESS, UNNOTICED = "broken", "silent", "endless", "unnoticed"
"""Files by which a bundle asks for it: it ends at start, answers 502, starts for ever, or ends in
an upgrade and is said to run all the same."""
MARKERS = frozenset({BROKEN, SILENT, ENDLESS, UNNOTICED})


class Refused(Exception):  # noqa: N818 - a refusal is what it is
    """A GraphQL error in the server's words."""


@dataclass
class Mounted:
    did: str
    title: str
    version: str
    mount_point: str
    integrity: str
    markers: frozenset[str]
    status: str = "installed"
    green: str = "stopped"
    stages: list[str] = field(default_factory=list)
    """What ``status`` will be, one for each reading to come."""

    @property
    def runs(self) -> bool:
        return "running" in {self.status, self.green}

    @property
    def starts(self) -> bool:
        return bool(self.stages) or "starting" in {self.status, self.green}

    def start(self, readings: int) -> None:
        self.stages = ["starting"] * readings
        if ENDLESS not in self.markers:
            self.stages.append("error" if BROKEN in self.markers else "running")

    def tick(self) -> None:
        if self.stages:
            self.status = self.stages.pop(0)


@dataclass(frozen=True)
class Uploaded:
    """One upload that was taken, whatever came of it."""

    did: str
    version: str
    mount_point: str
    integrity: str
    content: bytes = field(repr=False)


@dataclass
class State:
    app_did: str
    app_name: str = "Test App"
    readings: int = 1
    """For how many readings a component that is installed is starting."""
    mounted: dict[str, Mounted] = field(default_factory=dict)
    uploads: list[Uploaded] = field(default_factory=list)
    coming: dict[str, list[Mounted]] = field(default_factory=dict)
    """What is read of a component while it is replaced, one for each reading to come."""

    def read(self) -> list[Mounted]:
        for did, readings in self.coming.items():
            if readings:
                self.mounted[did] = readings.pop(0)
        for one in self.mounted.values():
            one.tick()
        return list(self.mounted.values())

    def install(self, content: bytes, mount_point: str, dist: dict[str, str]) -> None:
        if any(self.coming.values()) or any(one.starts for one in self.mounted.values()):
            raise Refused("Can not deploy blocklet when it is starting")
        meta, markers = _opened(content)
        did, version = str(meta.get("did")), str(meta.get("version"))
        integrity = dist.get("integrity", "")
        self.uploads.append(Uploaded(did, version, mount_point, integrity, content))
        new = Mounted(did, str(meta.get("title")), version, mount_point, integrity, markers)
        before = self.mounted.get(did)
        if before is None:
            self._mount(new)
        else:
            self._replace(before, new)

    def _mount(self, new: Mounted) -> None:
        if any(one.mount_point == new.mount_point for one in self.mounted.values()):
            new.mount_point = new.did.lower()
        new.start(self.readings)
        self.mounted[new.did] = new

    def _replace(self, before: Mounted, new: Mounted) -> None:
        new.mount_point = before.mount_point
        if not before.runs:
            new.status = new.green = "stopped"
        elif new.markers & {BROKEN, ENDLESS}:
            return
        elif UNNOTICED in new.markers:
            new.status = new.green = "running"
        elif before.status == before.green:
            new.status, new.green = "running", "stopped"
        else:
            new.status, new.green = before.green, before.status
        self.mounted[new.did] = new

    def begin(self, content: bytes, mount_point: str, dist: dict[str, str]) -> None:
        """As ``install`` of a component that runs, seen from the middle of it.

        What it is called is new before what runs is: then the new one starts beside the old one.
        """
        did = str(_opened(content)[0].get("did"))
        before = self.mounted[did]
        self.install(content, mount_point, dist)
        after, sent = self.mounted[did], self.uploads[-1]
        named = replace(before, version=sent.version, integrity=sent.integrity)
        self.coming[did] = [before, named, replace(named, green="starting"), after]
        if "running" in before.green:
            self.coming[did][2] = replace(named, status="starting")
        self.mounted[did] = before

    def start(self, dids: Iterable[str]) -> None:
        for did in dids:
            self._known(did).start(self.readings)

    def move(self, did: str, mount_point: str) -> None:
        if any(one.mount_point == mount_point for one in self.mounted.values()):
            raise Refused(f"cannot add duplicate mount point, {mount_point} already exist")
        one = self._known(did)
        one.mount_point = mount_point
        # It is started anew, a moment after it has been said that it is moved.
        one.status, one.green, one.stages = "running", "stopped", ["running", "starting", "running"]

    def remove(self, did: str) -> None:
        del self.mounted[self._known(did).did]

    def stop(self, did: str) -> None:
        one = self._known(did)
        one.status = one.green = "stopped"
        one.stages.clear()

    def page(self, path: str) -> tuple[int, str]:
        """By plain prefix, as the real one's router has it: /probe2 is /probe's."""
        found = [one for one in self.mounted.values() if path.startswith(one.mount_point)]
        if not found:
            return (200, self.app_name) if path == "/" else (404, "404 - Page not found")
        one = max(found, key=lambda each: len(each.mount_point))
        if not one.runs:
            return 503, "not running"
        return (502, "bad gateway") if SILENT in one.markers else (200, f"{one.did} {one.version}")

    def _known(self, did: str) -> Mounted:
        if did not in self.mounted:
            raise Refused("Component does not exist")
        return self.mounted[did]


def _opened(content: bytes) -> tuple[dict[str, Any], frozenset[str]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            names = archive.getnames()
            try:
                file = archive.extractfile("package/blocklet.yml")
            except KeyError:
                raise Refused("no blocklet.yml or blocklet.yaml found") from None
            assert file is not None
            meta = yaml.safe_load(file.read())
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise Refused("TAR_BAD_ARCHIVE: Unrecognized archive format") from error
    _check(meta, names)
    return meta, frozenset(PurePosixPath(name).name for name in names) & MARKERS


def _check(meta: dict[str, Any], names: list[str]) -> None:
    if not str(meta.get("did")).startswith("z2q"):
        raise Refused(f'Invalid blocklet.yml:\ndid "{meta.get("did")}" is not valid')
    if str(meta.get("version")).count(".") != 2:
        raise Refused('Invalid blocklet.yml:\n"version" needs to be a valid semver expression')
    if meta.get("engine", {}).get("interpreter") == "node" and "package/blocklet.js" not in names:
        raise AssertionError("a Node bundle without blocklet.js never starts on a real server")

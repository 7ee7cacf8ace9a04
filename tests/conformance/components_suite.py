"""What every components adapter must do.

An implementation joins with fixtures ``components``, over an application that takes components, and
``absent``, over an application that its server has not. Each test uses DIDs and mount points of its
own and removes what it made, so that it can run on a server that lives on.
"""

import io
import json
import os
import tarfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256, sha512
from pathlib import Path

import pytest

from agentramp.component import Bundle, Component, Health, Identity
from agentramp.platform.blocklet.did import new_did
from agentramp.platform.components import Components
from agentramp.platform.port import (
    AlreadyExistsError,
    NotAppliedError,
    NotFoundError,
    NotReadyError,
)

_PROGRAM = """require('http').createServer((request, answer) => answer.end('%s %s'))
  .listen(process.env.BLOCKLET_PORT);
"""
_ENDS = "process.exit(1);\n"


def bundle(
    folder: Path, did: str, version: str, *, broken: bool = False, unnoticed: bool = False
) -> Bundle:
    """A Node dapp. ``broken``: it ends at start; a server of our own is told so by a file.

    ``unnoticed``: so does this one, and as an upgrade it is said to run.
    """
    program = _ENDS if broken or unnoticed else _PROGRAM % (did, version)
    files = {"blocklet.yml": json.dumps(_meta(did, version)), "blocklet.js": program}
    files |= ({"broken": ""} if broken else {}) | ({"unnoticed": ""} if unnoticed else {})
    data = _packed(files)
    path = folder / f"{did}-{version}-{sha256(data).hexdigest()[:8]}.tgz"
    path.write_bytes(data)
    return Bundle(
        path=path,
        identity=Identity("suite", did),
        version=version,
        sha256=sha256(data).hexdigest(),
        integrity="sha512-" + b64encode(sha512(data).digest()).decode(),
        content=sha256(program.encode()).hexdigest(),
        size=len(data),
    )


def _meta(did: str, version: str) -> dict[str, object]:
    web = {"type": "web", "name": "publicUrl", "path": "/", "prefix": "*"}
    return {
        "did": did,
        "name": did,
        "title": "suite",
        "version": version,
        "description": "a component of a test",
        "group": "dapp",
        "main": "blocklet.js",
        "engine": {"interpreter": "node"},
        "specVersion": "1.2.8",
        "author": {"name": "a test"},
        "files": ["blocklet.js"],
        "interfaces": [{**web, "port": "BLOCKLET_PORT", "protocol": "http"}],
        "requirements": {"server": ">=1.1.0", "os": "*", "cpu": "*"},
        "capabilities": {"component": True},
    }


def _packed(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size, entry.mode = len(text.encode()), 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


@dataclass
class Place:
    """One component of a test, where nothing else is."""

    folder: Path
    did: str
    mount_point: str
    tell_broken: Callable[[str], None]
    made: list[str] = field(default_factory=list)

    def bundle(self, version: str, *, broken: bool = False) -> Bundle:
        made = bundle(self.folder, self.did, version, broken=broken)
        if broken:
            self.tell_broken(made.sha256)
        return made


def found(components: Components, did: str) -> Component | None:
    return components.observe().component(did)


class ComponentsSuite:
    @pytest.fixture
    def tell_broken(self) -> Callable[[str], None]:
        """For a fake that cannot look into a bundle."""
        return lambda _sha256: None

    @pytest.fixture
    def place(
        self, components: Components, tell_broken: Callable[[str], None], tmp_path: Path
    ) -> Iterator[Place]:
        did = new_did(os.urandom)
        place = Place(tmp_path, did, f"/suite-{did[-8:].lower()}", tell_broken)
        yield place
        components.remove(did)

    def test_an_application_that_is_not_there(self, absent: Components, tmp_path: Path) -> None:
        with pytest.raises(NotFoundError) as read:
            absent.observe()
        assert read.value.untouched
        assert read.value.exit_code == 3
        with pytest.raises(NotFoundError) as sent:
            absent.install(bundle(tmp_path, new_did(os.urandom), "1.0.0"), "/nowhere")
        assert sent.value.untouched

    def test_a_component_comes_changes_and_goes(self, components: Components, place: Place) -> None:
        first = place.bundle("1.0.0")
        assert found(components, place.did) is None
        made = components.install(first, place.mount_point)
        assert made == Component(
            did=place.did,
            name="suite",
            version="1.0.0",
            mount_point=place.mount_point,
            health=Health.RUNNING,
            status="running",
            integrity=first.integrity,
        )
        application = components.observe()
        assert application.at(place.mount_point) == application.component(place.did) == made
        assert components.answers(place.mount_point) == 200
        assert components.answers(place.mount_point, "/some/page?x=1") == 200
        assert components.now() >= 0

        second = components.install(place.bundle("1.1.0"), place.mount_point)
        assert (second.version, second.health) == ("1.1.0", Health.RUNNING)
        assert found(components, place.did) == second
        # The way back is the bundle before, and the same one again is no error.
        for _ in range(2):
            back = components.install(first, place.mount_point)
            assert (back.version, back.integrity) == ("1.0.0", first.integrity)
        assert components.answers(place.mount_point) == 200

        components.remove(place.did)
        assert found(components, place.did) is None
        components.remove(place.did)

    def test_a_mount_point_that_is_taken(
        self, components: Components, place: Place, tmp_path: Path
    ) -> None:
        made = components.install(place.bundle("1.0.0"), place.mount_point)
        other = bundle(tmp_path, new_did(os.urandom), "1.0.0")
        with pytest.raises(AlreadyExistsError) as taken:
            components.install(other, place.mount_point)
        assert taken.value.untouched
        assert found(components, other.identity.did) is None
        assert found(components, place.did) == made

    def test_a_component_is_moved(self, components: Components, place: Place) -> None:
        components.install(place.bundle("1.0.0"), place.mount_point)
        moved = components.install(place.bundle("1.0.1"), place.mount_point + "-2")
        assert (moved.version, moved.mount_point) == ("1.0.1", place.mount_point + "-2")
        assert found(components, place.did) == moved
        assert components.observe().at(place.mount_point) is None

    def test_an_upgrade_that_does_not_start_leaves_what_ran(
        self, components: Components, place: Place
    ) -> None:
        made = components.install(place.bundle("1.0.0"), place.mount_point)
        with pytest.raises(NotAppliedError, match=r"1\.0\.0") as error:
            components.install(place.bundle("2.0.0", broken=True), place.mount_point)
        assert not error.value.untouched
        left = found(components, place.did)
        assert left is not None
        assert (left.version, left.health, left.integrity) == (
            "1.0.0",
            Health.RUNNING,
            made.integrity,
        )
        assert components.answers(place.mount_point) == 200

    def test_a_first_one_that_does_not_start_is_mended_by_the_next(
        self, components: Components, place: Place
    ) -> None:
        with pytest.raises(NotReadyError, match="error") as error:
            components.install(place.bundle("1.0.0", broken=True), place.mount_point)
        assert not error.value.untouched
        left = found(components, place.did)
        assert left is not None
        assert left.health is Health.BROKEN
        assert components.answers(place.mount_point) >= 500
        mended = components.install(place.bundle("1.0.1"), place.mount_point)
        assert (mended.version, mended.health) == ("1.0.1", Health.RUNNING)
        assert components.answers(place.mount_point) == 200

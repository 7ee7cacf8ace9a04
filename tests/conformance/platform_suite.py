"""What every platform adapter must do. An implementation joins with a fixture ``platform``."""

import zipfile
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest

from agentramp.crc64 import fastest
from agentramp.model import Artifact, Code, HealthCheck, Observed, RuntimeSpec, Split, Status
from agentramp.platform.port import Platform, PlatformError

AGENT = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"%s")
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
_NUMBERS = count(1)


def artifact(folder: Path, says: str) -> Artifact:
    path = folder / f"{says}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("app.py", AGENT % says)
    data = path.read_bytes()
    return Artifact(path, sha256(data).hexdigest(), str(fastest()(data, 0)), len(data))


def spec_for(package: Artifact) -> RuntimeSpec:
    return RuntimeSpec(
        name=f"conformance-{next(_NUMBERS)}",
        code=Code("python3.12", ("python3", "app.py"), package.crc64),
        description="a runtime of the conformance suite",
        cpu=0.5,
        memory=512,
        port=8000,
        instance_concurrency=7,
        session_idle_timeout=120,
        environment=(("A", "1"), ("B", "two words")),
        health_check=HealthCheck("/health", 0, 5, 1, 2, 1),
    )


class PlatformSuite:
    @pytest.fixture
    def package(self, tmp_path: Path) -> Artifact:
        return artifact(tmp_path, "one")

    @pytest.fixture
    def spec(self, package: Artifact) -> RuntimeSpec:
        return spec_for(package)

    @pytest.fixture
    def served(self, platform: Platform, spec: RuntimeSpec, package: Artifact) -> Observed:
        """A runtime with versions 1 and 2 and an endpoint on version 1."""
        runtime = platform.create_runtime(spec, package)
        assert platform.publish_version(runtime.id, "first") == 1
        changed = replace(spec, environment=(("A", "2"),))
        platform.update_runtime(runtime.id, changed, package)
        assert platform.publish_version(runtime.id, "second") == 2
        platform.create_endpoint(runtime.id, "production", Split(1))
        return platform.observe(spec.name)

    def test_what_is_not_there_is_observed_as_nothing(self, platform: Platform) -> None:
        assert platform.observe("no-such-runtime") == Observed()

    def test_a_created_runtime_is_ready_and_holds_what_was_asked(
        self, platform: Platform, spec: RuntimeSpec, package: Artifact
    ) -> None:
        runtime = platform.create_runtime(spec, package)
        assert runtime.status is Status.READY
        assert runtime.spec == spec
        assert platform.observe(spec.name) == Observed(runtime)
        assert platform.await_runtime(runtime.id) == runtime

    def test_a_name_is_taken_once(
        self, platform: Platform, spec: RuntimeSpec, package: Artifact
    ) -> None:
        platform.create_runtime(spec, package)
        with pytest.raises(PlatformError, match="already exists"):
            platform.create_runtime(spec, package)

    def test_an_update_changes_the_head(
        self, platform: Platform, spec: RuntimeSpec, package: Artifact, tmp_path: Path
    ) -> None:
        runtime = platform.create_runtime(spec, package)
        other = artifact(tmp_path, "two")
        wanted = replace(spec, memory=1024, code=Code("python3.12", ("python3", "app.py")))
        updated = platform.update_runtime(runtime.id, wanted, other)
        assert updated.id == runtime.id
        assert updated.spec.memory == 1024
        assert updated.spec.code
        assert updated.spec.code.checksum == other.crc64

    def test_publishing_freezes_the_head(self, platform: Platform, served: Observed) -> None:
        assert served.runtime
        runtime_id = served.runtime.id
        first = platform.published_spec(runtime_id, 1)
        second = platform.published_spec(runtime_id, 2)
        assert first.environment == (("A", "1"), ("B", "two words"))
        assert second == served.runtime.spec
        assert [(v.number, v.description) for v in served.versions] == [
            (2, "second"),
            (1, "first"),
        ]

    def test_a_version_that_was_never_published(self, platform: Platform, served: Observed) -> None:
        assert served.runtime
        with pytest.raises(PlatformError, match="does not exist"):
            platform.published_spec(served.runtime.id, 9)
        with pytest.raises(PlatformError, match="does not exist"):
            platform.create_endpoint(served.runtime.id, "other", Split(9))

    def test_an_endpoint_serves_what_it_was_made_with(
        self, platform: Platform, served: Observed
    ) -> None:
        (endpoint,) = served.endpoints
        assert endpoint.name == "production"
        assert endpoint.split == Split(1)
        assert endpoint.status is Status.READY
        assert endpoint.url
        assert served.runtime
        assert platform.get_endpoint(served.runtime.id, endpoint.id) == endpoint

    def test_an_endpoints_name_is_taken_once(self, platform: Platform, served: Observed) -> None:
        assert served.runtime
        with pytest.raises(PlatformError, match="already exists"):
            platform.create_endpoint(served.runtime.id, "production", Split(1))

    def test_a_whole_ramp(self, platform: Platform, served: Observed) -> None:
        assert served.runtime
        (endpoint,) = served.endpoints
        for weight in (10, 30, 50):
            wanted = Split(1, ((2, weight),))
            moved = platform.set_split(served.runtime.id, endpoint.id, wanted)
            assert moved.split == wanted
            assert platform.get_endpoint(served.runtime.id, endpoint.id).split == wanted
        assert platform.set_split(served.runtime.id, endpoint.id, Split(2)).split == Split(2)
        assert platform.set_split(served.runtime.id, endpoint.id, Split(1)).split == Split(1)

    def test_moving_traffic_to_nowhere_changes_nothing(
        self, platform: Platform, served: Observed
    ) -> None:
        assert served.runtime
        (endpoint,) = served.endpoints
        with pytest.raises(PlatformError, match="does not exist"):
            platform.set_split(served.runtime.id, endpoint.id, Split(1, ((9, 10),)))
        assert platform.get_endpoint(served.runtime.id, endpoint.id) == endpoint

    def test_what_was_never_made_cannot_be_changed(
        self, platform: Platform, served: Observed
    ) -> None:
        assert served.runtime
        with pytest.raises(PlatformError, match="does not exist"):
            platform.get_endpoint(served.runtime.id, "ep-none")
        with pytest.raises(PlatformError, match="does not exist"):
            platform.publish_version("rt-none", "x")

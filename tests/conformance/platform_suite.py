"""What every platform adapter must do. An implementation joins with a fixture ``platform``."""

import zipfile
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest

from agentramp.crc64 import fastest
from agentramp.model import (
    Artifact,
    Code,
    HealthCheck,
    Observed,
    RuntimeSpec,
    Split,
    Status,
    Workspace,
)
from agentramp.platform.port import AlreadyExistsError, NotFoundError, Platform, PlatformError

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
        assert runtime.spec.workspace_id
        assert replace(runtime.spec, workspace_id=None) == spec
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

    def test_an_update_of_settings_brings_its_package_where_another_is_there_by_then(
        self, platform: Platform, spec: RuntimeSpec, package: Artifact, tmp_path: Path
    ) -> None:
        """Another deploy put its own in between; what is asked for is all that the file says."""
        runtime = platform.create_runtime(spec, package)
        other = artifact(tmp_path, "two")
        theirs = replace(spec, code=Code("python3.12", ("python3", "app.py"), other.crc64))
        platform.update_runtime(runtime.id, theirs, other)
        updated = platform.update_runtime(runtime.id, replace(spec, memory=1024), package)
        assert updated.spec.memory == 1024
        assert updated.spec.code
        assert updated.spec.code.checksum == package.crc64

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

    def test_words_about_an_endpoint_change_nothing_else(
        self, platform: Platform, served: Observed
    ) -> None:
        assert served.runtime
        runtime_id = served.runtime.id
        split = Split(1, ((2, 10),))
        made = platform.create_endpoint(runtime_id, "canary", split, "the first words")
        assert made.description == "the first words"
        described = platform.describe_endpoint(runtime_id, made.id, "other words")
        assert described == replace(made, description="other words")
        assert platform.get_endpoint(runtime_id, made.id) == described
        moved = platform.set_split(runtime_id, made.id, Split(2))
        assert moved == replace(described, split=Split(2))
        assert platform.describe_endpoint(runtime_id, made.id, "").description == ""

    def test_an_endpoint_that_was_removed_is_gone_and_its_name_is_free(
        self, platform: Platform, served: Observed
    ) -> None:
        assert served.runtime
        (endpoint,) = served.endpoints
        runtime_id = served.runtime.id
        platform.delete_endpoint(runtime_id, endpoint.id)
        assert platform.observe(served.runtime.spec.name) == replace(served, endpoints=())
        with pytest.raises(NotFoundError):
            platform.get_endpoint(runtime_id, endpoint.id)
        platform.delete_endpoint(runtime_id, endpoint.id)
        platform.delete_endpoint("rt-none", endpoint.id)
        again = platform.create_endpoint(runtime_id, "production", Split(2))
        assert platform.observe(served.runtime.spec.name).endpoints == (again,)

    def test_a_runtime_that_was_removed_is_gone_with_its_versions(
        self, platform: Platform, served: Observed, package: Artifact
    ) -> None:
        assert served.runtime
        spec = served.runtime.spec
        platform.delete_endpoint(served.runtime.id, served.endpoints[0].id)
        platform.delete_runtime(served.runtime.id)
        assert platform.observe(spec.name) == Observed()
        with pytest.raises(NotFoundError):
            platform.await_runtime(served.runtime.id)
        platform.delete_runtime(served.runtime.id)
        again = platform.create_runtime(spec, package)
        assert again.id != served.runtime.id
        assert platform.observe(spec.name).versions == ()

    def test_workspaces_are_made_once_and_hold_runtimes(
        self, platform: Platform, spec: RuntimeSpec, package: Artifact
    ) -> None:
        (default,) = (found for found in platform.workspaces() if found.is_default)
        name = f"team-of-{spec.name}"
        made = platform.create_workspace(Workspace(name, description="ours"))
        assert made == Workspace(name, made.id, "ours")
        assert made.id not in {"", default.id}
        assert made in platform.workspaces()
        with pytest.raises(AlreadyExistsError):
            platform.create_workspace(Workspace(name))
        runtime = platform.create_runtime(replace(spec, workspace_id=made.id), package)
        assert runtime.spec.workspace_id == made.id
        assert platform.observe(spec.name).runtime == runtime
        updated = platform.update_runtime(runtime.id, replace(spec, memory=1024), package)
        assert updated.spec.workspace_id == made.id

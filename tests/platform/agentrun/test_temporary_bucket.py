"""Packages on their way by the temporary bucket: signed, streamed, verified, and asked again."""

import json
import tracemalloc
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from agentramp.errors import AgentrampError
from agentramp.model import Artifact, Code, OssObject, RuntimeSpec
from agentramp.package import measure
from agentramp.platform.agentrun import packages
from agentramp.platform.agentrun.again import ATTEMPTS, Patience
from agentramp.platform.agentrun.classic_signing import signature
from agentramp.platform.agentrun.packages import NotPermittedError, Packages
from agentramp.platform.agentrun.services import Services
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.agentrun.temporary_bucket import TemporaryBucket
from agentramp.platform.calls import Call
from agentramp.platform.port import PlatformError, UnreachableError
from agentramp.progress import Silent
from tests.platform.agentrun.lender import ACCOUNT, BUCKET, DENIED, ENDED, SKEWED, Lender, lender
from tests.platform.agentrun.test_client import Time

VECTORS = Path(__file__).parents[2] / "data" / "vectors"
CLASSIC = json.loads((VECTORS / "fc2-classic.json").read_text())
MEGABYTE = 1 << 20


def package(folder: Path, size: int = 3 * MEGABYTE, sparse: int = 0) -> Artifact:
    """``sparse`` more bytes are holes: they take no room on the disk."""
    path = folder / "package.zip"
    data = bytes(range(256)) * (size // 256)
    with path.open("wb") as file:
        file.write(data)
        file.truncate(size + sparse)
    return measure(path)


@dataclass
class Seen:
    shares: list[tuple[int, int]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def advance(self, title: str, done: int, total: int) -> None:
        assert title == "uploading the package"
        self.shares.append((done, total))

    def say(self, line: str) -> None:
        self.lines.append(line)


def bucket(url: str, time: Time, **more: Any) -> TemporaryBucket:
    return TemporaryBucket(
        services=Services("cn-hangzhou", url, lambda: ACCOUNT),
        credentials=more.pop("credentials", lambda: Credentials("id", "secret")),
        now=time.now,
        patience=Patience(time.sleep, lambda: 0.5),
        **more,
    )


def test_a_package_is_stored_under_the_account_and_what_came_is_what_was_sent(
    tmp_path: Path,
) -> None:
    state, seen, artifact = Lender(), Seen(), package(tmp_path)
    with lender(state) as url:
        place = bucket(url, Time()).put(artifact, seen)
    assert place == OssObject(BUCKET, f"{ACCOUNT}/object-1")
    assert state.sums == {place.key: int(artifact.crc64)}
    assert state.asked == ["GET", "PUT"]
    assert state.types == ["application/zip"]
    assert seen.shares[-1] == (artifact.size, artifact.size)
    assert [done for done, _ in seen.shares] == sorted({done for done, _ in seen.shares})


@pytest.mark.parametrize(
    ("storing", "puts"),
    [
        ([503], 2),
        ([500, 429, 502], 4),
        (["cut"], 2),
        (["early"], 2),
        (["InvalidDigest"], 2),
        (["other sum", "no sum"], 3),
    ],
)
def test_what_goes_wrong_on_the_way_is_sent_again_whole(
    tmp_path: Path, storing: list[int | str], puts: int
) -> None:
    state, artifact, time = Lender(storing=storing), package(tmp_path), Time()
    with lender(state) as url:
        place = bucket(url, time).put(artifact, Silent())
    assert state.sums[place.key] == int(artifact.crc64)
    assert state.asked == ["GET", *["PUT"] * puts]
    assert time.waits == sorted(time.waits)


@pytest.mark.parametrize("lending", [[500], ["cut"], [429, 503]])
def test_a_loan_is_asked_for_again(tmp_path: Path, lending: list[Any]) -> None:
    state = Lender(lending=list(lending))
    with lender(state) as url:
        bucket(url, Time()).put(package(tmp_path), Silent())
    assert state.asked == ["GET", *["GET"] * len(lending), "PUT"]


def test_a_loan_that_ended_is_taken_out_anew(tmp_path: Path) -> None:
    state, artifact = Lender(storing=["SecurityTokenExpired"]), package(tmp_path)
    with lender(state) as url:
        place = bucket(url, Time()).put(artifact, Silent())
    assert place.key == f"{ACCOUNT}/object-2"
    assert state.asked == ["GET", "PUT", "GET", "PUT"]


def test_credentials_that_ended_are_renewed(tmp_path: Path) -> None:
    state, artifact = Lender(lending=[ENDED]), package(tmp_path)
    keys = [Credentials("old", "secret", "ended"), Credentials("new", "secret", "good")]
    ended: list[Credentials] = []

    def renew(key: Credentials) -> None:
        ended.append(key)
        keys.pop(0)

    with lender(state) as url:
        one = bucket(url, Time(), credentials=lambda: keys[0], renew=renew)
        one.put(artifact, Silent())
    assert [key.access_key_id for key in ended] == ["old"]
    assert state.asked == ["GET", "GET", "PUT"]


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        (Lender(storing=["other sum"] * ATTEMPTS), PlatformError, "arrived changed: its checksum"),
        (Lender(storing=["no sum"] * ATTEMPTS), PlatformError, "the bucket has none"),
        (Lender(storing=[503] * ATTEMPTS), PlatformError, r"it says no \(InternalError.*R-1"),
        (Lender(storing=["cut"] * ATTEMPTS), UnreachableError, "PutObject: no answer from 127"),
        (Lender(storing=["AccessDenied"]), PlatformError, r"it says no \(AccessDenied"),
        (Lender(lending=[SKEWED]), PlatformError, r"too far \(RequestTimeTooSkewed"),
        (Lender(lending=[ENDED]), PlatformError, r"expired \(InvalidSecurityToken"),
        (Lender(lending=["cut"] * ATTEMPTS), UnreachableError, "GetTempBucketToken: no answer"),
        (Lender(lending=[DENIED]), NotPermittedError, "fc:GetTempBucketToken"),
        (Lender(lending=[404]), PlatformError, "HTTP 404"),
    ],
)
def test_what_cannot_be_mended_is_told(
    tmp_path: Path, state: Lender, kind: type[AgentrampError], words: str
) -> None:
    with lender(state) as url, pytest.raises(kind, match=words) as told:
        bucket(url, Time()).put(package(tmp_path), Silent())
    assert told.value.advice
    assert told.value.exit_code == 3
    assert len(state.asked) <= ATTEMPTS + 1
    assert isinstance(told.value, NotPermittedError) == (kind is NotPermittedError)


def test_an_answer_that_names_no_bucket(tmp_path: Path) -> None:
    state = Lender(lending=[200])
    with lender(state) as url, pytest.raises(PlatformError, match="names no bucket"):
        bucket(url, Time()).put(package(tmp_path), Silent())


def test_each_call_is_told_without_its_secrets(tmp_path: Path) -> None:
    calls: list[Call] = []
    with lender(Lender(storing=[503, "cut"])) as url:
        bucket(url, Time(), tell=calls.append).put(package(tmp_path), Silent())
    assert [(call.action, call.status) for call in calls] == [
        ("GetTempBucketToken", 200),
        ("PutObject", 503),
        ("PutObject", 0),
        ("PutObject", 200),
    ]
    assert "lent" not in repr(calls)


def test_memory_does_not_grow_with_the_package(tmp_path: Path) -> None:
    """Many times what is allowed goes through; the server at the other end is in it too."""
    artifact = package(tmp_path, sparse=150 * MEGABYTE)
    state = Lender()
    with lender(state) as url:
        tracemalloc.start()
        try:
            place = bucket(url, Time()).put(artifact, Silent())
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert state.sums == {place.key: int(artifact.crc64)}
    assert peak < 4 * MEGABYTE


@pytest.mark.parametrize("case", CLASSIC["cases"], ids=lambda case: case["name"])
def test_the_vendors_signatures_of_function_compute(case: dict[str, Any]) -> None:
    made = signature(case["method"], case["path"], case["headers"], CLASSIC["access_key_secret"])
    assert case["authorization"].rpartition(":")[2] == made


SPEC = RuntimeSpec("agent", Code("python3.12"))


@dataclass
class Shelf:
    """A bucket that keeps nothing."""

    error: NotPermittedError | None = None
    taken: list[Artifact] = field(default_factory=list)

    def put(self, artifact: Artifact, progress: object) -> OssObject:
        assert progress
        if self.error:
            raise self.error
        self.taken.append(artifact)
        return OssObject("b", "k")


def of_size(folder: Path, size: int) -> Artifact:
    path = folder / "package.zip"
    with path.open("wb") as file:
        file.truncate(size)
    sent = min(size, 2 * packages.INLINE_BEST)  # what is larger is refused before it is read
    return Artifact(path, sha256(bytes(sent)).hexdigest(), "1", size)


@pytest.mark.parametrize(
    ("size", "place"),
    [(packages.INLINE_BEST, None), (packages.INLINE_BEST + 1, ("b", "k"))],
)
def test_small_packages_go_inside_the_request_and_large_ones_by_the_bucket(
    tmp_path: Path, size: int, place: tuple[str, str] | None
) -> None:
    shelf = Shelf()
    body = Packages(shelf, Silent()).body(SPEC, of_size(tmp_path, size))
    code = body["codeConfiguration"]
    assert code["checksum"] == "1"
    assert ("zipFile" in code) == (place is None)
    assert (code.get("ossBucketName"), code.get("ossObjectName")) == (place or (None, None))
    assert len(shelf.taken) == (place is not None)


def test_without_permission_it_goes_inside_the_request_with_a_note(tmp_path: Path) -> None:
    seen, shelf = Seen(), Shelf(NotPermittedError("the bucket may not be used"))
    body = Packages(shelf, seen).body(SPEC, of_size(tmp_path, packages.INLINE_BEST + 1))
    assert "zipFile" in body["codeConfiguration"]
    assert seen.lines == ["the bucket may not be used; the package goes inside the request instead"]


@pytest.mark.parametrize(
    ("shelf", "words"),
    [
        (Shelf(NotPermittedError("may not be used")), "may not be used"),
        (None, "inside a request only 105 MB are sent"),
    ],
)
def test_what_is_too_large_for_a_request_is_refused(
    tmp_path: Path, shelf: Shelf | None, words: str
) -> None:
    large = of_size(tmp_path, packages.INLINE_LIMIT + 1)
    with pytest.raises(AgentrampError, match=words):
        Packages(shelf, Silent()).body(SPEC, large)


def changed_meanwhile(folder: Path) -> tuple[Artifact, str]:
    """As a later step, or another program of the runner, may write to the file."""
    artifact = package(folder)
    artifact.path.write_bytes(artifact.path.read_bytes()[::-1])
    return artifact, rf"was changed .* sha256:{artifact.sha256} was to be sent"


def test_what_is_no_more_what_was_measured_does_not_go_into_a_request(tmp_path: Path) -> None:
    artifact, said = changed_meanwhile(tmp_path)
    with pytest.raises(PlatformError, match=said):
        Packages(None, Silent()).body(SPEC, artifact)


def test_what_is_no_more_what_was_measured_is_not_deployed_from_the_bucket(tmp_path: Path) -> None:
    state = Lender()
    artifact, said = changed_meanwhile(tmp_path)
    with lender(state) as url, pytest.raises(PlatformError, match=said):
        bucket(url, Time()).put(artifact, Silent())
    assert state.asked == ["GET", "PUT"], "and it is not sent again"

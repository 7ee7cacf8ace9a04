"""The bucket that Function Compute lends for a package on its way in.

A token names the bucket and an object and brings temporary credentials for both; the package is
then put under ``<account>/<object>``, as the vendor's own tool does. The object is read from disk
as it is sent, and the checksum in the answer must be that of the package.
"""

import json
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import md5, sha256
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlsplit

import requests

from agentramp.exchange import AGENT, Reply
from agentramp.model import Artifact, OssObject
from agentramp.platform.agentrun.again import (
    LOST,
    SERVER_FAULT,
    THROTTLED,
    AgainError,
    Patience,
)
from agentramp.platform.agentrun.classic_signing import signed_headers
from agentramp.platform.agentrun.oss_signing import oss_authorization
from agentramp.platform.agentrun.packages import NotPermittedError, check_sent
from agentramp.platform.agentrun.sending import LIMITS, Limits, sent, unanswered
from agentramp.platform.agentrun.services import Services
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.calls import Tell, untold
from agentramp.platform.port import PlatformError, UnreachableError
from agentramp.progress import Progress

TOKEN_PATH = "/2016-08-15/tempBucketToken"  # noqa: S105 - an address, no token
CHECKSUM = "x-oss-hash-crc64ecma"
_TYPE = "application/zip"
_BLOCK = 1 << 20
_LONGEST_REFUSAL = 64 * 1024
_TITLE = "uploading the package"
_NOT_PERMITTED = ("accessdenied", "nopermission", "forbidden", "unauthorized")
_ENDED = ("expire", "invalidaccesskeyid", "invalidsecuritytoken")
_PERMISSION = (
    "grant the identity fc:GetTempBucketToken (larger packages go through it), or make the package"
    " smaller with .fcignore"
)


@dataclass(frozen=True)
class _Loan:
    """A place for one object, and credentials that are good for it alone."""

    place: OssObject
    credentials: Credentials


@dataclass
class TemporaryBucket:
    """``now`` tells seconds since 1970-01-01 UTC.

    ``renew`` is told of credentials that were refused as ended, so that the next are others.
    """

    services: Services
    credentials: Callable[[], Credentials]
    now: Callable[[], float]
    patience: Patience
    renew: Callable[[Credentials], None] | None = None
    tell: Tell = untold
    session: requests.Session = field(default_factory=requests.Session)
    monotonic: Callable[[], float] = time.monotonic
    limits: Limits = LIMITS

    def __post_init__(self) -> None:
        self.limits.kept_by(self.session)

    def put(self, artifact: Artifact, progress: Progress) -> OssObject:
        """Store ``artifact``; raises NotPermittedError, UnreachableError, PlatformError."""
        checksum = _content_md5(artifact.path)
        loan = self.patience(self._borrow)

        def attempt() -> None:
            nonlocal loan
            try:
                self._store(artifact, checksum, loan, progress)
            except _ExpiredError as error:
                loan = self.patience(self._borrow)
                raise AgainError(error) from error

        self.patience(attempt)
        return loan.place

    def _borrow(self) -> _Loan:
        url = self.services.classic_functions()
        credentials, account = self.credentials(), self.services.account()
        headers = signed_headers("GET", url, TOKEN_PATH, account, credentials, self.now())
        headers["user-agent"] = AGENT
        answer = self._send(
            "GetTempBucketToken", requests.Request("GET", url + TOKEN_PATH, headers)
        )
        if answer.status == requests.codes.ok:
            return _loan(answer, account)
        error = _token_refusal(answer)
        if self.renew and credentials.security_token and _has(error, _ENDED):
            self.renew(credentials)
            raise AgainError(error)
        raise error

    def _store(self, artifact: Artifact, checksum: str, loan: _Loan, progress: Progress) -> None:
        place, key = loan.place, loan.credentials
        address = self.services.upload(place.bucket)
        headers = {
            "content-md5": checksum,
            "content-type": _TYPE,
            "date": formatdate(self.now(), usegmt=True),
            "host": urlsplit(address).netloc,
            "user-agent": AGENT,
        }
        if key.security_token:
            headers["x-oss-security-token"] = key.security_token
        resource = f"/{place.bucket}/{place.key}"
        headers["authorization"] = oss_authorization("PUT", resource, headers, key)
        url = f"{address}/{quote(place.key, safe='/~')}"
        with artifact.path.open("rb") as file:
            body = _Told(file, artifact.size, progress)
            answer = self._send("PutObject", requests.Request("PUT", url, headers, data=body))
        if answer.status == requests.codes.ok:
            check_sent(artifact, body.sha256)
        _check_stored(answer, artifact)

    def _send(self, action: str, request: requests.Request) -> Reply:
        """One exchange; raises AgainError where another may do better."""
        try:
            answer = sent(
                self.session, action, request.prepare(), self.tell, self.monotonic, self.limits
            )
        except LOST as error:
            raise AgainError(_unreachable(action, request, error)) from error
        except requests.RequestException as error:
            raise _unreachable(action, request, error) from error
        if answer.status == THROTTLED or answer.status >= SERVER_FAULT:
            raise AgainError(_refusal(action, answer))
        return answer


class _ExpiredError(PlatformError):
    """The loan has ended before the package was there."""


class _Told:
    """A file that tells how far it has been read; ``requests`` streams what can be iterated."""

    def __init__(self, file: BinaryIO, size: int, progress: Progress) -> None:
        self._file, self._size, self._progress = file, size, progress
        self._done, self._digest = 0, sha256()

    @property
    def sha256(self) -> str:
        """Of what was read so far."""
        return self._digest.hexdigest()

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(_BLOCK), b"")

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._done += len(data)
        self._digest.update(data)
        if data:
            self._progress.advance(_TITLE, self._done, self._size)
        return data


def _content_md5(path: Path) -> str:
    digest = md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return b64encode(digest.digest()).decode()


def _loan(answer: Reply, account: str) -> _Loan:
    try:
        said = json.loads(answer.content)
        key = said["credentials"]
        return _Loan(
            OssObject(str(said["ossBucket"]), f"{account}/{said['objectName']}"),
            Credentials(
                str(key["AccessKeyId"]), str(key["AccessKeySecret"]), key.get("SecurityToken")
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise PlatformError(
            "GetTempBucketToken: the answer names no bucket",
            advice="something between may have answered: check the address and the proxy",
        ) from None


def _check_stored(answer: Reply, artifact: Artifact) -> None:
    error = _refusal("PutObject", answer)
    if _has(error, _ENDED):
        raise _ExpiredError(error.message, code=error.code, request_id=error.request_id)
    if error.code in {"InvalidDigest", "BadDigest"}:
        raise AgainError(error)
    if answer.status != requests.codes.ok:
        raise error
    stored = answer.headers.get(CHECKSUM, "")
    if stored != artifact.crc64:
        broken = PlatformError(
            f"the package arrived changed: its checksum is {artifact.crc64}, the bucket has"
            f" {stored or 'none'}",
            advice="usual cause: a proxy that changes what it passes on, or a package that was"
            " rebuilt meanwhile; run this again",
        )
        raise AgainError(broken)


def _token_refusal(answer: Reply) -> PlatformError:
    error = _refusal("GetTempBucketToken", answer)
    if not _has(error, _NOT_PERMITTED):
        return error
    return NotPermittedError(
        f"the temporary bucket may not be used: {error.message}", advice=_PERMISSION
    )


def _refusal(action: str, answer: Reply) -> PlatformError:
    """In the service's own words: JSON of Function Compute or XML of OSS."""
    text = answer.text[:_LONGEST_REFUSAL] if answer.status != requests.codes.ok else ""
    code, message = (_said(name, text) for name in ("Code", "Message"))
    said = answer.headers
    request_id = said.get("x-fc-request-id") or said.get("x-oss-request-id") or ""
    return PlatformError(
        f"{action}: {message or answer.reason or 'no message'}",
        code=code or f"HTTP {answer.status}",
        request_id=request_id,
        advice="see the message above; run this again, or make the package smaller with .fcignore",
    )


def _has(error: PlatformError, marks: tuple[str, ...]) -> bool:
    return any(mark in error.code.lower() for mark in marks)


def _said(name: str, text: str) -> str:
    """A field by its name, in either notation; the services agree on no one of them."""
    found = re.search(rf'<{name}>([^<]*)<|"(?:Error)?{name}"\s*:\s*"([^"]*)"', text)
    return next((part for part in found.groups() if part), "") if found else ""


def _unreachable(action: str, request: requests.Request, error: Exception) -> UnreachableError:
    host = urlsplit(str(request.url)).netloc
    return UnreachableError(
        f"{action}: {unanswered(host, error)}",
        advice="check the network and the region, then run this again",
    )

"""How a package reaches the platform: inside the request, or by way of a bucket."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Protocol

from agentramp.errors import UnsupportedError
from agentramp.model import Artifact, OssObject, RuntimeSpec
from agentramp.platform.agentrun import wire
from agentramp.platform.port import PlatformError
from agentramp.progress import Progress

INLINE_BEST = 4 * 1024 * 1024
"""Largest package that goes inside the request where there is a choice, in bytes.

In base64 it is a third larger, it is held in memory whole to be signed, and every retry sends all
of it. Below this that costs less than the two calls more that a bucket takes.
"""
INLINE_LIMIT = 100 * 1024 * 1024
"""Largest package sent inside a request, in bytes. The platform's own limit is not published."""


class NotPermittedError(PlatformError):
    """The identity may not use the bucket."""


class Bucket(Protocol):
    def put(self, artifact: Artifact, progress: Progress) -> OssObject:
        """Store a package and give its place; raises NotPermittedError, PlatformError."""
        ...


@dataclass(frozen=True)
class Packages:
    bucket: Bucket | None
    progress: Progress

    def body(
        self, spec: RuntimeSpec, artifact: Artifact | None, kept: str | None = None
    ) -> Mapping[str, Any]:
        """The request that asks for ``spec``, with the package or the place where it now lies.

        ``kept`` is the checksum of the code that the platform has and is to keep.
        """
        if spec.code is None or artifact is None:
            return wire.encode_runtime(_with_sum(spec, kept), None)
        code = replace(spec.code, checksum=artifact.crc64)
        if place := self._place(artifact):
            return wire.encode_runtime(replace(spec, code=replace(code, oss=place)), None)
        content = artifact.path.read_bytes()
        check_sent(artifact, sha256(content).hexdigest())
        return wire.encode_runtime(replace(spec, code=code), b64encode(content).decode())

    def _place(self, artifact: Artifact) -> OssObject | None:
        """Where the bucket keeps it; None: it goes inside the request."""
        if artifact.size <= INLINE_BEST:
            return None
        if self.bucket is None:
            _check_size(artifact)
            return None
        try:
            return self.bucket.put(artifact, self.progress)
        except NotPermittedError as error:
            if artifact.size > INLINE_LIMIT:
                raise
            self.progress.say(f"{error.message}; the package goes inside the request instead")
            return None


def check_sent(artifact: Artifact, digest: str) -> None:
    """Raise PlatformError unless what was read to be sent is what was measured and agreed to.

    Bytes are measured as they go, and not of a copy put aside: a package may be large. It is asked
    before the runtime is told to take them, and the checksum that a bucket tells is none against
    somebody who makes another file of the same checksum.
    """
    if digest != artifact.sha256:
        raise PlatformError(
            f"the package {artifact.path.name} was changed after it was measured: sha256:"
            f"{artifact.sha256} was to be sent, and it is sha256:{digest} now",
            advice="usual cause: a build that ran meanwhile; nothing was deployed, so build and"
            " deploy again",
        )


def _with_sum(spec: RuntimeSpec, kept: str | None) -> RuntimeSpec:
    """No checksum where there is nothing that it could be the sum of."""
    if spec.code is None or spec.code.oss:
        return spec
    return replace(spec, code=replace(spec.code, checksum=kept))


def _check_size(artifact: Artifact) -> None:
    if artifact.size > INLINE_LIMIT:
        raise UnsupportedError(
            f"the package is {artifact.size / 1e6:.0f} MB; inside a request only"
            f" {INLINE_LIMIT / 1e6:.0f} MB are sent",
            advice="leave files out with .fcignore, or name an object in OSS in code.ossObjectName",
        )

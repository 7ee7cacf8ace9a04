"""Signed, bounded requests to the log service (SLS), API version 0.6.0.

Source: the vendor's pages on GetLogsV2, CreateProject, CreateLogStore and CreateIndex.
"""

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import quote

import requests

from agentramp.exchange import ExchangeError, Letter, Reply, check_address, post
from agentramp.logs.port import LogError
from agentramp.platform.agentrun.again import SERVER_FAULT, THROTTLED, AgainError, Patience, halfway
from agentramp.platform.agentrun.log_signing import signed_headers
from agentramp.platform.agentrun.signing import Credentials

ATTEMPTS: Final = 4
MOST_BYTES: Final = 4 * 1024 * 1024
UNFINISHED: Final = 10
"""How often an unfinished query is repeated; the vendor's documentation says up to ten times."""
_OK: Final = 200

Rows: TypeAlias = Sequence[Mapping[str, Any]]


class UnreachedError(LogError):
    """No answer, or none but a passing one, in all attempts."""


class UnfinishedError(UnreachedError):
    """The service works on a query and has not come to its end."""


class ThereAlreadyError(LogError):
    """What was to be made is there."""


@dataclass(frozen=True)
class LogService:
    """One project, or with the region's own address what is above projects.

    ``url`` is ``https://<project>.<region>.log.aliyuncs.com`` or the embedded platform's; ``now``
    is seconds since 1970-01-01 UTC. Raises UsageError unless the address is https, or http to this
    machine.
    """

    url: str
    credentials: Callable[[], Credentials]
    now: Callable[[], float]
    sleep: Callable[[float], None] = field(repr=False)
    timeout: float = 60.0
    line: requests.Session = field(default_factory=requests.Session, repr=False)
    renew: Callable[[Credentials], None] | None = field(default=None, repr=False)
    """Told of credentials that were refused as ended; then they are asked for again."""

    def __post_init__(self) -> None:
        check_address(self.url, "the log service")

    def query(self, store: str, asked: Mapping[str, object]) -> Rows:
        """The rows of a query; an answer that says it is not whole is asked for again.

        Raises LogError.
        """
        body = json.dumps(asked).encode()
        for turn in range(UNFINISHED):
            rows = _rows(self.send(f"/logstores/{quote(store, safe='')}/logs", body))
            if rows is not None:
                return rows
            self.sleep(min(2.0**turn / 4, 4.0))
        raise UnfinishedError(
            f"the log service did not finish a query of {store} in {UNFINISHED} turns",
            advice="usual cause: very many lines; ask for a shorter time",
        )

    def send(self, path: str, body: bytes) -> bytes:
        """POST; asks again where the service is busy, broken or does not answer."""
        ask = Patience(self.sleep, halfway, ATTEMPTS)
        return ask(lambda: self._once(path, body))

    def _once(self, path: str, body: bytes) -> bytes:
        key = self.credentials()
        headers = signed_headers(path, body, key, self.now())
        url = self.url.rstrip("/") + path
        letter = Letter(url, body, headers={**headers, "accept-encoding": "gzip"})
        try:
            reply = post(letter, timeout=self.timeout, most=MOST_BYTES, line=self.line)
        except ExchangeError as error:
            advice = error.advice or "check the network, the project and the region"
            told = UnreachedError(f"the log service cannot be asked: {error}", advice=advice)
            raise AgainError(told) from error
        if reply.status == _OK:
            return reply.content
        refusal = _refusal(reply)
        if self.renew and isinstance(refusal, _EndedError):
            self.renew(key)
            raise AgainError(refusal)
        raise refusal


class _EndedError(LogError):
    """The credentials have ended. What was refused for them did not act."""


def _refusal(reply: Reply) -> Exception:
    """The service's own words; what is none of its answers may hold what was sent: not shown."""
    try:
        told = json.loads(_inflated(reply.content))
        code, message = str(told["errorCode"]), str(told["errorMessage"])
    except (ValueError, TypeError, KeyError, RecursionError, zlib.error):
        code, message = f"status {reply.status}", "the answer is none of the log service"
    text = f"the log service refused: {message} ({code})"
    advice = next((told for mark, told in _ADVICE.items() if mark in f"{code} {message}"), "")
    if reply.status >= SERVER_FAULT or reply.status == THROTTLED:
        return AgainError(UnreachedError(text, advice=advice))
    if "AlreadyExist" in code:
        return ThereAlreadyError(text)
    if _has_ended(code, message):
        return _EndedError(text, advice=_ADVICE["SecurityToken"])
    return LogError(text, advice=advice)


def _has_ended(code: str, message: str) -> bool:
    """The service says Unauthorized for many things; of this one its message tells."""
    by_code = any(mark in code for mark in ("SecurityTokenExpired", "SecurityToken.Expired"))
    words = message.lower()
    return by_code or ("token" in words and "expired" in words)


_ADVICE: Final = {
    "cannot be resolved": "index that field of the log store, with analytics on",
    "index config": "index the fields of the log store, with analytics on",
    "ProjectNotExist": "the project lies in another region or is misspelt: look at s.yaml",
    "LogStoreNotExist": "the log store is misspelt or in another project: look at s.yaml",
    "Unauthorized": "the identity needs log:GetLogStoreLogs on this log store; to make one"
    " also log:CreateProject, log:CreateLogStore and log:CreateIndex",
    "SignatureNotMatch": "the access key's secret is wrong",
    "RequestTimeExpired": "this machine's clock is off",
    "SecurityToken": "the temporary credentials have expired: fetch new ones",
}


def _rows(content: bytes) -> Rows | None:
    """None where the answer is not complete. Raises LogError."""
    try:
        match json.loads(_inflated(content)):
            case {"meta": {"progress": "Complete"}, "data": list(rows)}:
                return rows
            case {"meta": {"progress": "Incomplete"}}:
                return None
            case _:
                raise senseless("it has no meta.progress or no data")
    except (ValueError, RecursionError, zlib.error) as error:
        raise senseless(str(error)) from error


def senseless(why: str) -> LogError:
    return LogError(
        f"the log service's answer makes no sense: {why}",
        advice="something between may have answered: check the project, the region and the proxy",
    )


def _inflated(content: bytes) -> bytes:
    """The service names its compression in a header of its own, so HTTP's rules do not undo it."""
    if content[:1] in {b"{", b"[", b""}:
        return content
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)  # both of zlib's headers
    whole = inflater.decompress(content, MOST_BYTES)
    if not inflater.eof:
        raise ValueError("it is cut off or too large")
    return whole

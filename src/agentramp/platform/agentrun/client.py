"""Signed, bounded calls to the AgentRun control plane.

What may be repeated safely is repeated: reads and full writes (GET, PUT, DELETE) on throttling,
5xx and lost connections; a POST only where the platform cannot have acted (it was throttled, or
no connection was made). A POST whose answer was lost raises OutcomeUnknownError and the caller
reads again.
"""

import json
import platform as machine
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from hashlib import sha256
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from urllib3.exceptions import NewConnectionError, ProxyError

from agentramp import __version__
from agentramp.exchange import Reply
from agentramp.platform.agentrun.again import (
    LOST,
    SERVER_FAULT,
    THROTTLED,
    AgainError,
    Patience,
    Renewing,
)
from agentramp.platform.agentrun.sending import LIMITS, Limits, sent, unanswered
from agentramp.platform.agentrun.signing import (
    Credentials,
    Signable,
    authorization,
    canonical_query,
)
from agentramp.platform.calls import Tell, untold
from agentramp.platform.clock import ServerClock
from agentramp.platform.port import (
    AlreadyExistsError,
    NotFoundError,
    PlatformError,
    UnreachableError,
)

API_VERSION = "2025-09-10"
MOST_ASKED = 60.0
_AGENT = f"agentramp/{__version__} Python/{machine.python_version()}"


class OutcomeUnknownError(UnreachableError):
    """A request that changes something was sent and no answer came: it may have acted."""


@dataclass(frozen=True)
class Action:
    """An operation of the API; ``path`` is without the version prefix and not yet encoded."""

    name: str
    method: str
    path: tuple[str, ...]


@dataclass
class Client:
    """Calls to the control plane at ``url``.

    ``now`` tells seconds since 1970-01-01 UTC, ``monotonic`` those of a clock that nobody sets,
    ``nonce`` a fresh random token and ``jitter`` a number in [0, 1). More than one thread may
    call at a time.
    """

    url: str
    credentials: Callable[[], Credentials]
    now: Callable[[], float]
    sleep: Callable[[float], None]
    nonce: Callable[[], str]
    jitter: Callable[[], float]
    session: requests.Session = field(default_factory=requests.Session)
    monotonic: Callable[[], float] = time.monotonic
    tell: Tell = untold
    version: str = API_VERSION
    enveloped: bool = True
    """Whether an answer stands under ``data``; Function Compute answers with the thing itself."""
    renew: Callable[[Credentials], None] | None = None
    """Told once in a call of credentials that the platform says have ended; then asked again."""
    limits: Limits = LIMITS
    _clock: ServerClock = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._clock = ServerClock(self.now, self.monotonic)
        self.limits.kept_by(self.session)
        # Two threads may share it: its connections are safe, its cookies would be written by both.
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def call(
        self,
        action: Action,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        """The ``data`` of the answer; raises PlatformError or one of its children."""
        payload = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        ask = Renewing(self.credentials, self.renew, Patience(self.sleep, self.jitter))
        return ask(lambda key: self._once(action, self._signed(action, query or {}, payload, key)))

    def _once(self, action: Action, request: requests.PreparedRequest) -> Mapping[str, Any]:
        try:
            answer = sent(
                self.session, action.name, request, self.tell, self.monotonic, self.limits
            )
        except requests.exceptions.ConnectTimeout as error:
            raise AgainError(self._unreachable(error), 0) from error
        except LOST as error:
            raise self._lost(action, error) from error
        except requests.RequestException as error:
            raise self._unreachable(error) from error
        self._clock.hear(answer.headers.get("date", ""))
        return _data(action, answer, enveloped=self.enveloped)

    def server_time(self) -> float:
        """The platform's clock; this machine's before the first answer."""
        return self._clock()

    def _lost(self, action: Action, error: requests.RequestException) -> Exception:
        if action.method == "POST" and not _never_connected(error):
            return OutcomeUnknownError(f"{action.name}: {unanswered(self.url, error)}")
        return AgainError(self._unreachable(error), 0)

    def _unreachable(self, error: Exception) -> UnreachableError:
        return UnreachableError(
            unanswered(self.url, error),
            advice="check the network, the region and the address of the platform, then run again",
        )

    def _signed(
        self, action: Action, query: Mapping[str, str], payload: bytes, credentials: Credentials
    ) -> requests.PreparedRequest:
        path = "/" + "/".join(quote(part, safe="~") for part in (self.version, *action.path))
        headers = self._headers(action, credentials, payload)
        signable = Signable(action.method, path, query, headers)
        headers["authorization"] = authorization(signable, credentials)
        url = self.url + path + (f"?{canonical_query(query)}" if query else "")
        return requests.Request(action.method, url, headers, data=payload or None).prepare()

    def _headers(self, action: Action, credentials: Credentials, payload: bytes) -> dict[str, str]:
        moment = datetime.fromtimestamp(self.now(), timezone.utc)
        headers = {
            "host": urlsplit(self.url).netloc,
            "accept": "application/json",
            "user-agent": _AGENT,
            "x-acs-action": action.name,
            "x-acs-version": self.version,
            "x-acs-date": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": self.nonce(),
            "x-acs-content-sha256": sha256(payload).hexdigest(),
        }
        if payload:
            headers["content-type"] = "application/json; charset=utf-8"
        if credentials.security_token:
            headers["x-acs-accesskey-id"] = credentials.access_key_id
            headers["x-acs-security-token"] = credentials.security_token
        return headers


def _never_connected(error: requests.RequestException) -> bool:
    """Whether no byte of the request can have reached the platform."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(cause, NewConnectionError | ProxyError)


def _data(action: Action, answer: Reply, *, enveloped: bool) -> Mapping[str, Any]:
    body = _json(answer)
    if answer.status < requests.codes.multiple_choices:
        return _payload(action, answer, body, enveloped=enveloped)
    error = _refusal(action, answer, body)
    asked = _asked_wait(answer.headers.get("x-acs-retry-after", ""))
    throttled = answer.status == THROTTLED or "throttl" in error.code.lower()
    broken = answer.status >= SERVER_FAULT and not isinstance(error, AlreadyExistsError)
    # To be asked to wait does not say that nothing was done.
    if throttled or (action.method != "POST" and (broken or asked > 0)):
        raise AgainError(error, asked)
    if broken:
        raise OutcomeUnknownError(
            f"{action.name}: {error.message}", code=error.code, request_id=error.request_id
        )
    raise error


def _payload(
    action: Action, answer: Reply, body: Mapping[str, Any], *, enveloped: bool
) -> Mapping[str, Any]:
    data = body.get("data", {}) if enveloped else body
    nothing = {b""} if enveloped else {b"", b"{}"}
    if isinstance(data, dict) and (body or answer.content in nothing):
        return data
    raise PlatformError(
        f"{action.name}: the answer is no JSON of the platform",
        advice="something between may have answered: check the address and the proxy",
    )


def _asked_wait(milliseconds: str) -> float:
    """Seconds the platform asks to wait; a figure no one can wait for is cut."""
    return min(int(milliseconds) / 1000, MOST_ASKED) if milliseconds.isdigit() else 0.0


def _json(answer: Reply) -> dict[str, Any]:
    try:
        body = json.loads(answer.content)
    except (ValueError, RecursionError):
        body = None
    return body if isinstance(body, dict) else {}


def _refusal(action: Action, answer: Reply, body: Mapping[str, Any]) -> PlatformError:
    """The platform's own words. Its gateway spells the keys with capitals, its service without."""
    code = str(body.get("code") or body.get("Code") or f"HTTP {answer.status}")
    text = str(body.get("message") or body.get("Message") or answer.reason or "no message")
    request_id = str(
        body.get("requestId")
        or body.get("RequestId")
        or answer.headers.get("x-acs-request-id")
        or ""
    )
    kind = _kind(answer.status, text)
    return kind(f"{action.name}: {text}", code=code, request_id=request_id, advice=_advice(code))


def _kind(status: int, text: str) -> type[PlatformError]:
    # Some resources answer 500 for a name that is taken, so the text decides too.
    if "already exist" in text.lower():
        return AlreadyExistsError
    return NotFoundError if status == requests.codes.not_found else PlatformError


def _advice(code: str) -> str:
    for mark, advice in _ADVICE.items():
        if mark.lower() in code.lower():
            return advice
    return "see the platform's message above; its support can look the request id up"


_ADVICE = {
    "InvalidAccessKeyId": "the access key is unknown here: check its id and the account",
    "SignatureDoesNotMatch": "the access key's secret is wrong, or this machine's clock is off",
    "InvalidSecurityToken": "the temporary credentials have expired: fetch new ones",
    "Forbidden": "the identity lacks permission: grant it agentrun actions on this runtime",
    "NoPermission": "the identity lacks permission: grant it agentrun actions on this runtime",
    "AccessDenied": "the identity lacks permission: grant it agentrun actions on this runtime",
    "EntityNotExist.Role": "the role named in s.yaml does not exist in this account",
    "VALIDATION": "mend the field named in the message, then run: agentramp validate",
    "BAD_REQUEST": "mend the field named in the message, then run: agentramp validate",
    "Throttling": "the account's rate limit is spent: wait a minute and run again",
}

"""The RPC style of the vendor's APIs: POST / with the action in a header, signed as ACS3 says.

Source: the requests of the vendor's own clients for STS, RAM, VPC and ECS: the parameters stand in
the query, and the body is empty. Only what changes nothing is asked here, so each question is
repeated where no answer came.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from agentramp.errors import RefusedError
from agentramp.exchange import ExchangeError, Letter, Reply, check_address, post
from agentramp.platform.agentrun.again import SERVER_FAULT, THROTTLED, AgainError, Patience, halfway
from agentramp.platform.agentrun.signing import (
    EMPTY_BODY_SHA256,
    Credentials,
    Signable,
    authorization,
    canonical_query,
)
from agentramp.platform.calls import Call, Tell, untold

ATTEMPTS: Final = 4
TIMEOUT: Final = 30.0
MOST_BYTES: Final = 256 * 1024
_FORM: Final = "application/x-www-form-urlencoded"
_OK: Final = 200


class RpcError(RefusedError):
    """Refused, not reached or not understood; ``code`` is the service's own word for a refusal."""

    def __init__(self, message: str, *, advice: str = "", code: str = "") -> None:
        super().__init__(message, advice=advice)
        self.code = code


@dataclass(frozen=True)
class RpcService:
    """``what`` is the service's name in messages; ``now`` is seconds since 1970-01-01 UTC.

    Raises UsageError for an address that is not safe.
    """

    url: str
    version: str
    what: str
    now: Callable[[], float]
    sleep: Callable[[float], None] = field(repr=False)
    nonce: Callable[[], str] = field(repr=False)
    tell: Tell = field(default=untold, repr=False)

    def __post_init__(self) -> None:
        check_address(self.url, f"the {self.what}")

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def ask(self, action: str, query: Mapping[str, str], key: Credentials) -> Mapping[str, Any]:
        """Signed with ``key``; raises RpcError."""
        return self._asked(action, lambda: self._signed(action, query, key))

    def ask_unsigned(self, action: str, form: Mapping[str, str]) -> Mapping[str, Any]:
        """``form`` goes into the body, so that nothing of it is in an address. Raises RpcError."""
        return self._asked(action, lambda: self._anonymous(action, form))

    def _asked(self, action: str, letter: Callable[[], Letter]) -> Mapping[str, Any]:
        ask = Patience(self.sleep, halfway, ATTEMPTS)
        return ask(lambda: self._once(action, letter))

    def _once(self, action: str, letter: Callable[[], Letter]) -> Mapping[str, Any]:
        try:
            reply = post(letter(), timeout=TIMEOUT, most=MOST_BYTES)
        except ExchangeError as error:
            self.tell(Call(action, 0, 0.0))
            advice = error.advice or "check the network and the region, then run again"
            raise AgainError(RpcError(f"{action}: {error}", advice=advice)) from None
        self.tell(Call(action, reply.status, 1000 * reply.duration))
        if reply.status == _OK:
            return self._loaded(reply)
        refusal = self._refusal(action, reply)
        if reply.status >= SERVER_FAULT or _is_throttled(reply.status, refusal.code):
            raise AgainError(refusal)
        raise refusal

    def _loaded(self, reply: Reply) -> Mapping[str, Any]:
        found = _json(reply.content)
        if isinstance(found, dict):
            return found
        raise self.senseless("is no JSON object")

    def senseless(self, why: str) -> RpcError:
        """For an answer whose words are not those of this service; ``why`` begins with a verb."""
        return RpcError(
            f"the answer of {self.host} {why}",
            advice="something between may have answered: check the address, the region and the"
            " proxy",
        )

    def _refusal(self, action: str, reply: Reply) -> RpcError:
        match _json(reply.content):
            case {"Code": code, "Message": told}:
                code, message = str(code), str(told)
            case _:
                # What is no answer of the service may hold what was sent, so it is not shown.
                code = f"status {reply.status}"
                message = f"the answer is none of the {self.what}"
        return RpcError(f"{action} was refused: {message[:500]} ({code})", code=code)

    def _anonymous(self, action: str, parameters: Mapping[str, str]) -> Letter:
        form = {
            "Action": action,
            "Version": self.version,
            "Format": "JSON",
            "Timestamp": self._moment(),
            "SignatureNonce": self.nonce(),
            **parameters,
        }
        headers = {
            "accept": "application/json",
            "x-acs-action": action,
            "x-acs-version": self.version,
        }
        return Letter(f"{self.url}/", urlencode(form).encode(), _FORM, headers=headers)

    def _signed(self, action: str, query: Mapping[str, str], key: Credentials) -> Letter:
        headers = {
            "host": self.host,
            "accept": "application/json",
            "content-type": _FORM,
            "x-acs-action": action,
            "x-acs-version": self.version,
            "x-acs-date": self._moment(),
            "x-acs-signature-nonce": self.nonce(),
            "x-acs-content-sha256": EMPTY_BODY_SHA256,
        }
        if key.security_token:
            headers["x-acs-accesskey-id"] = key.access_key_id
            headers["x-acs-security-token"] = key.security_token
        headers["authorization"] = authorization(Signable("POST", "/", query, headers), key)
        url = f"{self.url}/" + (f"?{canonical_query(query)}" if query else "")
        return Letter(url, b"", _FORM, headers=headers)

    def _moment(self) -> str:
        return datetime.fromtimestamp(self.now(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_throttled(status: int, code: str) -> bool:
    return status == THROTTLED or "throttling" in code.lower()


def _json(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from agentramp.local.auth import Received, verify
from agentramp.local.keys import Holder
from agentramp.local.records import Identity
from agentramp.local.refusal import RefusalError
from agentramp.platform.agentrun.signing import Credentials, Signable, authorization
from tests.local.client import Control

US = Identity("id", "1" * 16, "local", "our-key", "our-secret")


class OnlyOurs:
    """Knows the account's own key and no other."""

    def holder(self, access_key_id: str, token: str, now: float, thing: str = "") -> Holder:
        assert (token, thing) == ("", "")
        assert now
        if access_key_id != US.access_key_id:
            raise RefusalError(404, "InvalidAccessKeyId.NotFound", "unknown")
        return Holder(US.access_key_secret)


NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
BODY = b'{"targetVersion":"1"}'


def received(**changes: str) -> Received:
    """A call that is signed correctly, but for the headers in ``changes``."""
    digest = hashlib.sha256(BODY).hexdigest()
    headers = {
        "host": "127.0.0.1:1",
        "x-acs-action": "UpdateAgentRuntimeEndpoint",
        "x-acs-content-sha256": digest,
        "x-acs-date": "2026-01-02T03:04:05Z",
        "x-acs-signature-nonce": "nonce",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    query = {"a": "é ~*+/", "b": ""}
    signable = Signable("PUT", "/2025-09-10/x%20y", query, headers)
    signed = authorization(signable, Credentials(US.access_key_id, US.access_key_secret))
    return Received(
        "PUT",
        "/2025-09-10/x%20y",
        "b=&a=%C3%A9+~%2A%2B%2F",
        {**headers, "authorization": signed, "unsigned": "x"},
        BODY,
        digest,
    )


def fresh(_nonce: str, _now: float, _keep: float) -> bool:
    return True


def refusal(request: Received, *, now: datetime = NOW, nonces: object = fresh) -> RefusalError:
    assert callable(nonces)
    with pytest.raises(RefusalError) as caught:
        verify(request, OnlyOurs(), now.timestamp(), nonces)
    return caught.value


def test_a_correct_signature() -> None:
    verify(received(), OnlyOurs(), NOW.timestamp(), fresh)


@pytest.mark.parametrize(
    "minutes",
    [-14, 14],
)
def test_a_clock_that_is_nearly_right(minutes: int) -> None:
    verify(received(), OnlyOurs(), (NOW + timedelta(minutes=minutes)).timestamp(), fresh)


def header(name: str, value: str) -> Callable[[Received], Received]:
    return lambda request: replace(request, headers={**request.headers, name: value})


def without(name: str) -> Callable[[Received], Received]:
    return lambda request: replace(
        request, headers={k: v for k, v in request.headers.items() if k != name}
    )


def edited(old: str, new: str) -> Callable[[Received], Received]:
    return lambda request: header(
        "authorization", request.headers["authorization"].replace(old, new)
    )(request)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (without("authorization"), 401, "MissingAuthorization"),
        (header("authorization", "Bearer x"), 401, "MissingAuthorization"),
        (edited("our-key", "other-key"), 404, "InvalidAccessKeyId.NotFound"),
        (edited("Signature=", "Signature=0000"), 401, "MissingAuthorization"),
        (header("x-acs-action", "DeleteAgentRuntime"), 400, "SignatureDoesNotMatch"),
        (header("host", "elsewhere"), 400, "SignatureDoesNotMatch"),
        (edited("host;", ""), 400, "IncompleteSignature"),
        (edited("host;", "host;unsent;"), 400, "IncompleteSignature"),
        (without("x-acs-date"), 400, "IncompleteSignature"),
        (lambda r: replace(r, method="POST"), 400, "SignatureDoesNotMatch"),
        (lambda r: replace(r, path="/2025-09-10/x y"), 400, "SignatureDoesNotMatch"),
        (lambda r: replace(r, query="b=&a=other"), 400, "SignatureDoesNotMatch"),
        (lambda r: replace(r, query=r.query + "&a=2"), 400, "ERR_VALIDATION_FAILED"),
        (lambda r: replace(r, body=b"{}", digest="0" * 64), 400, "SignatureDoesNotMatch"),
    ],
)
def test_what_is_refused(change: Callable[[Received], Received], status: int, code: str) -> None:
    found = refusal(change(received()))
    assert (found.status, found.code) == (status, code)


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_clock_that_is_wrong(minutes: int) -> None:
    found = refusal(received(), now=NOW + timedelta(minutes=minutes))
    assert found.code == "InvalidTimeStamp.Expired"


def test_a_date_that_is_none() -> None:
    assert refusal(received(x_acs_date="yesterday")).code == "InvalidTimeStamp.Format"


def test_a_used_nonce() -> None:
    found = refusal(received(), nonces=lambda *_: False)
    assert found.code == "SignatureNonceUsed"


def test_a_wrong_signature_uses_no_nonce() -> None:
    used: list[str] = []

    def remember(nonce: str, _now: float, _keep: float) -> bool:
        used.append(nonce)
        return True

    refusal(header("x-acs-action", "Other")(received()), nonces=remember)
    assert used == []


# --- the same over HTTP ------------------------------------------------------------------------


def test_over_http(control: Control) -> None:
    assert control.call("GET", "/workspaces").status == 200
    method, target, content, headers = control.sent[-1]
    again = control.send(method, target, content, headers)
    assert (again.status, again.body["code"]) == (400, "SignatureNonceUsed")
    assert set(again.body) == {"code", "message", "requestId"}
    assert again.headers["x-acs-request-id"] == again.body["requestId"]


def test_wrong_keys_over_http(control: Control) -> None:
    control.secret = "guessed"
    assert control.call("GET", "/workspaces").body["code"] == "SignatureDoesNotMatch"
    control.key = "guessed"
    answer = control.call("GET", "/workspaces")
    assert (answer.status, answer.body["code"]) == (404, "InvalidAccessKeyId.NotFound")


def test_another_body_over_http(control: Control) -> None:
    headers = control.headers("POST", "/workspaces", b'{"name":"mine"}', {})
    answer = control.send("POST", "/2025-09-10/workspaces", b'{"name":"theirs"}', headers)
    assert answer.body["code"] == "SignatureDoesNotMatch"


def test_an_old_date_over_http(control: Control) -> None:
    control.clock = datetime.now(timezone.utc) - timedelta(minutes=16)
    assert control.call("GET", "/workspaces").body["code"] == "InvalidTimeStamp.Expired"

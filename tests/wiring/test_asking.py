"""How an endpoint is asked: signed where it wants that, again where it may not be known yet."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.model import Endpoint, Split
from agentramp.platform.agentrun.dataplane_signing import dataplane_headers
from agentramp.platform.agentrun.services import Services
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.registry import Address
from agentramp.wiring.asking import ATTEMPTS, PROMPT, Asked, VerifyError, asked
from tests.evidence.servers import Received, Respond, Said, Site, serving
from tests.verbs.scene import Scene

KEY = Credentials("LTAI-id", "hush", "token")
REGION = "cn-hangzhou"
STREAM = {"Content-Type": "text/event-stream"}
CHOICE = {"choices": [{"delta": {"content": "hello"}, "finish_reason": "stop"}]}
WELL = Said(200, f"data: {json.dumps(CHOICE)}\n\n".encode(), STREAM)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path, now=1.8e9, region=REGION)


def ask(scene: Scene, site: Site, timeout: float = 30.0) -> Asked:
    endpoint = Endpoint("ep", "production", Split(1), url=f"{site.url}/agents/1/")
    address = Address(Services(REGION, "http://127.0.0.1:9", lambda: "1"), lambda: KEY)
    where = replace(scene.where, address=address)
    context = replace(scene.context, clock=lambda: scene.now)
    return asked(context, where, endpoint, PROMPT, timeout)


def in_turn(*said: Said) -> Respond:
    """The last one for ever."""
    turns = iter(said[:-1])
    return lambda _: next(turns, said[-1])


def test_the_guides_own_request(scene: Scene) -> None:
    with serving(in_turn(WELL)) as site:
        found = ask(scene, site)
        (request,) = site.received
    assert (found.heard.text, found.signed) == ("hello", False)
    assert (request.method, request.path) == ("POST", "/agents/1/openai/v1/chat/completions")
    body = json.loads(request.body)
    assert body["stream"] is True
    assert body["messages"] == [{"role": "user", "content": PROMPT}]
    assert "agentrun-authorization" not in request.headers


def is_signed(request: Received, key: Credentials, region: str) -> bool:
    """Made again from what came, at any moment that it names."""
    url = f"http://{request.headers['host']}{request.path}"
    given = request.headers.get("agentrun-authorization", "")
    expected = dataplane_headers(
        "POST", url, region, key, 1.8e9, content_type=request.headers["content-type"]
    )
    return given == expected["Agentrun-Authorization"]


@pytest.mark.parametrize("status", [401, 403])
def test_signed_where_it_must_be(scene: Scene, status: int) -> None:
    def guarded(request: Received) -> Said:
        return WELL if is_signed(request, KEY, REGION) else Said(status)

    with serving(guarded) as site:
        found = ask(scene, site)
        plain, signed = site.received
    assert found.signed
    assert "agentrun-authorization" not in plain.headers
    assert signed.headers["x-acs-security-token"] == "token"
    assert "hush" not in str(signed)


def test_a_signature_that_does_not_open_it(scene: Scene) -> None:
    with serving(in_turn(Said(403))) as site, pytest.raises(VerifyError) as caught:
        ask(scene, site)
    assert "answers 403, also where the request is signed" in caught.value.message
    assert "grant the identity" in caught.value.advice
    assert len(site.received) == 2


def test_credentials_that_have_ended_are_renewed(scene: Scene) -> None:
    ended = Said(403, b'{"code": "InvalidSecurityToken.Expired"}')
    fresh = Credentials("LTAI-2", "hush", "token-2")
    refused: list[Credentials] = []

    def guarded(request: Received) -> Said:
        return WELL if is_signed(request, fresh, REGION) else ended

    with serving(guarded) as site:
        endpoint = Endpoint("ep", "production", Split(1), url=f"{site.url}/agents/1/")
        services = Services(REGION, "http://127.0.0.1:9", lambda: "1")
        address = Address(services, lambda: fresh if refused else KEY, refused.append)
        where = replace(scene.where, address=address)
        assert asked(scene.context, where, endpoint, PROMPT, 30.0).signed
        assert [one.headers.get("x-acs-security-token") for one in site.received] == [
            None,
            "token",
            "token-2",
        ]
    assert refused == [KEY]


@pytest.mark.parametrize("status", [404, 502, 503, 504])
def test_an_endpoint_that_is_not_known_everywhere_yet(scene: Scene, status: int) -> None:
    with serving(in_turn(Said(status), Said(401), WELL)) as site:
        assert ask(scene, site).signed
    with serving(in_turn(Said(status))) as site, pytest.raises(VerifyError, match=f"{status}"):
        ask(scene, site)
    assert len(site.received) == ATTEMPTS


def test_an_agent_without_that_path(scene: Scene) -> None:
    with serving(in_turn(Said(404, b"nothing here"))) as site, pytest.raises(VerifyError) as caught:
        ask(scene, site)
    assert "the agent has no path /openai/v1/chat/completions" in caught.value.message
    assert "nothing here" in caught.value.message
    assert len(site.received) == ATTEMPTS


def test_an_agent_that_is_down(scene: Scene) -> None:
    with serving(in_turn(WELL)) as site:
        pass
    with pytest.raises(VerifyError, match=r"does not answer: .*cannot be reached") as caught:
        ask(scene, site)
    assert "agentramp logs" in caught.value.advice


def test_a_slow_one_is_asked_once(scene: Scene) -> None:
    """Its time is over: to ask again would only make it longer."""
    over = threading.Event()

    def slow(_: Received) -> Said:
        scene.now += 60
        over.wait(30)
        return WELL

    with serving(slow) as site:
        with pytest.raises(VerifyError, match=r"did not answer within 0\.3 s"):
            ask(scene, site, timeout=0.3)
        over.set()
        assert len(site.received) == 1


REFUSED: list[tuple[Said, str]] = [
    (Said(500, b"no model"), "answers 500:\nno model"),
    (Said(200, b"<html>", {"Content-Type": "text/html"}), "is no chat completion"),
    (Said(200, b"data: {}\n\n", STREAM), "an event that is no chat completion"),
    (Said(200, b'data: {"error": "no"}\n\n', STREAM), "ended with an error"),
]


@pytest.mark.parametrize(("said", "why"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_answer(scene: Scene, said: Said, why: str) -> None:
    with serving(in_turn(said)) as site, pytest.raises(VerifyError) as caught:
        ask(scene, site)
    assert why in caught.value.message
    assert "production, which serves v1 100 %" in caught.value.message
    assert len(site.received) == 1

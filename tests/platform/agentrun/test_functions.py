"""FunctionCompute where a healthy platform does not go, and against the vendor's own models."""

import json
from dataclasses import replace
from typing import Any

import pytest
from alibabacloud_fc20230330 import models

from agentramp.model import LATEST, Certificate, CustomDomain, DomainRoute
from agentramp.platform.agentrun import functions_wire as wire
from agentramp.platform.agentrun.client import Client
from agentramp.platform.agentrun.functions import VERSION, FunctionCompute
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.functions import Instance
from agentramp.platform.port import NotAppliedError, PlatformError, UnreachableError
from tests.platform.agentrun.scripted import Asked, Say, Script, scripted

ROUTE = {"path": "/*", "functionName": "agentrun-rt-1"}
PRESENT = {"domainName": "a.com", "protocol": "HTTP", "routeConfig": {"routes": [ROUTE]}}
DOMAIN = CustomDomain("a.com", routes=(DomainRoute("/*"),))
FULL = CustomDomain(
    "a.com",
    "HTTP,HTTPS",
    (DomainRoute("/x/*", "3", ("GET",)), DomainRoute("/*")),
    Certificate("mine", "chain", "key"),
    "TLSv1.2",
    "TLSv1.3",
    ("TLS_A", "TLS_B"),
    "jwt",
    "{}",
    firewall=True,
)


def functions(url: str) -> FunctionCompute:
    client = Client(
        url=url,
        credentials=lambda: Credentials("id", "secret"),
        now=lambda: 1_767_323_045.0,
        sleep=lambda _: None,
        nonce=lambda: "n",
        jitter=lambda: 0.0,
        version=VERSION,
        enveloped=False,
    )
    return FunctionCompute(client, lambda: url, lambda: "1234")


def steps(*answers: Say) -> Script:
    left = list(answers)
    return lambda _: left.pop(0)


def missing(code: str = "DomainNameNotFound") -> Say:
    return Say(404, {"Code": code, "Message": "it does not exist", "RequestId": "r"})


def test_requests_are_the_vendors() -> None:
    with scripted(lambda _: Say(200, {"reservedConcurrency": 3})) as (url, seen):
        assert functions(url).reserve("rt-1", 3) == 3
    put, get = seen
    assert (put.method, put.path) == ("PUT", "/2023-03-30/functions/agentrun-rt-1/concurrency")
    assert put.body == models.PutConcurrencyInput(reserved_concurrency=3).to_map()
    assert put.headers["x-acs-version"] == "2023-03-30"
    assert [one.headers["x-acs-action"] for one in (put, get)] == [
        "PutConcurrencyConfig",
        "GetConcurrencyConfig",
    ]


def test_an_instance_as_the_vendors_model_writes_it() -> None:
    model = models.InstanceInfo(
        created_time_ms=1_700_000_000_500,
        instance_id="c-1",
        qualifier="LATEST",
        status="Running",
        version_id="0",
    )
    expected = Instance("c-1", LATEST, "Running", 1_700_000_000.5, "LATEST")
    assert wire.decode_instance(model.to_map()) == expected
    assert wire.decode_instance({"instanceId": "c-2", "versionId": "4"}).version == "4"


@pytest.mark.parametrize("data", [{}, {"instanceId": "c", "createdTimeMs": "soon"}])
def test_an_instance_that_makes_no_sense(data: dict[str, Any]) -> None:
    with pytest.raises(PlatformError, match="without its id or its time"):
        wire.decode_instance(data)


def test_a_domain_as_the_vendors_model_reads_it() -> None:
    body = {"domainName": FULL.name, **wire.encode_domain(FULL, "agentrun-rt-1")}
    model = models.CreateCustomDomainInput().from_map(body)
    assert model.to_map() == body
    answer = models.CustomDomain().from_map(body).to_map()
    assert wire.decode_domain(answer) == (FULL, ("rt-1",))


def test_what_a_domain_does_not_say_is_sent_back() -> None:
    read = wire.encode_domain(FULL, "agentrun-rt-1") | {"accountId": "1", "createdTime": "then"}
    sent = wire.encode_domain(DOMAIN, "agentrun-rt-1", read)
    assert sent["routeConfig"] == {"routes": [ROUTE]}
    assert sent["protocol"] == "HTTP"
    assert sent["tlsConfig"] == read["tlsConfig"]
    assert sent["certConfig"] == read["certConfig"]
    assert "accountId" not in sent
    assert models.UpdateCustomDomainInput().from_map(sent).to_map() == sent


def test_half_a_certificate_is_not_sent_back() -> None:
    read = {"certConfig": {"certName": "mine", "certificate": "chain"}, "tlsConfig": None}
    assert set(wire.encode_domain(DOMAIN, "f", read)) == {"protocol", "routeConfig"}


def test_a_domain_of_another_function_is_told_by_its_name() -> None:
    routes = [ROUTE, {"path": "/b", "functionName": "a-function"}, ROUTE]
    _, leads_to = wire.decode_domain(PRESENT | {"routeConfig": {"routes": routes}})
    assert leads_to == ("rt-1", "a-function")


@pytest.mark.parametrize(
    ("config", "found"),
    [({}, False), ({"project": "p"}, False), ({"project": "p", "logstore": "l"}, True)],
)
def test_a_log_configuration(config: dict[str, str], *, found: bool) -> None:
    assert (wire.decode_log_store({"logConfig": config}) is not None) is found
    assert wire.decode_log_store({}) is None


def test_pages_are_followed_where_there_are_any() -> None:
    def page(asked: Asked) -> Say:
        start = int(asked.path.partition("startKey=")[2].partition("&")[0] or 0)
        items = [{"instanceId": f"c-{start + n}", "versionId": "1"} for n in (0, 1)]
        return Say(200, {"instances": items, "nextStartKey": str(start + 2) if start < 4 else ""})

    with scripted(page) as (url, seen):
        found = functions(url).instances("rt-1", "1")
    assert [one.id for one in found] == [f"c-{number}" for number in range(6)]
    assert len(seen) == 3
    assert all("withAllActive=true" in one.path for one in seen)


def test_a_page_that_comes_again_ends_the_list() -> None:
    body = {"instances": [{"instanceId": "c-1"}], "nextStartKey": "x"}
    with scripted(lambda _: Say(200, body)) as (url, seen):
        assert [one.id for one in functions(url).instances("rt-1")] == ["c-1"]
    assert len(seen) == 2


def test_no_reservation_is_none_and_no_function_is_an_error() -> None:
    answers = steps(missing("ConcurrencyConfigNotFound"), missing("FunctionNotFound"))
    with scripted(answers) as (url, _):
        assert functions(url).concurrency("rt-1") is None
        with pytest.raises(PlatformError, match="FunctionNotFound, request id r"):
            functions(url).concurrency("rt-1")


@pytest.mark.parametrize("trouble", [Say(0), Say(500), Say(429), Say(503)])
def test_reads_and_whole_writes_are_repeated(trouble: Say) -> None:
    there, gone = Say(200, {"reservedConcurrency": 4}), missing("ConcurrencyConfigNotFound")
    with scripted(steps(trouble, there, trouble, there)) as (url, _):
        assert functions(url).reserve("rt-1", 4) == 4
    with scripted(steps(trouble, Say(204), trouble, gone)) as (url, _):
        assert functions(url).reserve("rt-1", None) is None


def test_a_reservation_that_was_not_kept_is_told() -> None:
    with scripted(lambda _: Say(200, {"reservedConcurrency": 2})) as (url, _):
        assert functions(url).reserve("rt-1", 9) == 2


def test_a_domain_made_by_a_request_whose_answer_was_lost_is_found() -> None:
    present = Say(200, PRESENT)
    with scripted(steps(missing(), Say(0), present, present, present)) as (url, seen):
        assert functions(url).set_domain("rt-1", DOMAIN) == DOMAIN
    assert [one.method for one in seen] == ["GET", "POST", "GET", "PUT", "GET"]


def test_a_domain_whose_request_was_lost_is_asked_for_again() -> None:
    answers = steps(missing(), Say(500), missing(), Say(200, PRESENT), Say(200, PRESENT))
    with scripted(answers) as (url, seen):
        assert functions(url).set_domain("rt-1", DOMAIN) == DOMAIN
    assert [one.method for one in seen] == ["GET", "POST", "GET", "POST", "GET"]


def test_a_domain_that_is_never_made() -> None:
    def answer(asked: Asked) -> Say:
        return Say(0) if asked.method == "POST" else missing()

    with scripted(answer) as (url, seen), pytest.raises(UnreachableError):
        functions(url).set_domain("rt-1", DOMAIN)
    assert [one.method for one in seen].count("POST") == 3


@pytest.mark.parametrize(
    "found",
    [
        missing(),
        Say(200, PRESENT | {"protocol": "HTTPS"}),
        Say(200, PRESENT | {"routeConfig": {"routes": [ROUTE | {"functionName": "other"}]}}),
        Say(200, PRESENT | {"routeConfig": {"routes": [ROUTE, ROUTE | {"path": "/b"}]}}),
    ],
)
def test_a_domain_that_is_not_as_it_was_set(found: Say) -> None:
    with (
        scripted(steps(Say(200, PRESENT), Say(200), found)) as (url, _),
        pytest.raises(NotAppliedError, match=r"domain a\.com is not"),
    ):
        functions(url).set_domain("rt-1", DOMAIN)


def test_what_a_platform_keeps_to_itself_is_believed() -> None:
    shown = replace(FULL, certificate=Certificate("mine", "chain", ""), auth_info=None)
    assert wire.unsaid(FULL, shown) == []
    other = replace(FULL, certificate=Certificate("other", "chain", ""))
    assert wire.unsaid(FULL, other) == ["certificate"]


MASKS = [None, "", "******", '{"jwks": {"k": "***"}}']


@pytest.mark.parametrize("shown", MASKS)
def test_what_lets_callers_in_is_not_sent_back_masked(shown: str | None) -> None:
    read = PRESENT | {"authConfig": {"authType": "jwt", "authInfo": shown}}
    assert "authConfig" not in wire.encode_domain(DOMAIN, "f", read)
    same = replace(DOMAIN, auth_type="jwt")
    assert "authConfig" not in wire.encode_domain(same, "f", read)
    new = replace(DOMAIN, auth_type="jwt", auth_info="{}")
    assert wire.encode_domain(new, "f", read)["authConfig"] == {"authType": "jwt", "authInfo": "{}"}
    assert wire.unsaid(FULL, replace(FULL, auth_info=shown)) == []


def test_what_lets_callers_in_is_sent_back_where_it_is_shown() -> None:
    for auth in ({"authType": "jwt", "authInfo": "{}"}, {"authType": "function"}):
        assert wire.encode_domain(DOMAIN, "f", PRESENT | {"authConfig": auth})["authConfig"] == auth


@pytest.mark.parametrize("key", ["", "******"])
def test_a_masked_key_is_not_sent_back(key: str) -> None:
    read = {"certConfig": {"certName": "mine", "certificate": "chain", "privateKey": key}}
    assert "certConfig" not in wire.encode_domain(DOMAIN, "f", read)


GUARDED = {
    "certConfig": {"certName": "mine", "certificate": "chain"},
    "authConfig": {"authType": "jwt"},
}


@pytest.mark.parametrize(("name", "told"), [("certConfig", "certificate"), ("authConfig", "auth")])
def test_what_was_lost_for_want_of_its_secret_is_told(name: str, told: str) -> None:
    before = Say(200, PRESENT | GUARDED)
    after = Say(200, PRESENT | {key: value for key, value in GUARDED.items() if key != name})
    with scripted(steps(before, Say(200), after)) as (url, seen):
        with pytest.raises(NotAppliedError, match=f"has lost its {told}") as caught:
            functions(url).set_domain("rt-1", DOMAIN)
        assert not set(GUARDED) & set(seen[1].body)
    assert name in caught.value.advice
    with scripted(steps(before, Say(200), before)) as (url, _):
        assert functions(url).set_domain("rt-1", DOMAIN).auth_type == "jwt"


def test_an_answer_that_is_no_json_is_told() -> None:
    with (
        scripted(lambda _: Say(200, raw=b"<html>")) as (url, _),
        pytest.raises(PlatformError, match="no JSON"),
    ):
        functions(url).log_store("rt-1")


def test_no_secret_is_shown() -> None:
    assert "key" not in repr(FULL.certificate)
    assert "secret" not in json.dumps(repr(functions("http://127.0.0.1:9").client.credentials()))

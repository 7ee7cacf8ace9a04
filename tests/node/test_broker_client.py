"""The vendor's own client and ours, at the same broker: they buy the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentramp.site.broker.client import HttpBroker
from agentramp.site.messages import ON_PAGE
from agentramp.site.purchase import Done, Limits
from agentramp.site.standing import AwaitingPayment, Expired, Failed
from agentramp.site.tokens import Token
from tests.node.installed import node_modules, run
from tests.site.buyer_desk import Desk
from tests.site.emulator import TOKEN, Emulator, bodies, running

SCRIPT = Path(__file__).with_name("broker_client.mjs")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with running() as one:
        yield one


def theirs(emulator: Emulator, session: str | None = None) -> dict[str, Any]:
    asked = {"baseUrl": emulator.url, "authToken": TOKEN, "successMessage": ON_PAGE}
    text = json.dumps({**asked, "cachedCheckoutId": session})
    said = json.loads(run(SCRIPT, str(node_modules("broker")), text=text))
    assert isinstance(said, dict)
    return said


def ours(emulator: Emulator, folder: Path, limits: Limits | None = None) -> Desk:
    broker = HttpBroker(emulator.url, Token.of(emulator.url, TOKEN))
    return Desk(broker, folder, limits or Limits())


@pytest.mark.parametrize("place", ["root", "mounted"])
def test_both_end_with_the_same_orders_and_the_same_site(
    emulator: Emulator, tmp_path: Path, place: str
) -> None:
    emulator.link_at = place
    found = theirs(emulator)
    bought = ours(emulator, tmp_path).buyer.create(another=True)  # a site is there already
    first, second = emulator.orders
    assert {**first, "id": ""} == {**second, "id": ""}
    assert bodies([first])[0]["metadata"]["page_info"]["success_message"] == ON_PAGE
    assert isinstance(bought.end, Done)
    site = bought.end.site
    named = {
        "sessionId": bought.session,
        "appUrl": site.url,
        "homeUrl": site.home_url,
        "dashboardUrl": site.dashboard_url,
        "subscriptionUrl": site.subscription_url,
        "token": site.token,
    }
    assert (found["sessionId"], bought.session) == ("cs_1", "cs_2")
    assert json.dumps(found).replace("cs_1", "cs_2") == json.dumps(named)
    assert {call for call, token in emulator.tokens if token} == {
        "find",
        "start",
        "order",
        "detail",
    }


def test_what_one_began_the_other_goes_on_with(emulator: Emulator, tmp_path: Path) -> None:
    desk = ours(emulator, tmp_path, Limits(wait_for_payment=False))
    assert desk.buyer.create().end == AwaitingPayment()
    found = theirs(emulator, "cs_1")  # it is paid by now
    assert found["sessionId"] == "cs_1"
    resumed = desk.buyer.resume()
    assert isinstance(resumed.end, Done)
    assert resumed.end.site.url == found["appUrl"]
    assert emulator.sessions == ["cs_1"]


def test_where_theirs_buys_a_second_time_ours_does_not(emulator: Emulator, tmp_path: Path) -> None:
    """One failed look at the session is enough for theirs."""
    emulator.unpaid = 0
    desk = ours(emulator, tmp_path)
    desk.buyer.create()
    emulator.fail("order", "503")
    theirs(emulator, "cs_1")
    assert emulator.sessions == ["cs_1", "cs_2"]
    emulator.fail("order", "503")
    assert isinstance(desk.buyer.create().end, Done)
    assert emulator.sessions == ["cs_1", "cs_2"]


@pytest.mark.parametrize(("course", "end"), [("expired", Expired), ("failed", Failed)])
def test_where_theirs_waits_its_time_out_ours_ends_at_once(
    emulator: Emulator, tmp_path: Path, course: str, end: type
) -> None:
    emulator.course = course
    assert "error" in theirs(emulator)
    asked = emulator.calls.count("order")
    assert asked >= 50
    desk = ours(emulator, tmp_path)
    assert isinstance(desk.buyer.create(another=True).end, end)
    # One look at the session that was there before belongs to it.
    assert emulator.calls.count("order") - asked <= 5

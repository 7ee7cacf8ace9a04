"""The broker in memory and the client of the real protocol answer alike."""

from collections.abc import Iterator

import pytest

from agentramp.site.broker.client import HttpBroker
from agentramp.site.broker.memory import MemoryBroker
from agentramp.site.broker.port import Broker, BrokerError, Known, NoSession, PassingError
from agentramp.site.messages import ON_PAGE
from agentramp.site.standing import AwaitingPayment, Installed, Installing, standing
from agentramp.site.tokens import Token
from tests.site.emulator import TOKEN, running


@pytest.fixture(params=["memory", "http"])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    if request.param == "memory":
        yield MemoryBroker()
        return
    with running() as emulator:
        yield HttpBroker(emulator.url, Token.of(emulator.url, TOKEN))


def test_each_start_is_another_session_and_the_last_is_found_by_the_link(broker: Broker) -> None:
    link = broker.link()
    assert broker.find(link, link.id) == NoSession()
    first = broker.start(link, ON_PAGE)
    second = broker.start(link, ON_PAGE)
    assert first.id != second.id
    assert first.payment_url.startswith("http")
    by_link, by_id = broker.find(link, link.id), broker.find(link, first.id)
    assert isinstance(by_link, Known)
    assert isinstance(by_id, Known)
    assert (by_link.id, by_id.id) == (second.id, first.id)
    assert broker.find(link, "cs_unknown") == NoSession()


def test_an_order_goes_from_unpaid_to_a_site_with_a_token(broker: Broker) -> None:
    link = broker.link()
    session = broker.start(link, ON_PAGE).id
    seen = []
    while not isinstance(found := standing(broker.order(link, session)), Installed):
        seen.append(type(found))
        assert len(seen) < 20
    assert seen[0] is AwaitingPayment
    assert Installing in seen
    while not (isinstance(found, Installed) and found.app_url):
        found = standing(broker.order(link, session))
    application = broker.application(found.app_url)
    while not application.owner_did:
        application = broker.application(found.app_url)
    detail = broker.detail(link, session, application.owner_did, application.app_did)
    site = detail.vendors[0]
    assert site.kind == "launcher"
    assert site.token
    assert site.token not in repr(detail)
    assert all(url.startswith("http") for url in (site.app_url, site.dashboard_url))


def test_what_is_not_there_is_refused_for_good(broker: Broker) -> None:
    link = broker.link()
    for ask in (
        lambda: broker.order(link, "cs_unknown"),
        lambda: broker.detail(link, "cs_unknown", "zOwner", "zApp"),
    ):
        with pytest.raises(BrokerError) as caught:
            ask()
        assert not isinstance(caught.value, PassingError)

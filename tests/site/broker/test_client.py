"""What goes over the wire, and what each kind of bad answer comes to."""

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs

import pytest

from agentramp.errors import UsageError
from agentramp.site.broker import answers
from agentramp.site.broker.client import HttpBroker
from agentramp.site.broker.port import (
    BrokerError,
    Link,
    PassingError,
    UnreadableError,
    Vendor,
)
from agentramp.site.messages import ON_PAGE
from agentramp.site.tokens import Token
from tests.site.emulator import LINK, MOUNT, TOKEN, Emulator, bodies, running


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with running() as one:
        yield one


def client(emulator: Emulator, token: str = TOKEN, timeout: float = 30.0) -> HttpBroker:
    return HttpBroker(emulator.url, Token.of(emulator.url, token), timeout)


def asks(broker: HttpBroker, emulator: Emulator) -> dict[str, Callable[[], object]]:
    link = Link(LINK, emulator.url + MOUNT)
    return {
        "describe": broker.link,
        "find": lambda: broker.find(link, LINK),
        "start": lambda: broker.start(link, ON_PAGE),
        "order": lambda: broker.order(link, "cs_1"),
        "application": lambda: broker.application(f"{emulator.url}/apps/cs_1"),
        "detail": lambda: broker.detail(link, "cs_1", "zOwner", "zAppcs_1"),
    }


@pytest.mark.parametrize("place", ["root", "mounted"])
def test_the_link_is_found_in_both_places(emulator: Emulator, place: str) -> None:
    emulator.link_at = place
    assert client(emulator).link().id == LINK
    assert emulator.calls == ["describe"] * (1 if place == "root" else 2)


def test_the_token_goes_with_the_broker_s_own_calls_and_no_others(emulator: Emulator) -> None:
    broker = client(emulator)
    emulator.start({})
    for ask in asks(broker, emulator).values():
        ask()
    with_token = {call for call, token in emulator.tokens if token}
    assert with_token == {"find", "start", "order", "detail"}
    assert TOKEN not in repr(broker)
    elsewhere = Link(LINK, "http://127.0.0.1:9/payment")
    with pytest.raises(UsageError, match=r"is not sent to 127\.0\.0\.1:9"):
        broker.order(elsewhere, "cs_1")


def test_what_is_sent_is_what_the_protocol_has(emulator: Emulator) -> None:
    broker = client(emulator)
    link = broker.link()
    broker.start(link, ON_PAGE)
    page = {"has_vendor": True, "success_message": ON_PAGE}
    assert bodies(emulator.orders) == [{"needShortUrl": True, "metadata": {"page_info": page}}]
    with pytest.raises(BrokerError):
        broker.detail(link, "cs_1", "z owner&appDid=z", "z/ü")
    asked = parse_qs(emulator.queries[-1], strict_parsing=True)
    assert asked == {"shortUrl": ["true"], "ownerDid": ["z owner&appDid=z"], "appDid": ["z/ü"]}
    with pytest.raises(BrokerError):
        broker.order(link, "../../start/x")
    assert emulator.calls[-1] == "order"  # one part of its path, whatever is in it
    assert len(emulator.orders) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("500", PassingError),
        ("429", PassingError),
        ("large", PassingError),
        ("cut-before", PassingError),
        ("cut-after", PassingError),
        ("html", UnreadableError),
        ("list", UnreadableError),
        ("redirect", PassingError),
        ("403", BrokerError),
        ("404", BrokerError),
    ],
)
def test_each_fault_of_each_call(emulator: Emulator, fault: str, kind: type) -> None:
    emulator.start({})
    for call, ask in asks(client(emulator), emulator).items():
        # A site that is not up yet may answer anything.
        if (call, fault) in {("application", "403"), ("application", "404")}:
            continue
        if (call, fault) == ("find", "404"):  # its own word for none
            continue
        emulator.fail(call, fault)
        with pytest.raises(kind) as caught:
            ask()
        assert isinstance(caught.value, PassingError) == issubclass(kind, PassingError), call
        assert TOKEN not in str(caught.value)
        assert ("answered more than 2097152 bytes" in str(caught.value)) == (fault == "large"), call


def test_an_empty_answer_names_nothing(emulator: Emulator) -> None:
    emulator.start({})
    for call in ("start", "find", "order", "detail"):
        emulator.fail(call, "empty")
        with pytest.raises(UnreadableError):
            asks(client(emulator), emulator)[call]()
    emulator.fail("describe", "empty", "empty")
    with pytest.raises(BrokerError, match="sells no site"):
        client(emulator).link()


def test_a_slow_answer_is_not_waited_for(emulator: Emulator) -> None:
    emulator.fail("start", "slow")
    with pytest.raises(PassingError, match="did not answer within"):
        client(emulator, timeout=0.3).start(Link(LINK, emulator.url + MOUNT), ON_PAGE)


def test_a_wrong_token_is_told_at_once(emulator: Emulator) -> None:
    broker = client(emulator, "wrong")
    with pytest.raises(BrokerError, match=r"refuses .* \(401\)") as caught:
        broker.start(broker.link(), ON_PAGE)
    assert "site login" in caught.value.advice
    assert not emulator.orders


def test_a_site_elsewhere_than_on_https_is_not_asked(emulator: Emulator) -> None:
    with pytest.raises(UnreadableError):
        client(emulator).application("http://example.com/app")
    assert not emulator.calls


def test_words_and_numbers_of_any_kind_make_no_noise() -> None:
    nan, inf = float("nan"), float("inf")
    said = {
        "payment_status": "PAID",
        "vendors": [
            None,
            7,
            {"vendorType": "launcher", "progress": nan, "appUrl": "javascript:alert(1)"},
            {"vendorType": 3, "progress": inf, "appUrl": None},
            {"progress": True, "appUrl": "undefined"},
            {"progress": "100"},
        ],
    }
    order = answers.order(said)
    assert order.payment == "paid"
    assert order.vendors == (
        Vendor("launcher", "", 0.0),
        Vendor("", "", 0.0),
        Vendor("", "", 0.0),
        Vendor("", "", 0.0),
    )
    assert answers.order({"error": {"message": "no"}}).error == "no"
    assert answers.order({"error": ["odd"]}).error == "it gives no reason"
    longest = "https://x.example/".ljust(2000, "a")
    assert answers.address(longest) == longest
    assert answers.address(longest + "a") == ""
    assert answers.order({"payment_status": "a" * 2001, "session_status": "open"}).payment == ""
    for odd in ("\x1b[2J", "a\n::error::x", "\ud800", "a\u202eb"):
        said = {"payment_status": odd, "session_status": "open", "error": odd}
        order = answers.order(said)
        assert (order.payment, order.error.isprintable()) == ("", True)
        assert order.error
    assert answers.order({"error": " a\n\x1b[2J b\ud800 "}).error == r"a \x1b[2J b\ud800"
    assert answers.order({"error": "x" * 3000}).error == "x" * 500
    for address in ("https://[", "ftp://x.example", "https://x.example/\u202e", "https:// x"):
        assert answers.address(address) == ""

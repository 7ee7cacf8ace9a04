"""Each state and answer, and what is done next: pure, so all of it is tried."""

import pytest

from agentramp.site.broker.port import (
    Application,
    BrokerError,
    Detail,
    Order,
    OverError,
    PassingError,
    UnreadableError,
    Vendor,
)
from agentramp.site.purchase import (
    LONGEST_PAUSE,
    MOST_UNREADABLE,
    AskApplication,
    AskDetail,
    AskOrder,
    Done,
    End,
    Heard,
    Limits,
    Question,
    Step,
    TimedOut,
    Unknown,
    Watch,
    decide,
    first,
)
from agentramp.site.standing import (
    AwaitingPayment,
    Cancelled,
    Expired,
    Failed,
    Installed,
    Installing,
    Standing,
    standing,
)

URL = "https://site.example"
UNPAID = Order("unpaid", "open")
UP = Application("zApp", "zOwner", "running", (("/", "running"),))


def paid(*vendors: Vendor, error: str = "") -> Order:
    return Order("paid", "complete", vendors, error)


def launcher(progress: float = 100, url: str = URL, status: str = "fulfilled") -> Vendor:
    return Vendor("launcher", status, progress, url)


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (UNPAID, AwaitingPayment()),
        (Order("paid", "open"), Installing(0)),
        (Order("paid", ""), Installing(0)),
        (Order("unpaid", "expired"), Expired()),
        (Order("expired", "open"), Expired()),
        (Order("cancelled", "open"), Cancelled()),
        (Order("unpaid", "canceled"), Cancelled()),
        (Order("paid", "cancelled"), Failed("the session ended though it is paid")),
        (Order("failed", "open"), AwaitingPayment("the last attempt to pay failed")),
        (Order("failed", ""), Failed("the broker says that the payment failed")),
        (Order("unpaid", "open", error="declined"), AwaitingPayment("declined")),
        (Order("paid", "open", error="no room"), Failed("the broker says: no room")),
        (paid(), Installing(0)),
        (paid(launcher(30), launcher(70)), Installing(50)),
        (paid(launcher(100), Vendor("didnames", "processing", 99.9)), Installing(99)),
        (paid(launcher(status="failed")), Failed("the installation failed: launcher failed")),
        (paid(launcher(), Vendor("", "error", 9)), Failed("the installation failed: a part error")),
        (
            paid(launcher(5, status="canceled")),
            Failed("the installation failed: launcher canceled"),
        ),
        (paid(launcher(url="")), Installed("")),
        (paid(launcher()), Installed(URL)),
        (paid(Vendor("didnames", "fulfilled", 100)), Installed("")),
        (Order("no_payment_required", "complete", (launcher(),)), Installed(URL)),
    ],
)
def test_what_an_order_comes_to(order: Order, found: Standing) -> None:
    assert standing(order) == found


def after(*heard: Heard, limits: Limits | None = None, step: float = 0.0) -> Question | End:
    """What is done once all of these were heard, each ``step`` seconds after the last."""
    now = 1000.0
    watch, question = first(now)
    following: Question | End = question
    for one in heard:
        now += step
        watch, following = decide(watch, one, now, limits or Limits())
    return following


def test_it_begins_with_the_order() -> None:
    assert first(5.0) == (Watch.begin(5.0), AskOrder())


@pytest.mark.parametrize(
    ("heard", "following"),
    [
        ([UNPAID], AskOrder(1.0)),
        ([UNPAID, UNPAID], AskOrder(1.5)),
        ([paid(launcher(10))], AskOrder(1.0)),
        ([paid(launcher(url=""))], AskOrder(1.0)),
        ([paid(launcher())], AskApplication(URL)),
        ([paid(Vendor("didnames", "", 100))], AskOrder(1.0)),
        ([paid(launcher()), Application("zApp", "zOwner", "running")], AskApplication(URL, 1.5)),
        ([paid(launcher()), UP], AskDetail("zOwner", "zApp")),
        ([paid(launcher()), Application("zApp", "", "running")], AskApplication(URL, 1.5)),
        ([paid(launcher()), PassingError("503")], AskApplication(URL, 1.5)),
        ([paid(launcher()), UP, PassingError("503")], AskDetail("zOwner", "zApp", 2.25)),
        ([PassingError("503")], AskOrder(1.0)),
        ([Order("paid", "open")], AskOrder(1.0)),
        ([Order("unpaid", "expired")], Expired()),
        ([UNPAID, Order("unpaid", "cancelled")], Cancelled()),
        ([BrokerError("no")], Unknown("no", "")),
        ([UNPAID, BrokerError("no", advice="do")], Unknown("no", "do")),
    ],
)
def test_what_is_asked_next(heard: list[Heard], following: Question | End) -> None:
    assert after(*heard) == following


def test_a_component_that_fails_ends_it_at_once() -> None:
    for state in ("failed", "error"):
        app = Application("zApp", "", "starting", (("/docs", state), ("/", "running")))
        assert after(paid(launcher()), app) == Failed("the new site does not start: /docs failed")
    stopped = Application("zApp", "zOwner", "stopped", (("/", "running"),))
    assert after(paid(launcher()), stopped) == Failed("the new site was stopped")
    error = Application("zApp", "zOwner", "error", (("/", "running"),))
    assert after(paid(launcher()), error) == Failed("the new site does not start: it says error")
    starting = Application("zApp", "zOwner", "running", (("/", "starting"),))
    assert isinstance(after(paid(launcher()), starting), AskApplication)


def test_the_end_has_what_the_launcher_says_and_hides_its_token() -> None:
    vendors = (
        Vendor("didnames", "", 100, "https://name.example"),
        Vendor("launcher", "", 100, "", f"{URL}/docs", f"{URL}/admin", "hush"),
    )
    end = after(paid(launcher()), UP, Detail(vendors, "https://pay.example", "zh"))
    assert isinstance(end, Done)
    site = end.site
    assert (site.url, site.home_url, site.dashboard_url) == (URL, f"{URL}/docs", f"{URL}/admin")
    assert (site.subscription_url, site.locale, site.token) == ("https://pay.example", "zh", "hush")
    assert "hush" not in repr(end)


def test_no_address_at_all_is_no_end() -> None:
    waited = after(*[paid(Vendor("didnames", "", 100))] * 100, step=10.0)
    assert waited == TimedOut(Step.START, 300, "the broker names no site that has an https address")
    nameless = Detail((Vendor("didnames", "", 100, home_url="https://names.example"),))
    for said in (Detail(()), nameless):
        assert after(paid(launcher()), UP, said) == AskDetail("zOwner", "zApp", 2.25)


def test_the_site_is_where_it_was_asked_whatever_the_detail_says() -> None:
    for named in ("https://evil.example/x", "http://site.example", "https://site.example:444"):
        end = after(paid(launcher()), UP, Detail((Vendor("launcher", "", 100, named),)))
        assert isinstance(end, Done)
        assert end.site.url == URL
    end = after(paid(launcher()), UP, Detail((Vendor("launcher", "", 100, f"{URL}/docs"),)))
    assert isinstance(end, Done)
    assert end.site.url == f"{URL}/docs"


def test_answers_without_sense_are_told_after_a_few() -> None:
    odd = UnreadableError("odd", advice="look")
    assert isinstance(after(*[odd] * (MOST_UNREADABLE - 1)), AskOrder)
    told = Unknown(f"odd, {MOST_UNREADABLE} times in a row", "look")
    assert after(*[odd] * MOST_UNREADABLE) == told
    between: list[Heard] = [*[odd] * (MOST_UNREADABLE - 1), UNPAID, *[odd] * (MOST_UNREADABLE - 1)]
    assert isinstance(after(*between), AskOrder)
    assert isinstance(after(paid(launcher()), *[odd] * 20), AskApplication)


def test_each_step_has_its_own_time_and_all_have_one_together() -> None:
    limits = Limits(step=300, whole=1000)
    assert isinstance(after(*[UNPAID] * 29, limits=limits, step=10), AskOrder)
    assert after(*[UNPAID] * 30, limits=limits, step=10) == TimedOut(Step.PAYMENT, 300, "")
    long = [UNPAID] * 29, [paid(launcher(50))] * 29
    assert isinstance(after(*long[0], *long[1], limits=limits, step=10), AskOrder)
    end = after(*long[0], *long[1], paid(launcher(50)), PassingError("503"), limits=limits, step=10)
    assert end == TimedOut(Step.INSTALLATION, 300, "503")
    app: list[Heard] = [paid(launcher()), *[PassingError("no DNS")] * 60]
    assert after(*app, limits=limits, step=10) == TimedOut(Step.START, 300, "no DNS")
    over: list[Heard] = [UNPAID, PassingError("503"), OverError("not asked")]
    assert after(*over, limits=limits, step=110) == TimedOut(Step.PAYMENT, 300, "503")
    whole = Limits(step=300, whole=400)
    assert after(*long[0], *long[1], limits=whole, step=10) == TimedOut(Step.INSTALLATION, 400, "")


def test_pauses_grow_to_the_longest_and_never_past_the_end() -> None:
    pauses = []
    now = 0.0
    watch, _ = first(now)
    while True:
        watch, following = decide(watch, UNPAID, now, Limits(step=60))
        if not isinstance(following, AskOrder):
            break
        pauses.append(following.pause)
        now += following.pause
    assert pauses[:3] == [1.0, 1.5, 2.25]
    assert max(pauses) == LONGEST_PAUSE
    assert now == pytest.approx(60)
    assert following == TimedOut(Step.PAYMENT, 60, "")


def test_nobody_waits_for_a_payment_that_nobody_makes() -> None:
    limits = Limits(wait_for_payment=False)
    assert after(UNPAID, limits=limits) == AwaitingPayment()
    assert isinstance(after(Order("paid", "open"), limits=limits), AskOrder)
    assert isinstance(after(paid(launcher(5)), limits=limits), AskOrder)
    assert after(Order("unpaid", "expired"), limits=limits) == Expired()

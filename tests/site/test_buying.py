"""Exactly one checkout for a purchase, wherever a run is cut and whatever a call does."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import pytest

from agentramp.errors import RefusedError, UsageError
from agentramp.site.broker.memory import MemoryBroker, course_of
from agentramp.site.broker.port import BrokerError, Order, PassingError, UnreadableError, Vendor
from agentramp.site.buying import Buyer
from agentramp.site.messages import ON_PAGE
from agentramp.site.purchase import Done, Limits, Site, TimedOut, Unknown
from agentramp.site.session import Book, Ended, FileBook, Finished, Intent, Ledger, Open, Saved
from agentramp.site.standing import AwaitingPayment, Cancelled, Expired, Failed
from agentramp.site.unsettled import UnsettledError
from tests.site.buyer_desk import Desk

CALLS = ("link", "find", "start", "order", "application", "detail")


class Killed(BaseException):
    """As kill -9: nothing of the run comes after it."""


@dataclass
class Cutter:
    """Counts what is done, and cuts the run at one moment of it."""

    at: int = -1
    moments: list[str] = field(default_factory=list)

    def __call__(self, moment: str) -> None:
        self.moments.append(moment)
        if len(self.moments) - 1 == self.at:
            raise Killed(moment)


@dataclass
class CutBook:
    """A file that a run can be cut before, after and in the middle of writing to."""

    book: FileBook
    cut: Callable[[str], None]

    def read(self) -> Ledger:
        return self.book.read()

    def write(self, ledger: Ledger) -> None:
        what = type(ledger.current).__name__
        self.cut(f"before writing {what}")
        self.book.folder.mkdir(parents=True, exist_ok=True)
        self.book.path.with_suffix(".new").write_text('{"half')  # what a cut leaves behind
        self.cut(f"while writing {what}")
        self.book.write(ledger)
        self.cut(f"after writing {what}")


def desk(broker: MemoryBroker, folder: Path, **more: object) -> Desk:
    return replace(Desk(broker, folder), **more)  # type: ignore[arg-type]


def cut_desk(folder: Path, cut: Cutter) -> tuple[Desk, MemoryBroker]:
    broker = MemoryBroker(
        before=lambda call: cut(f"before {call}"), after=lambda call: cut(f"after {call}")
    )
    return desk(broker, folder, book=CutBook(FileBook(folder / ".agentramp"), cut)), broker


def moments(folder: Path) -> list[str]:
    cut = Cutter()
    one, _ = cut_desk(folder, cut)
    cutting(one, cut).create()
    return cut.moments


def test_a_purchase_that_nothing_disturbs(tmp_path: Path) -> None:
    one = desk(MemoryBroker(), tmp_path)
    assert isinstance(one.broker, MemoryBroker)
    bought = one.buyer.create()
    assert isinstance(bought.end, Done)
    assert bought.fresh
    assert one.broker.orders == ["cs_1"]
    assert one.broker.told == [ON_PAGE]
    assert one.shown == ["https://broker.example/payment/checkout/pay/cs_1"]
    assert one.kept == {"https://cs-1.example": "token-cs_1"}
    assert [line[:11] for line in one.ear.lines] == [f"step {n} of 4" for n in (1, 2, 3, 4)]
    assert "token-cs_1" not in FileBook(tmp_path / ".agentramp").path.read_text()
    again = one.buyer.create()
    assert isinstance(again.end, Done)
    assert again.known
    assert one.broker.orders == ["cs_1"]


def test_cut_at_every_moment_and_run_again(tmp_path: Path) -> None:
    """One session, and a site in the end; where the start itself was cut, no guess."""
    names = moments(tmp_path / "whole")
    assert {f"before {call}" for call in CALLS} | {f"after {call}" for call in CALLS} <= set(names)
    outcomes = {}
    for at, name in enumerate(names):
        folder = tmp_path / str(at)
        cut = Cutter(at)
        one, broker = cut_desk(folder, cut)
        with pytest.raises(Killed):
            cutting(one, cut).create()
        cut.at = -1
        outcomes[f"{at} {name}"] = run_again(one, broker)
        assert broker.orders == ["cs_1"]
        assert list(one.kept.values()) == ["token-cs_1"]
    settled = {name for name, outcome in outcomes.items() if outcome != "done"}
    # Only between the wish and the broker's hearing of it is there nothing that could be found.
    assert {name.partition(" ")[2] for name in settled} == {"after writing Intent", "before start"}


def cutting(one: Desk, cut: Cutter) -> Buyer:
    buyer = one.buyer

    def keep(session: str, site: Site) -> None:
        cut("before keeping the token")
        buyer.shop.keep(session, site)
        cut("after keeping the token")

    return replace(buyer, shop=replace(buyer.shop, keep=keep))


def run_again(one: Desk, broker: MemoryBroker) -> str:
    if broker.orders or not isinstance(FileBook(one.folder / ".agentramp").read().current, Intent):
        assert isinstance(one.buyer.create().end, Done)
        return "done"
    for act in (one.buyer.create, one.buyer.resume):
        with pytest.raises(UnsettledError) as caught:
            act()
        assert "--start-another" in caught.value.advice
    assert isinstance(one.buyer.create(another=True).end, Done)
    return "asked"


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", [PassingError, UnreadableError])
@pytest.mark.parametrize("nth", [1, 2])
def test_trouble_that_passes(
    tmp_path: Path, call: str, when: str, kind: type[BrokerError], nth: int
) -> None:
    calls = count(1)

    def trouble(name: str) -> None:
        if name == call and next(calls) == nth:
            raise kind("no answer")

    broker = MemoryBroker(before=trouble) if when == "before" else MemoryBroker(after=trouble)
    one = desk(broker, tmp_path)
    if (call, when, nth) == ("start", "before", 1):
        with pytest.raises(UnsettledError, match="knows of none"):
            one.buyer.create()
        assert isinstance(one.buyer.create(another=True).end, Done)
    else:
        assert isinstance(one.buyer.create().end, Done)
    assert broker.orders == ["cs_1"]


@pytest.mark.parametrize("call", CALLS)
def test_a_plain_no(tmp_path: Path, call: str) -> None:
    """It is told at once, and nothing is bought because of it."""

    def refused(name: str) -> None:
        if name == call:
            raise BrokerError("refused")

    broker = MemoryBroker(before=refused)
    one = desk(broker, tmp_path)
    if call in {"link", "start", "find"}:
        with pytest.raises(RefusedError, match="refused"):
            one.buyer.create()
        assert one.book is not None
        assert one.book.read() == Ledger()
    else:
        assert isinstance(one.buyer.create().end, Unknown)
    assert broker.orders == ([] if call in {"link", "start", "find"} else ["cs_1"])
    broker.before = lambda _: None
    assert isinstance(one.buyer.create().end, Done)
    assert broker.orders == ["cs_1"]


@pytest.mark.parametrize("call", CALLS)
def test_trouble_that_stays(tmp_path: Path, call: str) -> None:
    """Patience ends, what was begun stays, and a later run goes on with it."""

    def trouble(name: str) -> None:
        if name == call:
            raise PassingError("503")

    broker = MemoryBroker(after=trouble)
    one = desk(broker, tmp_path)
    if call in {"link", "find"}:
        with pytest.raises(PassingError if call == "link" else UnsettledError):
            one.buyer.create()
    elif call == "start":
        assert isinstance(one.buyer.create().end, Done)  # it was heard, only its answer was lost
    else:
        end = one.buyer.create().end
        assert isinstance(end, TimedOut)
        assert end.trouble == "503"
        assert one.now < 1000 + 3 * 300 + 60
    broker.after = lambda _: None
    assert isinstance(one.buyer.create().end, Done)
    assert broker.orders == ["cs_1"]


def course(*orders: Order) -> tuple[Order, ...]:
    return (Order("unpaid", "open"), *orders)


@pytest.mark.parametrize(
    ("orders", "end", "saved"),
    [
        (course(Order("unpaid", "expired")), Expired(), Ended),
        (course(Order("unpaid", "cancelled")), Cancelled(), Ended),
        (course(Order("paid", "complete", error="no")), Failed("the broker says: no"), Open),
        (
            course(Order("paid", "complete", (Vendor("launcher", "failed", 3),))),
            Failed("the installation failed: launcher failed"),
            Open,
        ),
    ],
)
def test_each_bad_end_is_told_at_once_and_remembered(
    tmp_path: Path, orders: tuple[Order, ...], end: object, saved: type
) -> None:
    broker = MemoryBroker(course=orders)
    one = desk(broker, tmp_path)
    assert one.buyer.create().end == end
    assert one.now < 1003
    assert one.book is not None
    assert isinstance(one.book.read().current, saved)
    if saved is Open:  # paid for: neither create nor resume buys it again
        assert one.buyer.create().end == end
        assert one.buyer.resume().end == end
        assert broker.orders == ["cs_1"]
        return
    with pytest.raises(UsageError, match="nothing to go on with"):
        one.buyer.resume()
    broker.course = ()
    # A word that was wrong, or that holds no more: what it was said of is looked at again.
    assert isinstance(one.buyer.create().end, Done)
    assert broker.orders == ["cs_1"]


def test_what_was_not_waited_for_is_gone_on_with(tmp_path: Path) -> None:
    broker = MemoryBroker()
    one = desk(broker, tmp_path, limits=Limits(wait_for_payment=False))
    first = one.buyer.create()
    assert first.end == AwaitingPayment()
    assert first.fresh
    assert one.now == 1000
    second = one.buyer.resume()
    assert isinstance(second.end, Done)
    assert not second.fresh
    assert broker.orders == ["cs_1"]


def test_another_is_begun_when_it_is_asked_for(tmp_path: Path) -> None:
    broker = MemoryBroker()
    one = desk(broker, tmp_path)
    one.buyer.create()
    assert isinstance(one.buyer.create(another=True).end, Done)
    assert broker.orders == ["cs_1", "cs_2"]
    assert list(one.kept) == ["https://cs-1.example", "https://cs-2.example"]


def test_a_lost_start_after_another_purchase_is_not_taken_for_that_one(tmp_path: Path) -> None:
    broker = MemoryBroker()
    one = desk(broker, tmp_path)
    one.buyer.create()

    def lost(call: str) -> None:
        if call == "start":
            raise PassingError("cut")

    broker.before = lost
    with pytest.raises(UnsettledError, match="cs_1, which was there before"):
        one.buyer.create(another=True)
    with pytest.raises(UnsettledError):
        one.buyer.create()
    assert broker.orders == ["cs_1"]


def test_a_broker_that_tells_of_no_sessions_sells_all_the_same(tmp_path: Path) -> None:
    """A start that is lost there is never guessed at, whatever the broker tells later."""
    broker = MemoryBroker(orders=["cs_of_old"])
    lost: list[str] = []

    def trouble(call: str) -> None:
        if call == "find" and not lost:
            raise PassingError("500")
        if call == "start":
            lost.append(call)
            raise PassingError("cut")

    broker.before = trouble
    one = desk(broker, tmp_path)
    with pytest.raises(UnsettledError) as caught:
        one.buyer.create()
    assert "--start-another" in caught.value.advice
    with pytest.raises(UnsettledError, match="cs_of_old, and may have done so before"):
        one.buyer.create(another=True)
    broker.before = lambda _: None
    with pytest.raises(UnsettledError, match="may have done so before"):
        one.buyer.resume()
    assert broker.orders == ["cs_of_old"]


EARLIER: dict[str, tuple[Order | BrokerError, str]] = {
    "expired": (Order("unpaid", "expired"), "bought"),
    "cancelled": (Order("unpaid", "cancelled"), "bought"),
    "unpaid": (Order("unpaid", "open"), "refused"),
    "declined": (Order("failed", "open"), "refused"),
    "paid": (Order("paid", "complete"), "refused"),
    "paid and open": (Order("paid", "open"), "refused"),
    "paid and expired": (Order("paid", "expired"), "refused"),
    "failed": (Order("paid", "complete", error="no room"), "refused"),
    "no site in it": (Order("paid", "complete", (Vendor("didnames", "", 100),)), "refused"),
    "installed": (course_of("cs_1")[-1], "adopted"),
    "refused": (BrokerError("403"), "refused"),
    "no answer": (PassingError("503"), "refused"),
    "no sense": (UnreadableError("html"), "refused"),
}


@pytest.mark.parametrize("where", ["fresh", "ended here"])
@pytest.mark.parametrize("name", EARLIER)
def test_what_the_broker_says_of_an_earlier_session(tmp_path: Path, name: str, where: str) -> None:
    """A second checkout is begun for a dead one alone, whatever this disk says of it."""
    said, outcome = EARLIER[name]

    def trouble(call: str) -> None:
        if call == "order" and isinstance(said, BrokerError):
            raise said

    course = (said,) if isinstance(said, Order) else ()
    broker = MemoryBroker(orders=["cs_1"], course=course, before=trouble)
    one = desk(broker, tmp_path, limits=Limits(step=60, whole=60, wait_for_payment=False))
    assert one.book is not None
    if where == "ended here":
        one.book.write(Ledger((Ended(broker.url, "cs_1", "expired", 1),)))
    if outcome == "bought":
        assert one.buyer.create().fresh
    elif outcome == "adopted":
        bought = one.buyer.create()
        assert isinstance(bought.end, Done)
        assert bought.known == (where == "fresh")
    elif where == "fresh" or isinstance(said, BrokerError):
        with pytest.raises(UnsettledError) as caught:
            one.buyer.create()
        assert "--session cs_1" in caught.value.advice
        assert "--start-another" in caught.value.advice
    else:
        assert not one.buyer.create().fresh
        assert one.book.read().unsettled
    assert broker.orders == (["cs_1", "cs_2"] if outcome == "bought" else ["cs_1"])


def test_for_a_publish_a_site_that_was_bought_elsewhere_is_no_end(tmp_path: Path) -> None:
    broker = MemoryBroker(orders=["cs_1"], course=course_of("cs_1")[-1:])
    with pytest.raises(UnsettledError, match="a site that was not begun here"):
        replace(desk(broker, tmp_path).buyer, adopts=False).create()
    assert broker.orders == ["cs_1"]


@pytest.mark.parametrize("jump", [-86400.0, 86400.0])
def test_a_clock_that_is_set_neither_prolongs_nor_ends_a_run(tmp_path: Path, jump: float) -> None:
    broker = MemoryBroker(course=(Order("unpaid", "open"),))
    one = desk(broker, tmp_path, jump=jump, limits=Limits(step=60, whole=90))
    assert isinstance(one.buyer.create().end, TimedOut)
    assert one.ticked == pytest.approx(1060)


def test_no_checkout_is_begun_when_the_time_is_over(tmp_path: Path) -> None:
    one = desk(MemoryBroker(), tmp_path)
    buyer = one.buyer
    one.ticked += one.limits.whole
    with pytest.raises(PassingError, match="the time is over"):
        buyer.create()
    assert one.book is not None
    assert one.book.read() == Ledger()


def test_a_site_of_a_file_without_its_token_is_asked_about_again(tmp_path: Path) -> None:
    broker = MemoryBroker()
    one = desk(broker, tmp_path)
    one.buyer.create()
    one.kept.clear()
    assert one.buyer.create().known
    assert one.kept == {"https://cs-1.example": "token-cs_1"}
    assert broker.orders == ["cs_1"]


def test_a_session_of_another_machine_is_taken_up_by_its_id(tmp_path: Path) -> None:
    broker = MemoryBroker()
    desk(broker, tmp_path / "a", limits=Limits(wait_for_payment=False)).buyer.create()
    here = desk(broker, tmp_path / "b")
    with pytest.raises(BrokerError):
        here.buyer.adopt("cs_9")
    assert here.book is not None
    assert here.book.read() == Ledger()
    assert isinstance(here.buyer.adopt("cs_1").end, Done)
    assert here.buyer.adopt("cs_1").known
    with pytest.raises(UsageError, match="another checkout"):
        here.buyer.adopt("cs_2")


def test_the_wish_is_on_the_disk_before_the_broker_hears_of_it(tmp_path: Path) -> None:
    seen: list[Saved | None] = []
    book: Book = FileBook(tmp_path / ".agentramp")
    broker = MemoryBroker(
        before=lambda call: seen.append(book.read().current) if call != "link" else None
    )
    assert isinstance(desk(broker, tmp_path).buyer.create().end, Done)
    kinds = [type(saved) for saved in seen]
    assert kinds[:3] == [type(None), Intent, Open]
    assert set(kinds[2:]) == {Open}
    assert isinstance(book.read().current, Finished)


def test_the_purchase_of_one_broker_is_not_taken_to_another(tmp_path: Path) -> None:
    desk(MemoryBroker(), tmp_path, limits=Limits(wait_for_payment=False)).buyer.create()
    other = MemoryBroker(url="https://other.example")
    for act in (desk(other, tmp_path).buyer.create, desk(other, tmp_path).buyer.resume):
        with pytest.raises(UsageError, match="another broker"):
            act()
    assert other.orders == []


def test_nothing_to_go_on_with(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no site was begun"):
        desk(MemoryBroker(), tmp_path).buyer.resume()


def test_no_bar_goes_back(tmp_path: Path) -> None:
    back = tuple(
        Order("paid", "complete", (Vendor("launcher", "processing", share),))
        for share in (10, 60, 20, 80)
    )
    one = desk(MemoryBroker(course=(*back, course_of("cs_1")[-1])), tmp_path)
    one.buyer.create()
    assert [done for done, _ in one.ear.shares] == [10, 60, 60, 80, 100]

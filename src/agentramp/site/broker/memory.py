"""A broker in memory, for tests and trials: it sells what the real one does, and charges nobody.

A session goes on each time it is asked about, so nothing here waits for a clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agentramp.site.broker.port import (
    Application,
    BrokerError,
    Checkout,
    Detail,
    Known,
    Link,
    NoSession,
    Order,
    Vendor,
)


def _untouched(_: str) -> None:
    """Nothing goes wrong."""


@dataclass
class MemoryBroker:
    """``orders`` are the sessions in the order in which they were begun.

    ``course`` is what a session's order says each time it is asked; the last stays. ``before`` and
    ``after`` are called with the name of each call, and may raise: then it had no effect yet, or
    had it already.
    """

    url: str = "https://broker.example"
    course: tuple[Order, ...] = ()
    app: tuple[Application, ...] = ()
    before: Callable[[str], None] = _untouched
    after: Callable[[str], None] = _untouched
    orders: list[str] = field(default_factory=list)
    told: list[Mapping[str, str]] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)

    def link(self) -> Link:
        self.before("link")
        self.after("link")
        return Link("plink_1", f"{self.url}/payment")

    def start(self, link: Link, messages: Mapping[str, str]) -> Checkout:
        self.before("start")
        self.orders.append(f"cs_{len(self.orders) + 1}")
        self.told.append(dict(messages))
        self.after("start")
        return Checkout(self.orders[-1], self._page(link, self.orders[-1]))

    def find(self, link: Link, id_: str) -> Known | NoSession:
        self.before("find")
        found = id_ if id_ in self.orders else (self.orders[-1] if self.orders else None)
        if id_ not in {link.id, found}:
            found = None
        self.after("find")
        return NoSession() if found is None else Known(found)

    def order(self, link: Link, session: str) -> Order:  # noqa: ARG002 - one link is sold
        self.before("order")
        if session not in self.orders:
            raise BrokerError(f"no such session: {session}")
        order = self._order(session)
        self.asked[session] = self.asked.get(session, 0) + 1
        self.after("order")
        return order

    def application(self, url: str) -> Application:
        self.before("application")
        count = self.asked.get(url, 0)
        self.asked[url] = count + 1
        said = self.app or (Application("zApp", "zOwner", "running", (("/", "running"),)),)
        self.after("application")
        return said[min(count, len(said) - 1)]

    def detail(self, link: Link, session: str, owner_did: str, app_did: str) -> Detail:
        self.before("detail")
        if session not in self.orders or not (owner_did and app_did):
            raise BrokerError(f"no such session, or nobody's: {session}")
        url = f"https://{session.replace('_', '-')}.example"
        site = Vendor("launcher", "fulfilled", 100, url, url, f"{url}/admin", f"token-{session}")
        self.after("detail")
        return Detail((site,), f"{link.api}/subscription", "en")

    def _order(self, session: str) -> Order:
        course = self.course or course_of(session)
        return course[min(self.asked.get(session, 0), len(course) - 1)]

    def _page(self, link: Link, session: str) -> str:
        return f"{link.api}/checkout/pay/{session}"


def course_of(session: str) -> tuple[Order, ...]:
    """Unpaid, paid, installing, installed without an address, and with one."""
    url = f"https://{session.replace('_', '-')}.example"

    def vendors(progress: float, at: str = "") -> tuple[Vendor, ...]:
        state = "fulfilled" if progress >= 100 else "processing"  # noqa: PLR2004 - percent
        return (Vendor("launcher", state, progress, at), Vendor("didnames", state, progress))

    return (
        Order("unpaid", "open"),
        Order("paid", "complete"),
        Order("paid", "complete", vendors(40)),
        Order("paid", "complete", vendors(100)),
        Order("paid", "complete", vendors(100, url)),
    )

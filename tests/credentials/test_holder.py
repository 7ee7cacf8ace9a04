import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from agentramp.credentials.environment import Held
from agentramp.credentials.holder import PAUSE, hold
from agentramp.credentials.port import EARLY, CredentialsError, Holder, Lent
from agentramp.platform.agentrun.signing import Credentials
from tests.credentials.sources import ACCOUNT, KEY, NOW, SECRET, Clock, lent, service, told
from tests.evidence.servers import serving


@dataclass
class Lender:
    """Lends for ``lasting`` seconds at a time; ``broken`` it does not."""

    clock: Clock
    lasting: float = 3600.0
    broken: bool = False
    count: int = 0
    name: str = "a lender"
    gate: threading.Event = field(default_factory=threading.Event)

    def lend(self) -> Lent:
        self.count += 1
        if self.broken:
            raise CredentialsError("nobody is there")
        return lent(self.count, self.clock.now + self.lasting)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lender(clock: Clock) -> Lender:
    return Lender(clock)


@pytest.fixture
def holder(lender: Lender, clock: Clock) -> Holder:
    return hold(lender, None, service(), clock)


def test_nobody_is_asked_before_somebody_needs_it(lender: Lender, holder: Holder) -> None:
    assert holder.source == "a lender"
    assert lender.count == 0


def test_they_are_fetched_once_and_renewed_early(
    clock: Clock, lender: Lender, holder: Holder
) -> None:
    first = holder.current()
    clock.now += 3600 - EARLY - 1
    assert holder.current() == first
    assert holder.expires_at() == NOW + 3600
    clock.now += 1
    assert holder.current().access_key_id == "STS.2"
    assert lender.count == 2


def test_a_short_loan_is_not_fetched_for_every_call(
    clock: Clock, lender: Lender, holder: Holder
) -> None:
    lender.lasting = 100
    for _ in range(100):
        holder.current()
        clock.now += 1
    assert lender.count == 2


def test_what_is_still_good_is_used_while_the_lender_is_away(
    clock: Clock, lender: Lender, holder: Holder
) -> None:
    first = holder.current()
    lender.broken = True
    clock.now += 3600 - EARLY
    for _ in range(int(EARLY)):
        assert holder.current() == first
        clock.now += 1
    assert lender.count <= 2 + EARLY / PAUSE
    with pytest.raises(CredentialsError, match="nobody"):
        holder.current()
    lender.broken = False
    assert holder.current().access_key_id.startswith("STS.")


def test_refused_ones_are_fetched_anew_and_others_kept(lender: Lender, holder: Holder) -> None:
    first = holder.current()
    holder.renew(first)
    second = holder.current()
    assert second != first
    holder.renew(first)
    assert holder.current() == second
    assert lender.count == 2


def test_threads_that_ask_at_once_cause_one_renewal(lender: Lender, holder: Holder) -> None:
    barrier = threading.Barrier(8)
    seen: list[Credentials] = []

    def ask() -> None:
        barrier.wait()
        seen.append(holder.current())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == lender.count == 1


def test_the_account_is_asked_for_once_and_only_if_nobody_said_it(clock: Clock) -> None:
    with serving(lambda _: told({"AccountId": ACCOUNT, "Arn": "a"})) as site:
        known = hold(Held("x", KEY), "77", service(site.url), clock)
        assert (known.account(), known.account()) == ("77", "77")
        assert site.received == []
        unknown = hold(Held("x", KEY), None, service(site.url), clock)
        assert unknown.current() == KEY
        assert site.received == []
        assert (unknown.account(), unknown.account()) == (ACCOUNT, ACCOUNT)
        assert len(site.received) == 1
    assert SECRET not in repr(unknown)


def test_the_account_is_asked_again_with_others_where_credentials_had_ended(
    clock: Clock, lender: Lender
) -> None:
    answers = [told({"AccountId": ACCOUNT, "Arn": "a"})]
    refusal = {"Code": "InvalidSecurityToken.Expired", "Message": "it has expired"}
    answers.insert(0, replace(answers[0], status=400, body=json.dumps(refusal).encode()))
    with serving(lambda _: answers.pop(0)) as site:
        assert hold(lender, None, service(site.url), clock).account() == ACCOUNT
        assert len(site.received) == lender.count == 2


def test_a_key_that_never_ends_has_no_end(clock: Clock) -> None:
    holder = hold(Held("x", KEY), None, service(), clock)
    assert holder.expires_at() is None
    holder.renew(KEY)
    assert holder.current() == KEY


@pytest.fixture(autouse=True)
def _settled() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() <= before

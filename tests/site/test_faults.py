"""Every fault at every call, over HTTP: one checkout for a purchase, and a plain end of the run."""

from pathlib import Path

import pytest

from agentramp.site.broker.client import HttpBroker
from agentramp.site.broker.port import PassingError
from agentramp.site.purchase import Done, TimedOut, Unknown
from agentramp.site.tokens import Token
from agentramp.site.unsettled import UnsettledError
from tests.site.buyer_desk import Desk
from tests.site.emulator import CALLS, FAULTS, TOKEN, Emulator, running

WITHOUT_EFFECT = frozenset(FAULTS) - {"cut-after", "slow"}


def desk(emulator: Emulator, folder: Path, timeout: float) -> Desk:
    return Desk(HttpBroker(emulator.url, Token.of(emulator.url, TOKEN), timeout), folder)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_once_at_each_call(tmp_path: Path, fault: str) -> None:
    with running() as emulator:
        for call in CALLS:
            emulator.orders.clear()
            emulator.polls.clear()
            emulator.fail(call, fault)
            one = desk(emulator, tmp_path / call, 0.3 if fault == "slow" else 30.0)
            if call == "start" and fault in WITHOUT_EFFECT:
                with pytest.raises(UnsettledError):
                    one.buyer.create()
                assert emulator.orders == []
                end = one.buyer.create(another=True).end
            else:
                end = one.buyer.create().end
            assert isinstance(end, Done), (call, fault)
            assert emulator.sessions == ["cs_1"], (call, fault)
            assert one.kept == {f"{emulator.url}/apps/cs_1": "blkt-of-cs_1"}


@pytest.mark.parametrize("fault", ["500", "cut-after", "html"])
@pytest.mark.parametrize("call", CALLS)
def test_each_fault_for_as_long_as_a_run_has_patience(
    tmp_path: Path, call: str, fault: str
) -> None:
    """The run ends in words, and the next one, with nothing in its way, buys no second site."""
    with running() as emulator:
        one = desk(emulator, tmp_path, 30.0)
        emulator.fail(call, *[fault] * 500)
        if call in {"describe", "find"}:
            with pytest.raises(PassingError if call == "describe" else UnsettledError):
                one.buyer.create()
            assert emulator.orders == []
        elif (call, fault) != ("start", "cut-after") and call == "start":
            with pytest.raises(UnsettledError):
                one.buyer.create()
            assert emulator.calls.count("start") == 1
        elif call == "start":
            assert isinstance(one.buyer.create().end, Done)
        else:
            told = one.buyer.create().end
            kind = Unknown if fault == "html" and call != "application" else TimedOut
            assert isinstance(told, kind), (call, fault)
        emulator.faults.clear()
        another = not emulator.orders and call == "start"
        assert isinstance(one.buyer.create(another=another).end, Done)
        assert emulator.sessions == ["cs_1"]

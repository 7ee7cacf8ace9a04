"""Every kind of fault at every call of every verb.

It ends as it would have without, or it fails: then traffic is where it was, and the next run brings
about what this one was to. Never is it told that all went well where it did not.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.faults.faults import Call, Fault, Ledger
from tests.faults.scenarios import CHANGES, DEPLOYS, MOVES, READS, Scenario
from tests.faults.world import Case, Ended, World, without_chance

SCENARIOS = {scenario.name: scenario for scenario in (*DEPLOYS, *CHANGES, *MOVES, *READS)}
ALWAYS = {Fault.THROTTLED, Fault.BROKEN_AFTER, Fault.CUT_AFTER, Fault.EXPIRED}
"""Kinds that come to every call that changes something and to every other read; the remaining kinds
take turns. ``FAULTS=all`` in the environment brings every kind to every call, in some minutes."""

PASSING = {Fault.THROTTLED, Fault.LATE, Fault.EXPIRED}
"""Kinds that no run may fail for: to wait, or to fetch other credentials, is enough."""
HELD = "next: agentramp promote"
AGENT = "completions"
"""The one call that an agent answers, and not the platform: its 429 is an answer too."""


@dataclass(frozen=True)
class Clean:
    """A run without a fault: its calls, what it leaves, and what it says."""

    calls: tuple[Call, ...]
    state: str
    out: str


@dataclass
class Record:
    """What was found out so far, for all tests of this module."""

    clean: dict[str, Clean] = field(default_factory=dict)
    outcomes: dict[str, Counter[int]] = field(default_factory=dict)

    def of(self, world: World, scenario: Scenario) -> Clean:
        if scenario.name not in self.clean:
            self.clean[scenario.name] = _clean(world, scenario)
        return self.clean[scenario.name]


@pytest.fixture(scope="module")
def record() -> Iterator[Record]:
    found = Record()
    yield found
    print(f"\n{'verb':<24}{'calls':>6}{'cases':>7}  exit codes")  # noqa: T201 - seen with -s
    for name, codes in found.outcomes.items():
        told = ", ".join(f"{code}: {number}" for code, number in sorted(codes.items()))
        calls = len(found.clean[name].calls)
        print(f"{name:<24}{calls:>6}{codes.total():>7}  {told}")  # noqa: T201


def _clean(world: World, scenario: Scenario) -> Clean:
    case, ledger = world.case(), Ledger()
    scenario.begin(case)
    ended = case.run(*scenario.words_for(case), ledger=ledger)
    assert ended.code == 0, ended.err
    state = case.state(*scenario.runtimes_of(case))
    _let_go(case, scenario)
    return Clean(tuple(ledger.calls), state, _said_alike(case, ended.out))


def _chosen(scenario: Scenario, clean: Clean, fault: Fault) -> list[Call]:
    calls = [one for one in clean.calls if not scenario.only or one.action in scenario.only]
    if os.environ.get("FAULTS") == "all":
        return calls
    turn = list(Fault).index(fault)
    often = (2 if fault in ALWAYS else 6) * (2 if scenario.costly else 1)
    rotated = {call for number, call in enumerate(calls) if (number + turn) % often == 0}
    changes = {call for call in calls if not call.is_read and fault in {*ALWAYS, Fault.DARK}}
    return [call for call in calls if call in rotated | changes]


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_fault_at_each_call(world: World, record: Record, name: str, fault: Fault) -> None:
    scenario = SCENARIOS[name]
    clean = record.of(world, scenario)
    codes = record.outcomes.setdefault(name, Counter())
    troubles = []
    for call in _chosen(scenario, clean, fault):
        trial = Trial(world.case(), scenario, clean, Ledger(fault, call))
        troubles += [f"{call}: {trouble}" for trouble in trial.troubles()]
        codes[trial.code] += 1
    assert not troubles, "\n".join(troubles)


@dataclass
class Trial:
    case: Case
    scenario: Scenario
    clean: Clean
    ledger: Ledger
    code: int = -1

    def troubles(self) -> list[str]:
        """What is not as it must be."""
        self.scenario.begin(self.case)
        before = self._traffic()
        ended = self._run(self.ledger)
        self.code = ended.code
        found = [*self._said(ended), *self._ended(ended, before)]
        if not self.ledger.struck:
            found.append("the run made no such call")
        _let_go(self.case, self.scenario)
        return found

    def _ended(self, ended: Ended, before: dict[str, str]) -> Iterator[str]:
        assert self.ledger.at
        if ended.code and self.ledger.fault in PASSING and self.ledger.at.action != AGENT:
            yield f"failed for what passes: {ended.err}"
        match ended.code:
            case 0:
                yield from self._is_done(ended)
            case 3 | 6:
                yield from self._is_as_before(before)
                yield from self._again(ended)
            case 5 if self._is_unknowable:
                yield from self._again(ended)
            case other:
                yield f"ended with {other}: {ended.err}"

    @property
    def _is_unknowable(self) -> bool:
        """From a call that moves traffic on, nothing could be read or put back any more."""
        assert self.ledger.fault
        return self.ledger.fault.lasts and self.ledger.is_changed

    def _is_done(self, ended: Ended) -> Iterator[str]:
        state = self._state()
        if state != self.clean.state:
            yield f"ended with 0 and another state:\n{_difference(self.clean.state, state)}"
        said = _said_alike(self.case, ended.out)
        if said != self.clean.out and not self.ledger.is_changed:
            yield f"ended with 0 and another answer:\n{_difference(self.clean.out, said)}"
        yield from self._open_intents()

    def _is_as_before(self, before: dict[str, str]) -> Iterator[str]:
        now = self._traffic()
        kept = {name: split for name, split in before.items() if name in now}
        if len(kept) < len(before) and not self.scenario.removes:
            yield f"an endpoint is gone: {before} before, {now} now"
        if len(self.case.ran) > 1:
            yield f"a command ran {len(self.case.ran)} times"
        if moved := {name: now[name] for name in kept if now[name] != kept[name]}:
            yield f"failed, and traffic is not as before: {before} before, now {moved}"

    def _again(self, first: Ended) -> Iterator[str]:
        again = self._run()
        if again.code != 0:
            yield f"the next run ended with {again.code}: {again.err}\nafter: {first.err}"
            return
        if self.scenario.waits and HELD in again.out:
            return  # a move that may still be another run's is left alone for as long as a lease
        state = self._state()
        if state != self.clean.state and not self.scenario.repeats:
            yield (
                f"the next run left another state:\n{_difference(self.clean.state, state)}\n"
                f"after: {first.err}"
            )
        yield from self._open_intents()

    def _open_intents(self) -> Iterator[str]:
        for runtime in self.scenario.runtimes_of(self.case):
            for endpoint in (*self._traffic(), self.case.name):
                if self.case.standing(runtime, endpoint).open:
                    yield f"the journal of {endpoint} ends with an intent"

    def _said(self, ended: Ended) -> Iterator[str]:
        told = ended.out + ended.err
        if "Traceback" in told:
            yield f"a traceback:\n{ended.err}"
        secrets = {self.case.world.server.access_key_secret}.union(
            *(proxy.secrets for proxy in self.case.world.proxies)
        )
        if any(secret in told for secret in secrets):
            yield f"a secret is told:\n{told}"

    def _run(self, ledger: Ledger | None = None) -> Ended:
        return self.case.run(*self.scenario.words_for(self.case), ledger=ledger)

    def _state(self) -> str:
        return self.case.state(*self.scenario.runtimes_of(self.case))

    def _traffic(self) -> dict[str, str]:
        runtimes = self.scenario.runtimes_of(self.case)
        return {k: v for one in runtimes for k, v in self.case.traffic(one).items()}


def _said_alike(case: Case, said: str) -> str:
    said = re.sub(r"STS\.\w+", "STS", without_chance(said, case.name))
    return re.sub(r"(expires|minutes_left) +\S+", r"\1", said)


def _difference(wanted: str, found: str) -> str:
    there, here = wanted.splitlines(), found.splitlines()
    lost = [f"- {line}" for line in there if line not in here]
    return "\n".join(lost + [f"+ {line}" for line in here if line not in there] or [found])


def _let_go(case: Case, scenario: Scenario) -> None:
    """Agents of cases that are over would take the machine from those that come."""
    for runtime in scenario.runtimes_of(case):
        case.discard(runtime)

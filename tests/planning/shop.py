"""A component and its canary on a server that fails where it is told to: planned, and carried out.

``Dead`` stands for a run that is killed: nothing is put back, and the next one finds what is there.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from agentramp.component import Application, Bundle, Component, Health, Identity
from agentramp.effects import Outcome
from agentramp.executor import Executor
from agentramp.journal.memory import MemoryJournal
from agentramp.plan import Plan, Step, Subject
from agentramp.planning import (
    SeenApplication,
    Wanted,
    plan_install,
    plan_promotion,
    plan_reinstall,
    plan_removal,
    plan_withdrawal,
    previous,
    way_back_to,
)
from agentramp.platform.port import AlreadyExistsError, UnreachableError
from agentramp.platform.splitless import Splitless
from agentramp.record import Event, Record

SUBJECT = Subject("shop-app", "shop")
SHOP, CANARY = Identity("shop", "z2qaShop"), Identity("shop-canary", "z2qaCanary")
MOUNT, TRIAL = "/shop", "/shop-canary"


class Dead(BaseException):
    """No handler of ours sees this end."""


def bundle(version: str, identity: Identity = SHOP, content: str = "") -> Bundle:
    def digest(*of: str) -> str:
        return hashlib.sha256(" ".join(of).encode()).hexdigest()

    content = digest(content or version)
    sha256 = digest(identity.did, version, content)
    path = Path(f"{identity.did}-{version}.tgz")
    return Bundle(path, identity, version, sha256, f"sha512-{sha256}", content, 100)


def component(of: Bundle, mount_point: str, health: Health = Health.RUNNING) -> Component:
    name = of.identity.name
    return Component(
        of.identity.did, name, of.version, mount_point, health, health.value, of.integrity
    )


@dataclass
class Server:
    """``faults`` are by the number of a call that changes or asks: what it raises, and when."""

    components: dict[str, Component] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    faults: dict[int, tuple[BaseException, bool]] = field(default_factory=dict)
    says_integrity: bool = True
    deaf: bool = False
    calls: list[str] = field(default_factory=list)

    def now(self) -> float:
        return 7.0

    def observe(self) -> Application:
        if self.deaf:
            raise UnreachableError("no answer")
        found = tuple(
            one if self.says_integrity else replace(one, integrity="")
            for one in self.components.values()
        )
        return Application("zApp", "Shop App", "http://127.0.0.1", components=found)

    def install(self, bundle: Bundle, mount_point: str) -> Component:
        with self._call(f"install {bundle.version} at {mount_point}"):
            other = self.observe().at(mount_point)
            if other and other.did != bundle.identity.did:
                error = AlreadyExistsError(f"{mount_point} is taken")
                error.untouched = True
                raise error
            self.components[bundle.identity.did] = component(bundle, mount_point)
        return self.components[bundle.identity.did]

    def remove(self, did: str) -> None:
        with self._call(f"remove {did}"):
            self.components.pop(did, None)

    def answers(self, mount_point: str, page: str = "") -> int:
        with self._call(f"ask {mount_point}{page}"):
            status = self.statuses.pop(0) if self.statuses else 200
            if status == 0:
                raise UnreachableError("no answer")
        return status

    def _call(self, what: str) -> "_Call":
        number = len(self.calls)
        self.calls.append(what)
        error, acted = self.faults.pop(number, (None, True))
        return _Call(error, acted)


@dataclass
class _Call:
    error: BaseException | None
    acted: bool

    def __enter__(self) -> None:
        if self.error and not self.acted:
            raise self.error

    def __exit__(self, *_: object) -> None:
        if self.error and self.acted:
            raise self.error


@dataclass
class Told:
    back: list[Step] = field(default_factory=list)

    def begin(self, step: Step) -> None: ...
    def end(self, step: Step) -> None: ...
    def going_back(self, step: Step) -> None:
        self.back.append(step)

    def went_back(self, step: Step) -> None: ...


class MortalJournal(MemoryJournal):
    """Raises at the append that ``dies`` counts down to, before or after it is written."""

    dies: tuple[int, bool] | None = None
    error: BaseException = Dead()

    def append(self, subject: Subject, *records: Record, expected: int) -> None:
        if self.dies is None or not records:
            return super().append(subject, *records, expected=expected)
        left, acted = self.dies
        self.dies = (left - 1, acted) if left else None
        if left or acted:
            super().append(subject, *records, expected=expected)
        if not left:
            raise self.error
        return None


@dataclass
class Shop:
    """Where bundles are kept by digest, as a run's own store does."""

    server: Server = field(default_factory=Server)
    journal: MortalJournal = field(default_factory=MortalJournal)
    told: Told = field(default_factory=Told)
    kept: dict[str, Bundle] = field(default_factory=dict)
    slept: list[float] = field(default_factory=list)

    @property
    def seen(self) -> SeenApplication:
        return SeenApplication(SUBJECT, self.server.observe(), self.journal.read(SUBJECT))

    @property
    def events(self) -> list[Event]:
        return [record.event for record in self.journal.read(SUBJECT)]

    def wanted(self, built: Bundle, mount_point: str = MOUNT) -> Wanted:
        self.kept[built.sha256] = built
        to = way_back_to(self.seen, built.identity.did)
        return Wanted(built, mount_point, self.kept.get(to.sha256) if to else None)

    def deploy(self, version: str) -> Plan:
        return plan_install(self.seen, self.wanted(bundle(version)))

    def canary(self, version: str) -> Plan:
        return plan_install(self.seen, self.wanted(bundle(version, CANARY), TRIAL))

    def promote(self, version: str) -> Plan:
        return plan_promotion(self.seen, self.wanted(bundle(version)), CANARY)

    def rollback(self) -> Plan:
        to = previous(self.seen, SHOP.did)
        assert to, "there is nothing to go back to"
        return plan_reinstall(self.seen, Wanted(self.kept[to.sha256], MOUNT))

    def remove(self) -> Plan:
        return plan_removal(self.seen, SHOP, CANARY)

    def abort(self) -> Plan:
        return plan_withdrawal(self.seen, CANARY)

    def run(self, plan: Plan) -> Outcome:
        return Executor(
            Splitless(self.server.now),
            self.journal,
            self.told,
            "me",
            components=lambda: self.server,
            sleep=self.slept.append,
        )(plan)

    def dies_in(self, plan: Plan) -> bool:
        with suppress(Dead):
            self.run(plan)
            return False
        return True

    def version(self, identity: Identity = SHOP) -> str | None:
        found = self.server.components.get(identity.did)
        return found.version if found else None


def deaths(steps: int) -> list[tuple[str, int, bool]]:
    """Every place where a run of so many steps can die: in a call, or in the journal."""
    return [
        (where, number, acted)
        for where in ("server", "journal")
        for number in range(steps)
        for acted in (False, True)
    ]


def doom(shop: Shop, where: str, number: int, *, acted: bool) -> None:
    if where == "server":
        shop.server.faults = {len(shop.server.calls) + number: (Dead(), acted)}
    else:
        shop.journal.dies = (number, acted)


def spare(shop: Shop) -> None:
    shop.server.faults, shop.journal.dies = {}, None

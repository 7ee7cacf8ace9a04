"""Components installed, asked and removed, and what is left where that fails or is cut short."""

from dataclasses import replace

import pytest

from agentramp.component import Bundle, Component, Health, Installation
from agentramp.effects import PAUSES
from agentramp.errors import SupersededError, UnsupportedError, WayBackFailedError
from agentramp.executor import Executor
from agentramp.journal.port import HeldError, JournalError
from agentramp.mounts import mounts
from agentramp.plan import AskComponent, InstallComponent, RemoveComponent
from agentramp.planning import plan_install
from agentramp.platform.memory import MemoryPlatform
from agentramp.platform.port import NotReadyError, PlatformError, UnreachableError
from agentramp.platform.splitless import Splitless
from agentramp.record import Installed, Installing, Record, Uninstalled
from tests.planning.shop import (
    CANARY,
    MOUNT,
    SHOP,
    SUBJECT,
    TRIAL,
    Shop,
    bundle,
    component,
    deaths,
    doom,
    spare,
)

NO = UnreachableError("no answer to the upload")
ERRORS = [NO, OSError("no space"), KeyError("x"), KeyboardInterrupt()]


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def grown(shop: Shop) -> Shop:
    """0.1.0 runs, and its bundle is at hand."""
    shop.run(shop.deploy("0.1.0"))
    shop.server.calls.clear()
    return shop


def kinds(shop: Shop) -> list[type]:
    return [type(event) for event in shop.events]


def fail(shop: Shop, *faults: tuple[int, BaseException, bool]) -> None:
    at = len(shop.server.calls)
    shop.server.faults = {at + number: (error, acted) for number, error, acted in faults}


def of(version: str) -> Installation:
    made = bundle(version)
    return Installation(SHOP.did, version, MOUNT, made.sha256, made.content)


def test_a_first_install_is_asked_and_written_down(shop: Shop) -> None:
    outcome = shop.run(shop.deploy("0.1.0"))
    assert outcome.changed
    assert outcome.component == component(bundle("0.1.0"), MOUNT)
    assert shop.server.calls == ["install 0.1.0 at /shop", "ask /shop"]
    assert shop.events == [Installing(None, of("0.1.0")), Installed(of("0.1.0"))]
    assert {record.by for record in shop.journal.read(SUBJECT)} == {"me"}


def test_what_runs_already_is_left(grown: Shop) -> None:
    assert not grown.run(grown.deploy("0.1.0")).changed
    assert grown.server.calls == []
    assert len(grown.events) == 2


@pytest.mark.parametrize("acted", [False, True])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("call", [0, 1])
def test_an_upgrade_that_fails_goes_back(
    grown: Shop, call: int, error: BaseException, *, acted: bool
) -> None:
    if call == 1 and isinstance(error, UnreachableError):
        grown.server.statuses = [0] * 99
    else:
        fail(grown, (call, error, acted))
    with pytest.raises(NotReadyError if grown.server.statuses else type(error)):
        grown.run(grown.deploy("0.1.1"))
    assert grown.version() == "0.1.0"
    assert grown.server.calls[-1] == "install 0.1.0 at /shop"
    assert grown.events[2:] == [Installing(of("0.1.0"), of("0.1.1")), Installed(of("0.1.0"))]
    assert [type(step) for step in grown.told.back] == [InstallComponent]
    spare(grown)
    grown.server.statuses = []
    assert grown.run(grown.deploy("0.1.1")).changed
    assert grown.version() == "0.1.1"


def test_a_first_install_that_fails_is_removed_again(shop: Shop) -> None:
    fail(shop, (0, NotReadyError("it ends broken"), True))
    with pytest.raises(NotReadyError, match="broken"):
        shop.run(shop.deploy("0.1.0"))
    assert shop.version() is None
    assert shop.events == [Installing(None, of("0.1.0")), Uninstalled(of("0.1.0"))]


def test_where_nothing_was_asked_of_the_server_nothing_is_put_back(grown: Shop) -> None:
    plan = grown.deploy("0.1.1")
    error = UnreachableError("no way there")
    error.untouched = True
    fail(grown, (0, error, False))
    with pytest.raises(UnreachableError):
        grown.run(plan)
    assert grown.server.calls == ["install 0.1.1 at /shop"]
    assert grown.events[-1] == Installed(of("0.1.0"))


@pytest.mark.parametrize("statuses", [[0, 502, 404, 200], [503, 301], [401], [403], [0, 204]])
def test_a_component_may_take_some_seconds(grown: Shop, statuses: list[int]) -> None:
    grown.server.statuses = list(statuses)
    grown.run(grown.deploy("0.1.1"))
    assert grown.version() == "0.1.1"
    assert grown.slept == list(PAUSES[: len(statuses) - 1])


def test_the_page_that_was_named_is_asked_for(grown: Shop) -> None:
    grown.run(plan_install(grown.seen, replace(grown.wanted(bundle("0.1.1")), health_path="/up")))
    assert grown.server.calls[-1] == "ask /shop/up"


@pytest.mark.parametrize(
    ("status", "said"), [(0, "no answer"), (404, "HTTP 404"), (500, "HTTP 500"), (503, "HTTP 503")]
)
def test_a_component_that_does_not_work_goes_back(grown: Shop, status: int, said: str) -> None:
    grown.server.statuses = [status] * 99
    with pytest.raises(NotReadyError, match=f"/shop does not work: .*{said}") as caught:
        grown.run(grown.deploy("0.1.1"))
    assert caught.value.exit_code == 3
    assert grown.version() == "0.1.0"
    assert grown.slept == list(PAUSES)


def test_the_page_that_is_asked_for() -> None:
    assert AskComponent("/shop").page == "/shop"
    assert AskComponent("/shop", "/").page == "/shop"
    assert AskComponent("/shop", "/health").page == "/shop/health"
    assert AskComponent("/", "health?a=b").page == "/health?a=b"


class TestWithoutAWayBack:
    """Another machine built what runs, so its bundle is not at hand."""

    @pytest.fixture
    def alien(self, grown: Shop) -> Shop:
        grown.kept.clear()
        return grown

    def test_it_says_so_beforehand(self, alien: Shop) -> None:
        plan = alien.deploy("0.1.1")
        assert plan.way_back == ()
        assert "the bundle of 0.1.0 is not at hand" in plan.no_way_back

    @pytest.mark.parametrize("error", [NO, OSError("no space"), KeyboardInterrupt()])
    def test_the_old_one_still_runs(self, alien: Shop, error: BaseException) -> None:
        fail(alien, (0, error, False))
        with pytest.raises(type(error)):
            alien.run(alien.deploy("0.1.1"))
        assert alien.version() == "0.1.0"
        assert alien.events[-1] == Installed(of("0.1.0"))

    @pytest.mark.parametrize("error", [NO, KeyboardInterrupt()])
    def test_the_new_one_is_there(self, alien: Shop, error: BaseException) -> None:
        fail(alien, (0, error, True))
        with pytest.raises(
            WayBackFailedError, match=r"0\.1\.1 is at /shop \(running\) now"
        ) as told:
            alien.run(alien.deploy("0.1.1"))
        assert told.value.exit_code == 5
        assert "not at hand" in told.value.message
        assert isinstance(alien.events[-1], Installing)

    def test_it_does_not_answer(self, alien: Shop) -> None:
        alien.server.statuses = [500] * 99
        with pytest.raises(WayBackFailedError, match=r"does not work.*0\.1\.1 is at /shop"):
            alien.run(alien.deploy("0.1.1"))

    @pytest.mark.parametrize("health", [Health.BROKEN, Health.STOPPED, Health.CHANGING])
    def test_the_old_one_does_not_run(self, alien: Shop, health: Health) -> None:
        plan = alien.deploy("0.1.1")
        fail(alien, (0, NO, False))
        alien.server.components[SHOP.did] = component(bundle("0.1.0"), MOUNT, health)
        with pytest.raises(WayBackFailedError, match=rf"0\.1\.0 is at /shop \({health.value}\)"):
            alien.run(plan)

    @pytest.mark.parametrize("acted", [False, True])
    def test_of_one_version_only_the_digest_tells(self, alien: Shop, *, acted: bool) -> None:
        old = bundle("0.1.0", content="other")
        alien.server.components[SHOP.did] = component(old, MOUNT)
        fail(alien, (0, NO, acted))
        with pytest.raises(WayBackFailedError if acted else UnreachableError):
            alien.run(alien.deploy("0.1.0"))

    def test_it_cannot_be_read(self, alien: Shop) -> None:
        plan = alien.deploy("0.1.1")

        class Deafening(type(alien.server)):  # type: ignore[misc]  # a class made here
            def install(self, *_: object) -> None:
                self.deaf = True
                raise NO

        alien.server = Deafening(alien.server.components)
        with pytest.raises(WayBackFailedError, match="nor can it be read: no answer"):
            alien.run(plan)


@pytest.mark.parametrize("error", [OSError("no space"), KeyboardInterrupt()])
def test_a_way_back_that_fails_says_what_is_there(grown: Shop, error: BaseException) -> None:
    fail(grown, (0, NO, True), (1, error, False))
    with pytest.raises(WayBackFailedError) as told:
        grown.run(grown.deploy("0.1.1"))
    assert "no answer to the upload; the way back failed too" in told.value.message
    assert "0.1.1 is at /shop (running) now" in told.value.message
    assert isinstance(grown.events[-1], Installing)


@pytest.mark.parametrize("acted", [False, True])
def test_a_way_back_that_is_refused_where_nothing_is_to_be_undone(
    grown: Shop, *, acted: bool
) -> None:
    """What ran before runs, so this is no exit code 5; else it is."""
    fail(grown, (0, NO, acted), (1, NO, False))
    with pytest.raises(WayBackFailedError if acted else UnreachableError):
        grown.run(grown.deploy("0.1.1"))
    assert grown.version() == ("0.1.1" if acted else "0.1.0")
    assert (grown.events[-1] == Installed(of("0.1.0"))) is not acted


def test_a_rollback_whose_answer_made_no_sense_is_finished_and_not_undone(grown: Shop) -> None:
    grown.run(grown.deploy("0.1.1"))
    fail(grown, (0, PlatformError("no JSON"), True))
    with pytest.raises(WayBackFailedError):
        grown.run(grown.rollback())
    assert grown.version() == "0.1.0"
    grown.run(grown.rollback())
    assert grown.version() == "0.1.0"
    assert grown.events[-1] == Installed(of("0.1.0"))


def test_another_bundle_of_the_version_before_is_not_what_ran_before(grown: Shop) -> None:
    plan = grown.deploy("0.1.1")

    class Mistaken(type(grown.server)):  # type: ignore[misc]  # a class made here
        def install(self, bundle: Bundle, mount_point: str) -> Component:
            made = super().install(bundle, mount_point)
            self.components[bundle.identity.did] = replace(made, integrity="sha512-other")
            raise NO

    grown.server = Mistaken(grown.server.components)
    with pytest.raises(WayBackFailedError, match=r"0\.1\.0 is at /shop \(running\) now"):
        grown.run(plan)


def test_without_its_end_in_the_journal_an_install_is_undone(grown: Shop) -> None:
    plan = grown.deploy("0.1.1")
    grown.journal.dies, grown.journal.error = (1, False), JournalError("the disk is full")
    with pytest.raises(JournalError):
        grown.run(plan)
    assert grown.version() == "0.1.0"


def test_a_plan_from_older_records_is_void(grown: Shop) -> None:
    first, second = grown.deploy("0.1.1"), grown.deploy("0.1.2")
    grown.run(first)
    with pytest.raises(HeldError):
        grown.run(second)
    assert grown.version() == "0.1.1"


def test_what_another_run_took_over_is_left_to_it(grown: Shop) -> None:
    plan = grown.deploy("0.1.1")

    class Overtaken(type(grown.server)):  # type: ignore[misc]  # a class made here
        def install(self, *_: object) -> None:
            other = Record("deploy", 8.0, Installing(of("0.1.0"), of("0.2.0")))
            grown.journal.append(SUBJECT, other, expected=len(grown.events))
            self.components[SHOP.did] = component(bundle("0.2.0"), MOUNT)
            raise NO

    grown.server = Overtaken(grown.server.components)
    with pytest.raises(HeldError) as told:
        grown.run(plan)
    assert told.value.exit_code == 6
    assert grown.version() == "0.2.0"


def test_what_was_changed_since_the_plan_is_not_replaced(grown: Shop) -> None:
    plan = grown.deploy("0.1.1")
    grown.server.components[SHOP.did] = component(bundle("0.9.0"), MOUNT)
    with pytest.raises(SupersededError, match=r"0\.9\.0"):
        grown.run(plan)
    assert grown.version() == "0.9.0"
    grown.run(grown.deploy("0.1.1"))
    assert grown.version() == "0.1.1"


@pytest.mark.parametrize("end", [Installed, Installing])
def test_where_the_server_cannot_be_read_nothing_is_sent(grown: Shop, end: type) -> None:
    plan = grown.deploy("0.1.1")
    grown.server.deaf = True
    if end is Installing:  # the journal cannot be written any more either
        grown.journal.dies, grown.journal.error = (1, False), JournalError("the disk is full")
    with pytest.raises(UnreachableError):
        grown.run(plan)
    assert (grown.version(), grown.server.calls) == ("0.1.0", [])
    assert isinstance(grown.events[-1], end)


class TestRemoval:
    def test_it_is_written_down(self, grown: Shop) -> None:
        assert grown.run(grown.remove()).changed
        assert grown.version() is None
        assert grown.events[-1] == Uninstalled(of("0.1.0"))
        assert grown.remove().steps == ()

    def test_one_that_failed_and_is_gone_is_done(self, grown: Shop) -> None:
        fail(grown, (0, NO, True))
        grown.run(grown.remove())
        assert grown.events[-1] == Uninstalled(of("0.1.0"))

    @pytest.mark.parametrize("error", [NO, KeyboardInterrupt()])
    def test_one_that_is_still_there(self, grown: Shop, error: BaseException) -> None:
        fail(grown, (0, error, False))
        with pytest.raises(type(error)):
            grown.run(grown.remove())
        assert grown.version() == "0.1.0"
        assert len(grown.events) == 2

    def test_one_that_was_cut_short_and_is_gone_is_written_down_by_the_next(
        self, grown: Shop
    ) -> None:
        fail(grown, (0, KeyboardInterrupt(), True))
        with pytest.raises(KeyboardInterrupt):
            grown.run(grown.remove())
        assert len(grown.remove().steps) == 1
        assert not grown.run(grown.remove()).changed
        assert grown.events[-1] == Uninstalled(of("0.1.0"))

    def test_one_that_nobody_can_read(self, grown: Shop) -> None:
        plan = grown.remove()
        fail(grown, (0, NO, False))
        grown.server.deaf = True
        with pytest.raises(WayBackFailedError, match="nor can it be read"):
            grown.run(plan)

    def test_one_that_does_not_run_any_more(self, grown: Shop) -> None:
        plan = grown.remove()
        fail(grown, (0, NO, False))
        grown.server.components[SHOP.did] = component(bundle("0.1.0"), MOUNT, Health.STOPPED)
        with pytest.raises(WayBackFailedError, match="stopped"):
            grown.run(plan)


def test_a_promotion(grown: Shop) -> None:
    grown.run(grown.canary("0.1.1"))
    assert (grown.version(), grown.version(CANARY)) == ("0.1.0", "0.1.1")
    grown.run(grown.promote("0.1.1"))
    assert (grown.version(), grown.version(CANARY)) == ("0.1.1", None)
    assert grown.server.calls == [
        *(f"install 0.1.1 at {TRIAL}", f"ask {TRIAL}"),
        *("install 0.1.1 at /shop", "ask /shop", f"remove {CANARY.did}"),
    ]
    grown.run(grown.rollback())
    assert grown.version() == "0.1.0"


def test_a_promotion_that_fails_leaves_the_canary(grown: Shop) -> None:
    grown.run(grown.canary("0.1.1"))
    fail(grown, (0, NO, True))
    with pytest.raises(UnreachableError):
        grown.run(grown.promote("0.1.1"))
    assert (grown.version(), grown.version(CANARY)) == ("0.1.0", "0.1.1")


@pytest.mark.parametrize("again", ["the same", "another"])
@pytest.mark.parametrize(("where", "number", "acted"), deaths(3))
def test_a_run_that_dies_anywhere_is_finished_by_the_next(
    grown: Shop, again: str, where: str, number: int, *, acted: bool
) -> None:
    doom(grown, where, number, acted=acted)
    died = grown.dies_in(grown.deploy("0.1.1"))
    assert died is (number < 2)
    spare(grown)
    wanted = "0.1.1" if again == "the same" else "0.1.2"
    plan = grown.deploy(wanted)
    to = [step for step in plan.way_back if isinstance(step, InstallComponent)]
    assert all(step.bundle.version in {"0.1.0", "0.1.1"} for step in to)
    grown.run(plan)
    known = mounts(grown.journal.read(SUBJECT), SHOP.did)
    assert (grown.version(), known.open, known.settled) == (wanted, None, of(wanted))
    assert grown.deploy(wanted).steps == ()


@pytest.mark.parametrize(("where", "number", "acted"), deaths(4))
def test_a_promotion_that_dies_anywhere_is_finished_by_the_next(
    grown: Shop, where: str, number: int, *, acted: bool
) -> None:
    grown.run(grown.canary("0.1.1"))
    doom(grown, where, number, acted=acted)
    finished = not grown.dies_in(grown.promote("0.1.1"))
    spare(grown)
    whole = grown.events and isinstance(grown.events[-1], Uninstalled)
    if not finished and not whole:
        grown.run(grown.promote("0.1.1"))
    assert (grown.version(), grown.version(CANARY)) == ("0.1.1", None)
    assert grown.abort().steps == ()
    assert mounts(grown.journal.read(SUBJECT), SHOP.did).settled == of("0.1.1")


@pytest.mark.parametrize(("where", "number", "acted"), deaths(2))
def test_a_first_install_that_died_is_never_taken_for_one_that_worked(
    shop: Shop, where: str, number: int, *, acted: bool
) -> None:
    doom(shop, where, number, acted=acted)
    assert shop.dies_in(shop.deploy("0.1.0"))
    spare(shop)
    shop.server.statuses = [500] * 99
    plan = shop.deploy("0.1.0")
    if plan.steps:
        assert [type(step) for step in plan.way_back] == [RemoveComponent]
        with pytest.raises(NotReadyError):
            shop.run(plan)
        assert shop.version() is None
    else:
        assert isinstance(shop.events[-1], Installed)


def test_a_platform_without_components_says_so(grown: Shop) -> None:
    run = Executor(MemoryPlatform(), grown.journal, grown.told)
    with pytest.raises(UnsupportedError, match="mounts no components"):
        run(grown.deploy("0.1.1"))


def test_what_stands_for_the_platform_tells_the_time_and_no_more() -> None:
    stands = Splitless(lambda: 7.0)
    assert stands.now() == 7.0
    with pytest.raises(UnsupportedError, match="splits no traffic") as told:
        stands.observe("agent")
    assert told.value.exit_code == 7


def test_what_a_run_left_that_died_is_not_called_what_ran_before(grown: Shop) -> None:
    """0.1.1 was sent by a run that died; the next one never reaches the server."""
    grown.journal.append(SUBJECT, grown.journal.read(SUBJECT)[0], expected=2)
    records = grown.journal.read(SUBJECT)
    assert mounts(records, SHOP.did).open is not None
    began = replace(records[-1], event=Installing(of("0.1.0"), of("0.1.1")))
    grown.journal.append(SUBJECT, began, expected=3)
    grown.server.components[SHOP.did] = component(bundle("0.1.1"), MOUNT)
    refused = UnreachableError("not at work")
    refused.untouched = True
    fail(grown, (0, refused, False))
    with pytest.raises(UnreachableError):
        grown.run(grown.deploy("0.1.2"))
    assert isinstance(grown.events[-1], Installing)

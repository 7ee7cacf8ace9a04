"""What is planned for a component, its canary and the way back, whatever was there before."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentramp.component import Health, Identity, Installation
from agentramp.errors import SupersededError, UsageError
from agentramp.mounts import mounts
from agentramp.plan import AskComponent, InstallComponent, KeepRecord, Plan, RemoveComponent
from agentramp.planning import (
    Wanted,
    installed,
    is_unchanged,
    plan_install,
    plan_promotion,
    plan_reinstall,
    previous,
    refuse_occupied,
    way_back_to,
)
from agentramp.planning.components import PROMOTED
from agentramp.platform.port import UnreachableError
from agentramp.record import Installed, Installing, Uninstalled
from agentramp.report import steps as told
from tests.planning.shop import (
    CANARY,
    MOUNT,
    SHOP,
    SUBJECT,
    TRIAL,
    Shop,
    bundle,
    component,
    doom,
    spare,
)


@pytest.fixture
def shop() -> Shop:
    found = Shop()
    found.run(found.deploy("0.1.0"))
    return found


def words(plan: Plan) -> list[str]:
    return [line.strip() for line in told.plan(plan)]


def test_a_first_install_is_undone_by_removing_it() -> None:
    assert words(Shop().deploy("0.1.0")) == [
        "will   write down: begins to install at /shop: 0.1.0, new",
        "will   install shop 0.1.0 at /shop",
        "will   ask /shop whether it works",
        "will   write down: done: 0.1.0 runs at /shop",
        "back   remove shop from /shop",
    ]


def test_an_upgrade_is_undone_by_the_bundle_before(shop: Shop) -> None:
    wanted = replace(shop.wanted(bundle("0.1.1")), reason="v0.1.1", health_path="/health")
    plan = plan_install(shop.seen, wanted)
    assert plan.generation == 2
    assert words(plan) == [
        "will   write down: begins to install at /shop: 0.1.0 -> 0.1.1 (v0.1.1)",
        "will   install shop 0.1.1 at /shop (0.1.0 runs there)",
        "will   ask /shop/health whether it works",
        "will   write down: done: 0.1.1 runs at /shop",
        "back   install shop 0.1.0 at /shop (0.1.1 runs there)",
    ]
    shop.server.components[SHOP.did] = component(bundle("0.1.0"), MOUNT, Health.STOPPED)
    assert "will   install shop 0.1.1 at /shop (0.1.0 is there)" in words(shop.deploy("0.1.1"))


@pytest.mark.parametrize("other", [None, bundle("0.0.9"), bundle("0.1.0", content="other")])
def test_no_other_bundle_is_a_way_back(shop: Shop, other: None) -> None:
    plan = plan_install(shop.seen, Wanted(bundle("0.1.1"), MOUNT, other))
    assert plan.way_back == ()
    assert plan.no_way_back.startswith("none: the bundle of 0.1.0")


@pytest.mark.parametrize("says", [True, False])
def test_a_bundle_is_known_by_what_the_server_says_or_else_the_journal(
    shop: Shop,
    says: bool,  # noqa: FBT001
) -> None:
    shop.server.says_integrity = says
    back = plan_install(shop.seen, Wanted(bundle("0.1.1"), MOUNT, bundle("0.1.0"))).way_back
    assert [type(step) for step in back] == [InstallComponent]
    shop.journal.records.clear()
    back = plan_install(shop.seen, Wanted(bundle("0.1.1"), MOUNT, bundle("0.1.0"))).way_back
    assert bool(back) is says


@pytest.mark.parametrize("says", [True, False])
def test_what_runs_is_not_sent_again(shop: Shop, says: bool) -> None:  # noqa: FBT001
    shop.server.says_integrity = says
    plan = shop.deploy("0.1.0")
    assert (plan.steps, plan.notes) == ((), ("shop 0.1.0 runs at /shop already",))
    for another in (bundle("0.1.0", content="other"), bundle("0.1.1", content="0.1.0")):
        assert not is_unchanged(shop.seen, another, MOUNT)
    shop.server.components[SHOP.did] = component(bundle("0.1.0"), MOUNT, Health.BROKEN)
    assert shop.deploy("0.1.0").steps


def test_what_was_sent_by_a_run_that_died_is_only_asked(shop: Shop) -> None:
    doom(shop, "server", 1, acted=False)
    assert shop.dies_in(shop.deploy("0.1.1"))
    before = bundle("0.1.0")
    assert way_back_to(shop.seen, SHOP.did) == mounts(shop.journal.read(SUBJECT), SHOP.did).settled
    plan = shop.deploy("0.1.1")
    assert [type(step) for step in plan.steps] == [KeepRecord, AskComponent, KeepRecord]
    (back,) = plan.way_back
    assert isinstance(back, InstallComponent)
    assert back.bundle == before
    assert not shop.run(plan).changed
    assert isinstance(shop.events[-1], Installed)


def test_a_mount_point_of_another_component_is_refused(shop: Shop) -> None:
    other = bundle("1.0.0", Identity("blog", "z2qaBlog"))
    with pytest.raises(
        UsageError, match=r"/shop of Shop App belongs to shop \(z2qaShop\)"
    ) as caught:
        plan_install(shop.seen, Wanted(other, MOUNT))
    assert "--did" in caught.value.advice
    assert "--mount-point" in caught.value.advice


def test_a_component_is_mounted_once(shop: Shop) -> None:
    with pytest.raises(UsageError, match="mounted at /shop of Shop App already") as caught:
        refuse_occupied(shop.seen, SHOP, "/elsewhere")
    assert "--mount-point /shop" in caught.value.advice
    refuse_occupied(shop.seen, SHOP, MOUNT)
    refuse_occupied(shop.seen, CANARY, "/elsewhere")


class TestRollback:
    def test_it_goes_to_what_ran_before_and_never_forward_again(self, shop: Shop) -> None:
        assert previous(shop.seen, SHOP.did) is None
        for version in ("0.1.1", "0.1.2"):
            shop.run(shop.deploy(version))
        for version in ("0.1.1", "0.1.0"):
            plan = shop.rollback()
            assert (plan.verb, plan.way_back) == ("rollback", ())
            assert "way back itself" in plan.no_way_back
            shop.run(plan)
            assert shop.version() == version
        assert previous(shop.seen, SHOP.did) is None

    def test_of_what_was_never_proven_it_goes_to_what_was(self, shop: Shop) -> None:
        doom(shop, "server", 1, acted=False)
        assert shop.dies_in(shop.deploy("0.1.1"))
        shop.run(shop.rollback())
        assert shop.version() == "0.1.0"

    def test_what_another_tool_installed_is_remembered_too(self, shop: Shop) -> None:
        shop.server.components[SHOP.did] = component(bundle("0.5.0"), MOUNT)
        alien = Installation(SHOP.did, "0.5.0", MOUNT, "", "")
        assert installed(shop.seen, SHOP.did) == alien
        shop.run(shop.deploy("0.6.0"))
        assert previous(shop.seen, SHOP.did) == alien

    def test_where_it_runs_already(self, shop: Shop) -> None:
        assert plan_reinstall(shop.seen, Wanted(bundle("0.1.0"), MOUNT)).steps == ()


class TestCanary:
    @pytest.fixture
    def tried(self, shop: Shop) -> Shop:
        shop.run(shop.canary("0.1.1"))
        return shop

    def test_it_is_promoted_to_the_real_mount_point(self, tried: Shop) -> None:
        assert words(tried.promote("0.1.1")) == [
            f"will   write down: begins to install at /shop: 0.1.0 -> 0.1.1 ({PROMOTED})",
            "will   install shop 0.1.1 at /shop (0.1.0 runs there)",
            "will   ask /shop whether it works",
            "will   write down: done: 0.1.1 runs at /shop",
            "will   remove shop-canary from /shop-canary",
            "will   write down: removed 0.1.1 from /shop-canary",
            "back   install shop 0.1.0 at /shop (0.1.1 runs there)",
        ]

    def test_what_is_not_on_trial_is_not_promoted(self, tried: Shop) -> None:
        with pytest.raises(UsageError, match="is not what is on trial at /shop-canary") as caught:
            tried.promote("0.1.2")
        assert "--canary" in caught.value.advice

    def test_another_version_of_the_same_is(self, tried: Shop) -> None:
        same = tried.wanted(bundle("1.0.0", content="0.1.1"))
        tried.run(plan_promotion(tried.seen, same, CANARY))
        assert tried.version() == "1.0.0"

    def test_without_one_there_is_nothing_to_promote(self, shop: Shop) -> None:
        for version in ("0.1.0", "0.1.1"):
            with pytest.raises(UsageError, match="no canary of shop-app/shop is on trial"):
                shop.promote(version)

    def test_of_one_that_nobody_here_made_it_is_not_known_what_it_is(self, tried: Shop) -> None:
        tried.server.components[CANARY.did] = component(bundle("0.7.0", CANARY), TRIAL)
        with pytest.raises(UsageError, match="does not know what the canary"):
            tried.promote("0.7.0")

    def test_one_that_does_not_run_is_not_promoted(self, tried: Shop) -> None:
        broken = component(bundle("0.1.1", CANARY), TRIAL, Health.BROKEN)
        tried.server.components[CANARY.did] = broken
        with pytest.raises(SupersededError, match=r"does not run \(broken\)"):
            tried.promote("0.1.1")

    def test_it_is_withdrawn(self, tried: Shop) -> None:
        plan = tried.abort()
        assert plan.verb == "abort"
        tried.run(plan)
        assert (tried.version(), tried.version(CANARY)) == ("0.1.0", None)
        assert tried.abort().notes == ("no canary of shop-app/shop is on trial: nothing to abort",)

    def test_both_are_removed(self, tried: Shop) -> None:
        plan = tried.remove()
        removed = [step.did for step in plan.steps if isinstance(step, RemoveComponent)]
        assert removed == [SHOP.did, CANARY.did]
        tried.run(plan)
        assert tried.server.components == {}
        again = tried.remove()
        assert (again.steps, len(again.notes)) == ((), 2)
        tried.run(tried.deploy("0.1.0"))
        assert previous(tried.seen, SHOP.did) is None


VERBS = st.sampled_from(["deploy", "canary", "promote", "rollback", "abort", "remove", "by hand"])
DEATH = st.none() | st.tuples(
    st.sampled_from(["server", "journal"]), st.integers(0, 4), st.booleans()
)


class Told:
    """The deeds of a history: every run may fail or die anywhere, and the next goes on."""

    def __init__(self) -> None:
        self.shop = Shop()
        self.number = 0

    def plan(self, verb: str, *, new: bool) -> Plan:
        shop = self.shop
        self.number += new
        version = f"0.1.{self.number}"
        if verb == "rollback":
            to = previous(shop.seen, SHOP.did)
            if to is None or to.sha256 not in shop.kept:
                return Plan("rollback", SUBJECT)
            return shop.rollback()
        planned = {
            "deploy": lambda: shop.deploy(version),
            "canary": lambda: shop.canary(version),
            "promote": lambda: shop.promote(version),
            "abort": shop.abort,
            "remove": shop.remove,
        }
        return planned[verb]()

    def by_hand(self) -> None:
        self.number += 1
        alien = bundle(f"0.1.{self.number}", content="by hand")
        self.shop.server.components[SHOP.did] = component(alien, MOUNT)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(VERBS, st.booleans(), DEATH), max_size=8), st.booleans())
def test_whatever_happened_the_next_run_converges(
    history: list[tuple[str, bool, tuple[str, int, bool] | None]],
    says: bool,  # noqa: FBT001
) -> None:
    world = Told()
    shop = world.shop
    shop.server.says_integrity = says
    for verb, new, death in history:
        if verb == "by hand":
            world.by_hand()
            continue
        with suppress(UsageError):
            plan = world.plan(verb, new=new)
            if death:
                where, number, acted = death
                doom(shop, where, number, acted=acted)
            if shop.dies_in(plan):
                spare(shop)
                continue
            spare(shop)
            if verb in {"deploy", "promote", "rollback"} and plan.steps:
                known = mounts(shop.journal.read(SUBJECT), SHOP.did)
                assert (known.settled, known.open) == (installed(shop.seen, SHOP.did), None)
    world.number += 1
    wanted = f"0.1.{world.number}"
    shop.run(shop.deploy(wanted))
    assert shop.version() == wanted
    known = mounts(shop.journal.read(SUBJECT), SHOP.did)
    assert known.open is None
    assert known.settled == installed(shop.seen, SHOP.did)
    assert shop.deploy(wanted).steps == ()
    before = installed(shop.seen, SHOP.did)
    shop.server.faults = {len(shop.server.calls): (UnreachableError("no answer"), True)}
    with suppress(UnreachableError):
        shop.run(shop.deploy("9.9.9"))
    assert installed(shop.seen, SHOP.did) == before, "a failure leaves what ran"


def test_a_journal_is_folded_by_component() -> None:
    shop = Shop()
    shop.run(shop.deploy("0.1.0"))
    shop.run(shop.canary("0.2.0"))
    records = shop.journal.read(SUBJECT)
    assert [one.version for one in mounts(records, SHOP.did).path] == ["0.1.0"]
    assert [one.version for one in mounts(records, CANARY.did).path] == ["0.2.0"]
    assert mounts(records, "z2qaNobody") == mounts((), "z2qaNobody").__class__(
        "z2qaNobody", len(records)
    )
    kinds = [type(record.event) for record in records]
    assert kinds == [Installing, Installed, Installing, Installed]
    shop.run(shop.abort())
    assert isinstance(shop.events[-1], Uninstalled)
    assert mounts(shop.journal.read(SUBJECT), CANARY.did).path == ()

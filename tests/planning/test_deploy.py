from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.model import (
    LATEST,
    Artifact,
    Code,
    Container,
    Endpoint,
    HealthCheck,
    LogStore,
    Nas,
    NasMount,
    Observed,
    RegistryAccess,
    Runtime,
    RuntimeSpec,
    Split,
    Status,
    Tracing,
    Workspace,
)
from agentramp.plan import (
    AwaitRuntime,
    Change,
    CreateRuntime,
    CreateWorkspace,
    Plan,
    PrepareLogStore,
    Subject,
    UpdateRuntime,
)
from agentramp.planning import Beside, plan_deploy

PACKAGE = Artifact(Path("a.zip"), "sha", "111", 10)
SPEC = RuntimeSpec("agent", Code("python3.12", ("python3", "app.py")), environment=(("A", "1"),))
BUILT = replace(SPEC, code=Code("python3.12", ("python3", "app.py"), "111"))


def changes(wanted: RuntimeSpec, there: RuntimeSpec) -> tuple[Change, ...]:
    plan = plan_deploy(wanted, None, Observed(Runtime("rt", there)))
    return tuple(c for s in plan.steps if isinstance(s, UpdateRuntime) for c in s.changes)


def test_nothing_there() -> None:
    assert plan_deploy(SPEC, PACKAGE, Observed()) == Plan(
        "deploy", Subject("agent"), (CreateRuntime(BUILT, PACKAGE),)
    )


def test_all_there_already() -> None:
    plan = plan_deploy(SPEC, PACKAGE, Observed(Runtime("rt", BUILT)))
    assert plan.steps == ()
    assert plan.notes == ("runtime agent is already what the file says",)


def test_another_package() -> None:
    there = replace(BUILT, code=Code("python3.12", ("python3", "app.py"), "999"))
    plan = plan_deploy(SPEC, PACKAGE, Observed(Runtime("rt", there)))
    change = Change("code.checksum", "999", "111")
    assert plan.steps == (UpdateRuntime("rt", BUILT, PACKAGE, (change,)),)


def test_a_platform_that_tells_no_checksum_gets_the_package_again() -> None:
    plan = plan_deploy(SPEC, PACKAGE, Observed(Runtime("rt", SPEC)))
    assert isinstance(plan.steps[0], UpdateRuntime)


def test_a_failed_head_is_deployed_again_though_nothing_differs() -> None:
    failed = Runtime("rt", BUILT, Status.UPDATE_FAILED, "it crashed")
    plan = plan_deploy(SPEC, PACKAGE, Observed(failed))
    assert plan.steps == (UpdateRuntime("rt", BUILT, PACKAGE, ()),)


def test_a_change_that_an_earlier_run_began_is_waited_for() -> None:
    plan = plan_deploy(SPEC, PACKAGE, Observed(Runtime("rt", BUILT, Status.CREATING)))
    assert plan.steps == (AwaitRuntime("rt"),)


def test_no_traffic_is_touched_so_there_is_no_way_back() -> None:
    plan = plan_deploy(SPEC, PACKAGE, Observed())
    assert (plan.way_back, plan.no_way_back) == ((), "not needed: no traffic is touched")


def test_an_endpoint_on_the_head_is_warned_of() -> None:
    endpoint = Endpoint("ep", "default", Split(1, ((LATEST, 10),)))
    there = Runtime("rt", replace(BUILT, memory=4096))
    plan = plan_deploy(SPEC, PACKAGE, Observed(there, (), (endpoint,)))
    assert plan.notes == ("endpoint default follows LATEST: this deploy moves its traffic at once",)
    assert plan.no_way_back.startswith("none")


def test_what_the_file_does_not_say_is_no_difference() -> None:
    there = replace(SPEC, description="by hand", role="acs:ram::1:role/x", disk_size=512)
    assert changes(SPEC, there) == ()


def test_each_differing_field_is_told() -> None:
    wanted = replace(SPEC, memory=4096, health_check=HealthCheck(path="/health", period=5))
    there = replace(SPEC, health_check=HealthCheck(path="/health", period=30, timeout=3))
    assert changes(wanted, there) == (
        Change("memory", "2048", "4096"),
        Change("health_check.period", "30", "5"),
    )


def test_a_variable_taken_out_of_the_file_is_a_difference() -> None:
    assert changes(replace(SPEC, environment=()), SPEC)


def test_values_of_variables_are_never_told() -> None:
    wanted = replace(SPEC, environment=(("A", "hush"), ("B", "hush")))
    there = replace(SPEC, environment=(("A", "old-secret"), ("C", "old-secret")))
    (change,) = changes(wanted, there)
    assert change == Change("environment", "2 variables", "+B -C ~A")


def test_passwords_are_never_told() -> None:
    one = RuntimeSpec("a", container=Container("i", registry=RegistryAccess("u", "secret-one")))
    two = RuntimeSpec("a", container=Container("i", registry=RegistryAccess("u", "secret-two")))
    (change,) = changes(one, two)
    assert "secret" not in repr(change)


@pytest.mark.parametrize("shown", [None, "", "******", "xxxxxxxx"])
def test_a_secret_that_is_not_shown_is_no_difference_by_itself(shown: str | None) -> None:
    """Else each deploy would find a change; it is sent with the next that there is."""
    login = Container("i", registry=RegistryAccess("u", "secret"))
    wanted = RuntimeSpec("a", container=login, tracing=Tracing(license_key="key"), memory=2048)
    there = replace(
        wanted,
        container=Container("i", registry=RegistryAccess("u", shown)),
        tracing=Tracing(license_key=shown),
    )
    assert changes(wanted, there) == ()
    assert changes(replace(wanted, memory=4096), there) == (Change("memory", "2048", "4096"),)


def test_the_package_goes_with_every_update() -> None:
    """Another deploy may bring its own in between; a platform that has this one is not sent it."""
    there = replace(BUILT, memory=4096)
    plan = plan_deploy(SPEC, PACKAGE, Observed(Runtime("rt", there)))
    change = Change("memory", "4096", "2048")
    assert plan.steps == (UpdateRuntime("rt", BUILT, PACKAGE, (change,)),)


def test_what_stands_beside_comes_in_the_order_of_need() -> None:
    store = LogStore("p", "l")
    plan = plan_deploy(SPEC, PACKAGE, Observed(), Beside(Workspace("team"), store))
    assert plan.steps == (
        CreateWorkspace(Workspace("team")),
        PrepareLogStore(store),
        CreateRuntime(replace(BUILT, log_store=store), PACKAGE),
    )


def test_a_log_store_that_the_runtime_has_is_not_asked_for() -> None:
    store = LogStore("p", "l")
    there = Runtime("rt", replace(BUILT, log_store=store))
    assert plan_deploy(SPEC, PACKAGE, Observed(there), Beside(log_store=store)).steps == ()


def test_what_was_taken_out_of_the_file_stays_and_is_told() -> None:
    there = replace(BUILT, role="acs:ram::1:role/powerful", log_store=LogStore("p", "s"))
    same = plan_deploy(SPEC, PACKAGE, Observed(Runtime("rt", there)))
    told = "stays as the platform has it, as s.yaml does not say: role, log_store"
    assert (same.steps, same.notes[1:]) == ((), (told,))
    other = plan_deploy(replace(SPEC, memory=4096), PACKAGE, Observed(Runtime("rt", there)))
    assert other.notes == (told,)


def test_file_systems_do_not_stay_without_their_network() -> None:
    there = replace(BUILT, nas=Nas((NasMount("server", "/mnt"),)), role="acs:ram::1:role/r")
    plan = plan_deploy(SPEC, PACKAGE, Observed(Runtime("rt", there)))
    assert plan.notes[1:] == ("stays as the platform has it, as s.yaml does not say: role",)

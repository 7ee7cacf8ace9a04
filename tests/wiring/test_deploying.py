"""A deploy at work: beside another, with endpoints on the head, with a domain, with removals."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from agentramp.config import RuntimeConfig
from agentramp.config.settings import EndpointConfig
from agentramp.diagnostics import Position
from agentramp.errors import SupersededError
from agentramp.model import (
    LATEST,
    Artifact,
    Code,
    CustomDomain,
    DomainRoute,
    Observed,
    Runtime,
    RuntimeSpec,
    Split,
    Status,
)
from agentramp.plan import Plan
from agentramp.planning import plan_deploy, plan_domain, plan_endpoints, plan_leading
from agentramp.platform.memory import MemoryPlatform
from agentramp.platform.memory_functions import MemoryFunction, MemoryFunctions
from agentramp.platform.port import NotReadyError, PlatformError, UnreachableError
from agentramp.record import Moved, Moving
from agentramp.wiring.alongside import LOOK_AGAIN, MARGIN, looked
from agentramp.wiring.deploying import Prepared, carry_out, lead, prune
from agentramp.wiring.undertaking import HalfDoneError, all_or_none
from tests.verbs.scene import ENDPOINT, RUNTIME, Scene, arguments

DOMAIN = CustomDomain("a.example.com", routes=(DomainRoute("/*", "2"),))
TO_TWO = (EndpointConfig(ENDPOINT, 2),)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def config(
    endpoints: tuple[EndpointConfig, ...] = TO_TWO, domain: CustomDomain | None = None
) -> RuntimeConfig:
    spec = RuntimeSpec(RUNTIME, Code("python3.12"), memory=4096)
    position = Position("s.yaml", 1, 1)
    return RuntimeConfig("it", "local", None, spec, endpoints, (), position, domain=domain)


def look(scene: Scene, *words: str) -> Observed:
    return looked(arguments("deploy", *words), scene.context, config(), scene.where)[0]


def test_a_deploy_waits_for_another_and_plans_from_what_that_one_left(scene: Scene) -> None:
    scene.wrote(Moving(Split(1), Split(3)), verb="deploy")

    def ended() -> None:
        found = scene.platform.observe(RUNTIME)
        scene.platform.set_split(scene.runtime, found.endpoints[0].id, Split(3))
        scene.wrote(Moved(Split(1), Split(3)), verb="deploy")

    scene.asleep = [ended]
    assert look(scene).endpoints[0].split == Split(3)
    assert "another deploy began to move it to v3 100 %" in scene.said
    assert scene.now == 1005


def test_a_deploy_that_died_is_taken_over_after_the_lease(scene: Scene) -> None:
    scene.wrote(Moving(Split(1), Split(2)), verb="deploy")
    look(scene)
    assert scene.now == 1120


def test_a_dry_run_waits_for_nobody(scene: Scene) -> None:
    scene.wrote(Moving(Split(1), Split(2)), verb="deploy")
    look(scene, "--dry-run")
    look(scene, "--skip-endpoints")
    assert scene.now == 1000


def test_who_is_always_at_work_is_not_waited_for_longer(scene: Scene) -> None:
    def another() -> None:
        scene.wrote(Moving(Split(1), Split(2)), verb="deploy")
        scene.asleep.append(another)

    another()
    with pytest.raises(SupersededError, match="another deploy began to move it"):
        look(scene)
    assert 1120 + MARGIN <= scene.now <= 1120 + MARGIN + LOOK_AGAIN


@dataclass
class Site:
    """What ``prepare`` comes to, without a file and a package."""

    scene: Scene
    functions: MemoryFunctions = field(default_factory=MemoryFunctions)

    def deploy(
        self,
        endpoints: tuple[EndpointConfig, ...] = (),
        domain: CustomDomain | None = None,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        args = arguments("deploy", "--prune")
        where = replace(self.scene.where, functions=lambda: self.functions)
        observed = where.platform.observe(RUNTIME)
        runtime = config(endpoints, domain)
        prepared = Prepared(
            runtime,
            where,
            observed,
            None,
            plan_deploy(runtime.spec, None, observed),
            plan_endpoints(
                RUNTIME, endpoints, observed, {ENDPOINT: self.scene.standing}, prune=True
            ),
            domain=self._leading(observed, domain),
        )
        context = self.scene.context
        with all_or_none(context.console.going_back, context.console.say) as undertaking:
            deployed = carry_out(args, context, prepared, undertaking)
            then()
            prune(args, context, lead(args, context, deployed, undertaking), undertaking)

    def _leading(self, observed: Observed, domain: CustomDomain | None) -> Plan | None:
        if domain is None:
            return None
        found = self.functions.domain(domain.name)
        step = plan_domain(domain, observed, found)
        return plan_leading(RUNTIME, step, found) if step else None


def fails() -> None:
    raise UnreachableError("another resource failed")


def follows_the_head(scene: Scene) -> None:
    found = scene.platform.observe(RUNTIME).endpoints[0]
    scene.platform.set_split(scene.runtime, found.id, Split(LATEST))


def test_who_follows_the_head_is_told_where_the_deploy_fails_later(scene: Scene) -> None:
    follows_the_head(scene)
    with pytest.raises(HalfDoneError) as told:
        Site(scene).deploy(then=fails)
    assert "agent/production serves the new head (LATEST)" in str(told.value)
    assert "the platform keeps no old one" in str(told.value)
    assert told.value.exit_code == 5


def test_where_nobody_follows_the_head_traffic_is_as_it_was(scene: Scene) -> None:
    with pytest.raises(UnreachableError) as told:
        Site(scene).deploy(TO_TWO, then=fails)
    assert told.value.exit_code == 3
    assert scene.split() == Split(1)


@dataclass
class Failing(MemoryPlatform):
    """An update that is refused, or that ends in a head that does not start."""

    begins: bool = False

    def update_runtime(
        self, runtime_id: str, spec: RuntimeSpec, artifact: Artifact | None
    ) -> Runtime:
        if self.begins:
            made = super().update_runtime(runtime_id, spec, artifact)
            self.shelves[runtime_id].runtime = replace(made, status=Status.UPDATE_FAILED)
            raise NotReadyError("it does not start")
        raise PlatformError("not allowed")


@pytest.mark.parametrize("begins", [False, True])
def test_a_head_that_failed_is_told_where_it_changed(scene: Scene, *, begins: bool) -> None:
    follows_the_head(scene)
    scene.platform = Failing(scene.platform.shelves, scene.platform.clock, begins=begins)
    with pytest.raises(HalfDoneError if begins else PlatformError) as told:
        Site(scene).deploy()
    assert told.value.exit_code == (5 if begins else 3)
    assert ("which this deploy changed and which is UPDATE_FAILED" in str(told.value)) is begins


def domain_of(scene: Scene) -> MemoryFunctions:
    functions = MemoryFunctions({scene.runtime: MemoryFunction()})
    old = replace(DOMAIN, routes=(DomainRoute("/*", "1"),))
    functions.domains[DOMAIN.name] = old, scene.runtime
    return functions


def test_a_domain_is_led_only_after_all_has_stood_its_test(scene: Scene) -> None:
    site = Site(scene, domain_of(scene))
    with pytest.raises(UnreachableError):
        site.deploy(TO_TWO, DOMAIN, then=fails)
    assert site.functions.domains[DOMAIN.name][0].routes == (DomainRoute("/*", "1"),)
    site.deploy(TO_TWO, DOMAIN)
    assert site.functions.domains[DOMAIN.name][0].routes == DOMAIN.routes


def test_a_domain_is_led_back_where_a_removal_is_refused(scene: Scene) -> None:
    class Kept(MemoryPlatform):
        def delete_endpoint(self, runtime_id: str, endpoint_id: str) -> None:
            raise PlatformError("not allowed")

    scene.endpoint("old", Split(1))
    scene.platform = Kept(scene.platform.shelves, scene.platform.clock)
    site = Site(scene, domain_of(scene))
    with pytest.raises(PlatformError, match="not allowed"):
        site.deploy(TO_TWO, DOMAIN)
    assert site.functions.domains[DOMAIN.name][0].routes == (DomainRoute("/*", "1"),)
    assert (scene.split(), scene.split("old")) == (Split(1), Split(1))


def test_removals_are_the_last_of_all(scene: Scene) -> None:
    scene.endpoint("old", Split(1))
    with pytest.raises(UnreachableError):
        Site(scene).deploy(TO_TWO, then=fails)
    assert scene.split("old") == Split(1)
    Site(scene).deploy(TO_TWO)
    assert [one.name for one in scene.platform.observe(RUNTIME).endpoints] == [ENDPOINT]

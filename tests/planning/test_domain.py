from dataclasses import replace

import pytest

from agentramp.errors import UnsupportedError, UsageError
from agentramp.model import (
    Certificate,
    Code,
    CustomDomain,
    DomainRoute,
    Observed,
    Runtime,
    RuntimeSpec,
    Version,
)
from agentramp.plan import Change, SetDomain
from agentramp.planning import plan_domain, plan_leading, refuse_automatic

OBSERVED = Observed(Runtime("rt", RuntimeSpec("agent", Code("python3.12"))), (Version(1),))
PLAIN = CustomDomain("a.example.com", routes=(DomainRoute("/*", "1"),))
OURS = ("rt",)


def secret(chain: str, key: str = "old-secret") -> CustomDomain:
    return CustomDomain(
        "a.example.com",
        "HTTPS",
        certificate=Certificate("mine", chain, key),
        auth_type="jwt",
        auth_info=f"info of {key}",
    )


def test_a_domain_that_is_not_there_is_made() -> None:
    assert plan_domain(PLAIN, OBSERVED, None) == SetDomain("rt", PLAIN)


def test_a_runtime_that_is_still_to_be_made_is_the_one_just_made() -> None:
    step = plan_domain(CustomDomain("a.example.com"), Observed(), None)
    assert step == SetDomain(None, CustomDomain("a.example.com"))


def test_one_that_is_so_already_is_left() -> None:
    assert plan_domain(PLAIN, OBSERVED, (PLAIN, OURS)) is None
    unsaid = CustomDomain("a.example.com")
    assert plan_domain(unsaid, OBSERVED, (PLAIN, OURS)) is None


def test_one_that_leads_nowhere_is_led_here() -> None:
    assert plan_domain(PLAIN, OBSERVED, (PLAIN, ())) == SetDomain("rt", PLAIN)


def test_what_differs_is_told() -> None:
    wanted = CustomDomain("a.example.com", "HTTPS", (DomainRoute("/v1/*", "1", ("GET",)),))
    step = plan_domain(wanted, OBSERVED, (PLAIN, OURS))
    assert step
    assert step.changes == (
        Change("protocol", "HTTP", "HTTPS"),
        Change("routes", "/* 1", "/v1/* 1 GET"),
    )


def test_secrets_are_named_and_never_told() -> None:
    wanted = secret("new-secret chain", "new-secret")
    step = plan_domain(wanted, OBSERVED, (secret("old-secret chain"), OURS))
    assert step
    assert [change.field for change in step.changes] == ["certificate", "auth_info"]
    assert "secret" not in repr(step.changes)


def test_a_key_that_the_platform_keeps_to_itself_is_no_difference() -> None:
    present = CustomDomain("a.example.com", certificate=Certificate("mine", "chain", ""))
    wanted = CustomDomain("a.example.com", certificate=Certificate("mine", "chain", "key"))
    assert plan_domain(wanted, OBSERVED, (present, OURS)) is None


@pytest.mark.parametrize("hidden", [None, "", "******", '{"jwks": {"k": "***"}}', "xxxx"])
def test_what_lets_callers_in_is_no_difference_where_it_is_hidden(hidden: str | None) -> None:
    present = replace(secret("chain"), auth_info=hidden)
    assert plan_domain(secret("chain"), OBSERVED, (present, OURS)) is None
    step = plan_domain(secret("chain"), OBSERVED, (replace(present, auth_type=None), OURS))
    assert step
    assert [change.field for change in step.changes] == ["auth_type"]


def test_another_runtimes_domain_is_not_taken() -> None:
    with pytest.raises(UsageError, match="leads to another runtime: rt-of-others"):
        plan_domain(PLAIN, OBSERVED, (PLAIN, ("rt", "rt-of-others")))


def test_a_version_that_is_not_published_is_refused_first() -> None:
    wanted = CustomDomain("a.example.com", routes=(DomainRoute("/*", "4"),))
    with pytest.raises(UsageError, match=r"version 4, which is not published \(published: 1\)"):
        plan_domain(wanted, OBSERVED, None)
    head = CustomDomain("a.example.com", routes=(DomainRoute("/*", "LATEST"),))
    assert plan_domain(head, OBSERVED, None)


def test_auto_is_the_other_tools() -> None:
    refuse_automatic(PLAIN)
    with pytest.raises(UnsupportedError):
        refuse_automatic(CustomDomain("auto"))


def test_the_domain_of_a_runtime_that_is_gone_is_taken_over() -> None:
    """As after a removal and a deploy of the same name."""
    found = (PLAIN, ("rt-gone",))
    assert plan_domain(PLAIN, OBSERVED, found, ["rt-gone"]) == SetDomain("rt", PLAIN)
    with pytest.raises(UsageError, match="another runtime: rt-of-others"):
        plan_domain(PLAIN, OBSERVED, (PLAIN, ("rt-gone", "rt-of-others")), ["rt-gone"])


def test_old_routes_are_the_way_back_where_they_led_here() -> None:
    present = replace(secret("old chain"), routes=PLAIN.routes)
    step = SetDomain("rt", replace(PLAIN, routes=(DomainRoute("/v1/*"),)))
    (back,) = plan_leading("agent", step, (present, OURS)).way_back
    assert isinstance(back, SetDomain)
    assert (back.runtime_id, back.domain.routes) == ("rt", PLAIN.routes)
    assert (back.domain.certificate, back.domain.auth_info) == (None, None)
    secrets = plan_leading("agent", SetDomain("rt", secret("new chain")), (present, OURS))
    assert "a new certificate or login is not taken back" in secrets.notes[0]


@pytest.mark.parametrize("found", [None, (PLAIN, ()), (PLAIN, ("rt-gone",))])
def test_a_domain_that_nobody_used_needs_no_way_back(
    found: tuple[CustomDomain, tuple[str, ...]] | None,
) -> None:
    plan = plan_leading("agent", SetDomain("rt", PLAIN), found)
    assert plan.way_back == ()
    assert plan.no_way_back.startswith("none")

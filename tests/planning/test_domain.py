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
from agentramp.planning import plan_domain, refuse_automatic

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

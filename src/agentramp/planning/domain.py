"""Let a domain of one's own lead to the runtime."""

from collections.abc import Collection
from dataclasses import replace

from agentramp.errors import UnsupportedError, UsageError
from agentramp.masks import is_hidden
from agentramp.model import LATEST, CustomDomain, DomainRoute, Observed
from agentramp.plan import Change, Plan, SetDomain, Subject

AUTO = "auto"
"""The vendor's tool makes up a domain under its own; no API that we know gives one."""
LED_NOWHERE = "none: the domain led to no runtime that is there, so nobody used it"


def plan_domain(
    wanted: CustomDomain,
    observed: Observed,
    found: tuple[CustomDomain, tuple[str, ...]] | None,
    gone: Collection[str] = (),
) -> SetDomain | None:
    """``found`` is what the platform has by that name, and the runtimes that it leads to.

    Those of them that are ``gone`` have no more use for it. Raises UsageError where it leads to
    another runtime, or to a version that is not published.
    """
    runtime_id = observed.runtime.id if observed.runtime else None
    _refuse_unpublished(wanted, observed)
    if found is None:
        return SetDomain(runtime_id, wanted)
    present, leads_to = found
    others = sorted(set(leads_to) - {runtime_id} - set(gone))
    if others:
        raise UsageError(
            f"domain {wanted.name} leads to another runtime: {', '.join(others)}",
            advice="take the domain from that one first, or name another in customDomain",
        )
    changes = _changes(wanted, present)
    if changes or set(leads_to) != {runtime_id}:
        return SetDomain(runtime_id, wanted, changes)
    return None


def plan_leading(
    runtime: str, step: SetDomain, found: tuple[CustomDomain, tuple[str, ...]] | None
) -> Plan:
    """The last that a deploy does but removals; ``found`` as in ``plan_domain``.

    Its old routes are its way back where they lead to this runtime. A platform gives out no
    private key and no secret of a login, so those are left as they are by then.
    """
    subject = Subject(runtime)
    if found is None or step.runtime_id is None or set(found[1]) != {step.runtime_id}:
        return Plan("deploy", subject, (step,), no_way_back=LED_NOWHERE)
    old = replace(found[0], certificate=None, auth_info=None)
    if step.domain.certificate or step.domain.auth_info:
        note = (f"domain {old.name}: a new certificate or login is not taken back",)
        return Plan("deploy", subject, (step,), (SetDomain(step.runtime_id, old),), note)
    return Plan("deploy", subject, (step,), (SetDomain(step.runtime_id, old),))


def refuse_automatic(wanted: CustomDomain) -> None:
    """Raises UnsupportedError where the file leaves the name of its domain to the vendor's tool."""
    if wanted.name == AUTO:
        raise UnsupportedError(
            f"customDomain: a domainName of {AUTO} is made up by the vendor's tool, not by the"
            " platform",
            advice="name a domain of your own, or use the endpoint's own url",
        )


def _refuse_unpublished(wanted: CustomDomain, observed: Observed) -> None:
    known = {LATEST, *(str(version.number) for version in observed.versions)}
    missing = [one.qualifier for one in wanted.routes if one.qualifier]
    missing = [qualifier for qualifier in missing if qualifier not in known]
    if missing:
        listed = ", ".join(sorted(known - {LATEST})) or "none"
        raise UsageError(
            f"customDomain leads to version {', '.join(missing)}, which is not published"
            f" (published: {listed})",
            advice="publish it first (agentramp publish-version)",
        )


def _changes(wanted: CustomDomain, present: CustomDomain) -> tuple[Change, ...]:
    told = [
        _change("protocol", present.protocol, wanted.protocol),
        _change("routes", _routes(present.routes), _routes(wanted.routes)),
        _change("tls_min_version", present.tls_min_version, wanted.tls_min_version),
        _change("tls_max_version", present.tls_max_version, wanted.tls_max_version),
        _change("tls_ciphers", " ".join(present.tls_ciphers), " ".join(wanted.tls_ciphers)),
        _change("auth_type", present.auth_type, wanted.auth_type),
        _change("firewall", _truth(present.firewall), _truth(wanted.firewall)),
        _certificate(wanted, present),
        _secret("auth_info", present.auth_info, wanted.auth_info),
    ]
    return tuple(change for change in told if change)


def _change(field: str, before: str | None, after: str | None) -> Change | None:
    """What the file does not say is left as it is."""
    if not after or before == after:
        return None
    return Change(field, before or "unset", after)


def _secret(field: str, before: str | None, after: str | None) -> Change | None:
    """One that is hidden cannot be compared; where nothing is set, its kind differs and is told."""
    if not after or before == after or is_hidden(before):
        return None
    return Change(field, "***", "*** (changed)")


def _certificate(wanted: CustomDomain, present: CustomDomain) -> Change | None:
    """A platform keeps the private key to itself; it belongs to the chain that is compared."""
    new, old = wanted.certificate, present.certificate
    if new is None or (old and new.name == old.name and _same(new.chain, old.chain)):
        return None
    return Change("certificate", old.name if old else "unset", f"{new.name} (changed)")


def _same(chain: str, shown: str) -> bool:
    return is_hidden(shown) or chain == shown


def _truth(value: bool | None) -> str | None:  # noqa: FBT001 - a value, not a switch
    return None if value is None else str(value).lower()


def _routes(routes: tuple[DomainRoute, ...]) -> str:
    told = (
        " ".join(filter(None, (one.path, one.qualifier, ",".join(one.methods)))) for one in routes
    )
    return "; ".join(told)

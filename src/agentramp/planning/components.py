"""Components of a Blocklet Server: install one, try one beside it as a canary, go back, remove.

Such a server has one version of a component, so a canary is a component of its own, and what the
way back of an installation needs is the bundle that ran before it.
"""

from dataclasses import dataclass, replace

from agentramp.component import Application, Bundle, Component, Health, Identity, Installation
from agentramp.errors import SupersededError, UsageError
from agentramp.mounts import Mounts, mounts
from agentramp.plan import (
    AskComponent,
    InstallComponent,
    KeepRecord,
    Plan,
    RemoveComponent,
    Step,
    Subject,
)
from agentramp.planning.remove import GONE
from agentramp.planning.traffic import IS_BACK
from agentramp.record import Installed, Installing, Record, Uninstalled

PROMOTED = "promoted: it is what the canary is"
_BACK = "rollback"


@dataclass(frozen=True)
class SeenApplication:
    """An application as its server shows it and as the journal knows its component and canary."""

    subject: Subject
    application: Application
    records: tuple[Record, ...] = ()

    def known(self, did: str) -> Mounts:
        return mounts(self.records, did)


@dataclass(frozen=True)
class Wanted:
    """``way_back`` is the bundle of what ``way_back_to`` names, where it is at hand."""

    bundle: Bundle
    mount_point: str
    way_back: Bundle | None = None
    reason: str = ""
    health_path: str = ""


def installed(seen: SeenApplication, did: str) -> Installation | None:
    """What is there: the server tells the version, the journal the digests if it has that one."""
    found, settled = seen.application.component(did), seen.known(did).settled
    if found is None:
        return None
    if settled and _place(settled) == _place(found):
        return settled
    return Installation(did, found.version, found.mount_point, "", "")


def way_back_to(seen: SeenApplication, did: str) -> Installation | None:
    """What a failed installation brings back: where a run died in one, what ran before that."""
    died = _died(seen, did)
    return died.before if died else installed(seen, did)


def previous(seen: SeenApplication, did: str) -> Installation | None:
    """What a rollback goes to: what ran before what runs, and never forward again."""
    if died := _died(seen, did):
        # A rollback that died is finished: what it left is not gone back to.
        return died.after if _went_back(seen, died) else died.before
    path, now = seen.known(did).path, installed(seen, did)
    earlier = path[: path.index(now)] if now in path else path
    return earlier[-1] if earlier else None


def _went_back(seen: SeenApplication, begun: Installing) -> bool:
    verbs = (one.verb for one in reversed(seen.records) if one.event == begun)
    return next(verbs, "") == _BACK


def is_unchanged(seen: SeenApplication, bundle: Bundle, mount_point: str) -> bool:
    """Whether this very bundle runs there, and no run died before it was asked if it works."""
    did = bundle.identity.did
    found = seen.application.component(did)
    return _is_there(seen, bundle, mount_point, found) and seen.known(did).open is None


def plan_install(seen: SeenApplication, wanted: Wanted, verb: str = "deploy") -> Plan:
    """Install, ask whether it works, and write both down; the bundle before it is the way back."""
    refuse_occupied(seen, wanted.bundle.identity, wanted.mount_point)
    if is_unchanged(seen, wanted.bundle, wanted.mount_point):
        return Plan(verb, seen.subject, notes=(_as_it_is(wanted),))
    steps = _installation(seen, wanted)
    plan = Plan(verb, seen.subject, steps, generation=len(seen.records))
    back, why = _way_back(seen, wanted)
    return replace(plan, way_back=back, no_way_back=why)


def plan_reinstall(seen: SeenApplication, wanted: Wanted) -> Plan:
    """Go back to a bundle that ran before: nothing undoes that."""
    plan = plan_install(seen, replace(wanted, way_back=None), _BACK)
    return replace(plan, way_back=(), no_way_back=IS_BACK)


def plan_promotion(seen: SeenApplication, wanted: Wanted, canary: Identity) -> Plan:
    """What the canary is, installed as the component itself; then the canary goes.

    Raises UsageError where no canary is on trial, or ``wanted`` is made of something else.
    """
    trial = installed(seen, canary.did)
    if trial is None:
        return _without_canary(seen, wanted, canary)
    _refuse_unlike(seen, wanted.bundle, canary, trial)
    why = replace(wanted, reason=wanted.reason or PROMOTED)
    plan = plan_install(seen, why, "promote")
    steps = (*plan.steps, *_removal(seen, canary))
    way = plan.no_way_back if plan.steps else GONE
    return replace(plan, steps=steps, no_way_back=way, generation=len(seen.records))


def plan_removal(seen: SeenApplication, *going: Identity, verb: str = "remove") -> Plan:
    """Take components away; of one that is gone already only the record is made."""
    steps = tuple(step for one in going for step in _removal(seen, one))
    notes = tuple(
        f"{one.name} is not in {seen.application.name}: there is nothing to remove"
        for one in going
        if seen.application.component(one.did) is None
    )
    generation = len(seen.records)
    return Plan(verb, seen.subject, steps, notes=notes, no_way_back=GONE, generation=generation)


def plan_withdrawal(seen: SeenApplication, canary: Identity) -> Plan:
    """End a trial: the canary goes, and the component stays as it is."""
    plan = plan_removal(seen, canary, verb="abort")
    if plan.steps:
        return plan
    return replace(plan, notes=(f"no canary of {seen.subject} is on trial: nothing to abort",))


def refuse_occupied(seen: SeenApplication, identity: Identity, mount_point: str) -> None:
    """Raises UsageError where another component is there, or this one is somewhere else."""
    name = seen.application.name
    other = seen.application.at(mount_point)
    if other and other.did != identity.did:
        raise UsageError(
            f"{mount_point} of {name} belongs to {other.name} ({other.did}), which is not"
            f" {identity.did}",
            advice="a component is known by its DID: name that one with --did if it is yours, or"
            " choose another --mount-point",
        )
    found = seen.application.component(identity.did)
    if found and found.mount_point != mount_point:
        raise UsageError(
            f"{identity.did} is mounted at {found.mount_point} of {name} already, as"
            f" {found.name} {found.version}",
            advice=f"a server mounts a component once: use --mount-point {found.mount_point}, or"
            " remove it first",
        )


def _installation(seen: SeenApplication, wanted: Wanted) -> tuple[Step, ...]:
    """Where a run died after it had sent the bundle, it is only asked whether that works."""
    bundle, did = wanted.bundle, wanted.bundle.identity.did
    found, after = seen.application.component(did), _installation_of(bundle, wanted.mount_point)
    begun = KeepRecord(Installing(way_back_to(seen, did), after, wanted.reason))
    send = InstallComponent(bundle, wanted.mount_point, found, wanted.reason)
    ask = AskComponent(wanted.mount_point, wanted.health_path)
    is_there = _is_there(seen, bundle, wanted.mount_point, found)
    return (begun, *(() if is_there else (send,)), ask, KeepRecord(Installed(after)))


def _way_back(seen: SeenApplication, wanted: Wanted) -> tuple[tuple[Step, ...], str]:
    did, bundle = wanted.bundle.identity.did, wanted.way_back
    to = way_back_to(seen, did)
    if to is None:
        remove = RemoveComponent(did, wanted.bundle.identity.name, wanted.mount_point)
        return (remove,), ""
    found = seen.application.component(did)
    if bundle is None or not _is_of(bundle, to, found):
        why = (
            f"none: the bundle of {to.version} is not at hand: another machine or another tool"
            " installed it"
        )
        return (), why
    after = Component(
        did,
        wanted.bundle.identity.name,
        wanted.bundle.version,
        wanted.mount_point,
        Health.RUNNING,
        integrity=wanted.bundle.integrity,
    )
    return (InstallComponent(bundle, wanted.mount_point, after, "undo"),), ""


def _is_of(bundle: Bundle, to: Installation, found: Component | None) -> bool:
    """The server's integrity tells, if it has any and this runs there; else the digest."""
    if (bundle.identity.did, bundle.version) != (to.did, to.version):
        return False
    if found and found.integrity and _place(found) == _place(to):
        return _same(bundle, found)
    return bool(to.sha256) and bundle.sha256 == to.sha256


def _is_there(
    seen: SeenApplication, bundle: Bundle, mount_point: str, found: Component | None
) -> bool:
    """Where the server does not say what it has, the journal does."""
    if found is None or found.health is not Health.RUNNING:
        return False
    if _place(_installation_of(bundle, mount_point)) != _place(found):
        return False
    if found.integrity:
        return _same(bundle, found)
    known = seen.known(bundle.identity.did)
    told = known.open.after if known.open else known.settled
    return told is not None and _place(told) == _place(found) and told.content == bundle.content


def _same(bundle: Bundle, found: Component) -> bool:
    return bundle.integrity == found.integrity


def _removal(seen: SeenApplication, going: Identity) -> tuple[Step, ...]:
    found, known = installed(seen, going.did), seen.known(going.did)
    if found:
        step = RemoveComponent(going.did, going.name, found.mount_point)
        return (step, KeepRecord(Uninstalled(found)))
    left = known.settled or (known.open.after if known.open else None)
    return (KeepRecord(Uninstalled(left)),) if left else ()


def _without_canary(seen: SeenApplication, wanted: Wanted, canary: Identity) -> Plan:
    """A run that died may have promoted it, and only not have written down that it is gone."""
    left = _removal(seen, canary)
    if left and is_unchanged(seen, wanted.bundle, wanted.mount_point):
        return plan_removal(seen, canary, verb="promote")
    raise UsageError(
        f"no canary of {seen.subject} is on trial in {seen.application.name}",
        advice="put one there first with agentramp deploy --canary",
    )


def _refuse_unlike(
    seen: SeenApplication, bundle: Bundle, canary: Identity, trial: Installation
) -> None:
    found = seen.application.component(canary.did)
    if found and found.health is not Health.RUNNING:
        raise SupersededError(
            f"the canary {canary.name} {found.version} at {found.mount_point} does not run"
            f" ({found.status or found.health.value})",
            advice="deploy it again with agentramp deploy --canary, or end it with agentramp abort",
        )
    if not trial.content:
        raise UsageError(
            f"the journal here does not know what the canary at {trial.mount_point} is made of:"
            " another machine or another tool put it there",
            advice="deploy it again with agentramp deploy --canary, then promote it",
        )
    if trial.content != bundle.content:
        raise UsageError(
            f"{bundle.identity.name} {bundle.version} is not what is on trial at"
            f" {trial.mount_point}: files were changed since that was deployed",
            advice="promote from the commit of the canary, or deploy this one with --canary first",
        )


def _as_it_is(wanted: Wanted) -> str:
    bundle = wanted.bundle
    return f"{bundle.identity.name} {bundle.version} runs at {wanted.mount_point} already"


def _installation_of(bundle: Bundle, mount_point: str) -> Installation:
    did = bundle.identity.did
    return Installation(did, bundle.version, mount_point, bundle.sha256, bundle.content)


def _place(found: Installation | Component) -> tuple[str, str]:
    return found.version, found.mount_point


def _died(seen: SeenApplication, did: str) -> Installing | None:
    """What a run had begun that died after it had sent its bundle, which nobody has proven yet."""
    found, begun = seen.application.component(did), seen.known(did).open
    return begun if begun and found and _place(begun.after) == _place(found) else None

"""What the platform and the account say: asked, never changed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from agentramp.errors import AgentrampError, RefusedError
from agentramp.logs.port import LogFilter, Logs
from agentramp.model import LATEST, LogStore, Network, Observed, VersionRef
from agentramp.preflight.finding import Failed, Finding, Passed, Skipped
from agentramp.preflight.port import Cloud

RUNS_AGENTS = "fc.aliyuncs.com"
"""The service that a runtime's role has to trust."""
_DENIED = ("NoPermission", "Forbidden", "AccessDenied", "Unauthorized")


@dataclass(frozen=True)
class Standing:
    """How an account stands towards what s.yaml asks for; what it asks nothing of is None."""

    role: str | None = None
    network: Network = field(default_factory=Network)
    log_store: LogStore | None = None
    endpoints: tuple[tuple[str, VersionRef | None], ...] = ()


def findings(
    wanted: Standing,
    identity: Callable[[], str],
    observe: Callable[[], Observed],
    cloud: Callable[[], Cloud],
    logs: Callable[[], Logs],
) -> Iterator[Finding]:
    """Every line is told, whatever came of the ones before; ``identity`` is words for a person."""
    who = _tried("credentials", lambda: Passed("credentials", identity()))
    yield who
    if not isinstance(who, Passed):
        for name in ("AgentRun", "permissions", "role", "network", "log project", "endpoints"):
            yield Skipped(name, "there are no credentials to ask with")
        return
    seen: list[Observed] = []
    yield _tried("AgentRun", lambda: _opened(observe, seen))
    yield Skipped("permissions", "to write cannot be tried without writing; a deploy tells")
    yield _tried("role", lambda: _role(wanted.role, cloud))
    yield _tried("network", lambda: _network(wanted.network, cloud))
    yield _tried("log project", lambda: _log_project(wanted.log_store, logs))
    yield _endpoints(wanted.endpoints, seen)


def _tried(name: str, look: Callable[[], Finding]) -> Finding:
    """A right that is missing to look is no verdict on what was to be looked at."""
    try:
        return look()
    except RefusedError as error:
        if any(word in error.message for word in _DENIED) and name != "AgentRun":
            return Skipped(name, f"this identity may not look: {error.message}")
        return Failed(name, error.message, error.advice or "see the platform's words")
    except AgentrampError as error:
        return Failed(name, error.message, error.advice or "mend what is named")


def _opened(observe: Callable[[], Observed], seen: list[Observed]) -> Finding:
    observed = observe()
    seen.append(observed)
    runtime = observed.runtime
    told = f"runtime {runtime.spec.name} is {runtime.status.value}" if runtime else "no runtime yet"
    return Passed("AgentRun", f"opened, and may be read; {told}")


def _role(role: str | None, cloud: Callable[[], Cloud]) -> Finding:
    if role is None:
        return Skipped("role", "s.yaml names none")
    name = role.rpartition("/")[2]
    trusted = cloud().role_trusts(name)
    if trusted is None:
        return Failed("role", f"there is no role {name}", "make it in RAM, or mend its name")
    if RUNS_AGENTS not in trusted:
        return Failed(
            "role",
            f"role {name} does not trust {RUNS_AGENTS} (it trusts: {', '.join(trusted) or 'none'})",
            f"add {RUNS_AGENTS} to the Service of its trust policy",
        )
    return Passed("role", f"{name}, trusted by {RUNS_AGENTS}")


def _network(network: Network, cloud: Callable[[], Cloud]) -> Finding:
    if network.vpc_id is None:
        return Skipped("network", "s.yaml names no VPC")
    known = cloud()
    wrong = [*_wrong_switches(network, known), *_wrong_group(network, known)]
    if wrong:
        return Failed(
            "network", "; ".join(wrong), f"take what belongs to {network.vpc_id} in this region"
        )
    return Passed("network", f"its vSwitches and security group belong to {network.vpc_id}")


def _wrong_switches(network: Network, cloud: Cloud) -> Iterable[str]:
    known = cloud.switches(network.vswitch_ids)
    for name in network.vswitch_ids:
        if name not in known:
            yield f"there is no vSwitch {name}"
        elif known[name] != network.vpc_id:
            yield f"vSwitch {name} belongs to {known[name]}"


def _wrong_group(network: Network, cloud: Cloud) -> Iterable[str]:
    group = network.security_group_id
    if group is None:
        return
    owner = cloud.security_group(group)
    if owner is None:
        yield f"there is no security group {group}"
    elif owner != network.vpc_id:
        yield f"security group {group} belongs to {owner}"


def _log_project(store: LogStore | None, logs: Callable[[], Logs]) -> Finding:
    """Asks for no time at all: only whether the store is there matters."""
    if store is None:
        return Skipped("log project", "s.yaml names none; logConfig: auto keeps what agents write")
    list(islice(logs().read(store, "agentrun-none", LogFilter(0, 1)), 1))
    return Passed("log project", f"{store.project}, log store {store.logstore}")


def _endpoints(
    wanted: Sequence[tuple[str, VersionRef | None]], seen: Sequence[Observed]
) -> Finding:
    if not wanted:
        return Skipped("endpoints", "s.yaml names none")
    if not seen:
        return Skipped("endpoints", "the platform does not tell its versions")
    there = {version.number for version in seen[0].versions}
    missing = [
        f"{name} names version {version}"
        for name, version in wanted
        if version not in {None, LATEST} and version not in there
    ]
    if not missing:
        return Passed("endpoints", "all versions that they name are published")
    has = ", ".join(map(str, sorted(there))) or "none"
    return Failed(
        "endpoints",
        f"{'; '.join(missing)}, and published are: {has}",
        "deploy with --skip-endpoints, publish-version, and write its number",
    )

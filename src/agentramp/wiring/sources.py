"""Where a ramp's evidence comes from: from settings to adapters, one match."""

from typing_extensions import assert_never

from agentramp.config.ramp_settings import (
    CommandSource,
    GatewaySource,
    LogServiceSource,
    ProbeSource,
    PrometheusSource,
    Source,
    UrlSource,
)
from agentramp.evidence.command import CommandEvidence
from agentramp.evidence.gateway import GatewayEvidence
from agentramp.evidence.log_service import LogServiceEvidence, function_of
from agentramp.evidence.port import Evidence, EvidenceError
from agentramp.evidence.prometheus import PrometheusEvidence
from agentramp.evidence.promql import Prometheus
from agentramp.evidence.url import UrlEvidence
from agentramp.judge.window import Unit
from agentramp.logs.service import LogService
from agentramp.planning import Seen, pinned_names
from agentramp.platform.registry import client
from agentramp.wiring import gating
from agentramp.wiring.context import Context
from agentramp.wiring.target import Target


def chosen(where: Target, platform: str) -> Source:
    """What agentramp.yaml names, or what comes with the platform."""
    if where.ramp.source is not None:
        return where.ramp.source
    return GatewaySource() if platform == "local" else LogServiceSource()


def unit(where: Target, platform: str) -> Unit:
    source = chosen(where, platform)
    match source:
        case GatewaySource() | ProbeSource():
            return Unit.SESSIONS
        case LogServiceSource():
            return Unit.REQUESTS
        case PrometheusSource() | CommandSource() | UrlSource():
            return source.unit
        case _:
            assert_never(source)


def connect(
    context: Context, where: Target, seen: Seen, platform: str, *, dry_run: bool = False
) -> Evidence:
    """Raises EvidenceError where the source cannot be asked, or not without an effect."""
    source = chosen(where, platform)
    match source:
        case GatewaySource():
            return GatewayEvidence(client(where.address, context))
        case PrometheusSource():
            return PrometheusEvidence(
                Prometheus(source.url, token=source.token),
                source.counted,
                source.bad,
                latency=source.latency,
                cost=source.cost,
                unit=source.unit,
            )
        case LogServiceSource():
            return _log_service(source, context, where, seen, platform)
        case CommandSource():
            return CommandEvidence(source.argv, source.unit, source.timeout, context.environ)
        case UrlSource():
            return UrlEvidence(source.url, source.unit, source.timeout, source.token)
        case ProbeSource() if dry_run:
            raise EvidenceError("a dry run sends no probes", advice="leave --dry-run out")
        case ProbeSource():
            return gating.probes(source, context, where, seen)
        case _:
            assert_never(source)


def _log_service(
    source: LogServiceSource, context: Context, where: Target, seen: Seen, platform: str
) -> LogServiceEvidence:
    runtime = seen.observed.runtime
    known = where.log_store or (runtime.spec.log_store if runtime else None)
    project = source.project or (known.project if known else None)
    logstore = source.logstore or (known.logstore if known else None)
    if runtime is None or project is None or logstore is None:
        raise EvidenceError(
            f"no log store is known for {seen.runtime}, so no requests can be counted",
            advice="name it in s.yaml (logConfig) or under evidence: in agentramp.yaml, or name"
            " another source there",
        )
    url = where.address.url
    if platform != "local":
        url = f"https://{project}.{where.region}.log.aliyuncs.com"
    address = where.address
    service = LogService(
        url, address.credentials, where.platform.now, context.sleep, renew=address.renew
    )
    _refuse_mixed(where, seen)
    function = function_of(runtime.id)
    return LogServiceEvidence(service, logstore, function)


def _refuse_mixed(where: Target, seen: Seen) -> None:
    """The log service counts a version's requests by whatever endpoint they came."""
    ramp = seen.standing.ramp
    tried = {ramp.stable, ramp.canary} if ramp else set[int]()
    pinned = pinned_names(where.endpoint)
    for other in seen.observed.endpoints:
        shared = [version for version, _ in other.split.weights if version in tried]
        # The endpoints that gates made have no traffic but theirs, and that was before the ramp.
        made = other.name in pinned and gating.is_ours(where, other.name)
        if shared and other.name != seen.endpoint and not made:
            raise EvidenceError(
                f"endpoint {other.name} serves version {shared[0]} too, and the log service cannot"
                f" tell its requests from those of {seen.endpoint}",
                advice="give that endpoint another version, or name a source under evidence: in"
                " agentramp.yaml that knows endpoints, such as prometheus",
            )

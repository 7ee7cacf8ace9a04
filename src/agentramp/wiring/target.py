"""From arguments to a runtime on a platform, and the journal of what was done to it."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from agentramp import config
from agentramp.config import Config, RuntimeConfig
from agentramp.config.ramp_settings import RampConfig
from agentramp.credentials.port import Holder
from agentramp.diagnostics import ConfigError
from agentramp.effects import Outcome, no_functions, no_logs
from agentramp.errors import UsageError
from agentramp.execution import Execute, look_only
from agentramp.executor import Executor
from agentramp.journal.port import Journal
from agentramp.local import daemon
from agentramp.logs.port import Logs
from agentramp.model import LogStore
from agentramp.plan import (
    AskComponent,
    DescribeEndpoint,
    InstallComponent,
    KeepRecord,
    MoveTraffic,
    Plan,
    RemoveEndpoint,
    Step,
    Subject,
)
from agentramp.platform.agentrun.services import Services
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.functions import Functions
from agentramp.platform.port import Platform, PlatformError
from agentramp.platform.registry import Address, connect, functions
from agentramp.report.deeds import Deeds
from agentramp.stepping import changes
from agentramp.wiring.context import Context
from agentramp.wiring.journals import Shelf, kept
from agentramp.wiring.project import configured, file_of
from agentramp.wiring.signing_in import cloud

if TYPE_CHECKING:
    from agentramp.wiring.sight import Sight

_SETTLED = (
    *(MoveTraffic, DescribeEndpoint, RemoveEndpoint, KeepRecord),
    *(InstallComponent, AskComponent),
)
"""Where one of these fails, the executor puts it back or makes sure that nothing was done."""


@dataclass(frozen=True)
class Target:
    """One runtime on one platform, and the journal of what was done to it there."""

    runtime: str
    platform: Platform
    journal: Journal
    address: Address
    region: str
    endpoint: str
    ramp: RampConfig
    account: Callable[[], str]
    """The account's id, asked of the platform where nobody has said it; may raise RefusedError."""
    log_store: LogStore | None = None
    """Where s.yaml says that the runtime's logs go."""
    functions: Callable[[], Functions] = no_functions
    logs: Callable[[], Logs] = no_logs
    """Both are connected when they are asked for, and not before."""

    @property
    def subject(self) -> Subject:
        return Subject(self.runtime, self.endpoint)


def named(args: argparse.Namespace, context: Context) -> Target:
    """The runtime by name alone: what a rollback needs, and no more.

    What agentramp.yaml says holds there too, if there is one: its journal, its evidence, its hooks.
    """
    _check(args)
    if args.runtime:
        ramp = ramp_config(args, context)
        return target(args, context, Place(args.runtime, args.region or "local"), ramp)
    whole, runtime = _configured(args, context)
    return of(args, context, runtime, whole.access)


def remembered(args: argparse.Namespace, context: Context) -> tuple[Subject, Journal]:
    """Where it is written what was done. The platform is not asked, and need not be there."""
    _check(args)
    ramp = ramp_config(args, context)
    if args.runtime:
        runtime, region = args.runtime, args.region or "local"
    else:
        _, found = _configured(args, context)
        runtime, region = found.spec.name, found.region
    subject = Subject(runtime, args.endpoint or ramp.endpoint)
    return subject, _journal(args, context, region, ramp)


def _check(args: argparse.Namespace) -> None:
    if args.runtime and args.region is None and args.platform != "local":
        raise UsageError("--runtime needs --region", advice="add --region, such as cn-hangzhou")
    if args.region and not args.runtime:
        raise UsageError("--region goes with --runtime; s.yaml says its own", advice="leave it out")
    if args.runtime and args.resource:
        raise UsageError("--runtime names the runtime; --resource one of s.yaml", advice="use one")


def _configured(args: argparse.Namespace, context: Context) -> tuple[Config, RuntimeConfig]:
    try:
        return configured(args, context)
    except ConfigError as error:
        error.advice += "; or skip the file: --runtime NAME --region REGION"
        raise


def of(
    args: argparse.Namespace, context: Context, runtime: RuntimeConfig, access: str | None = None
) -> Target:
    """The runtime that s.yaml describes, with what agentramp.yaml beside it says.

    ``access`` is the alias of credentials that s.yaml names.
    """
    ramp = ramp_config(args, context)
    found = target(args, context, Place(runtime.spec.name, runtime.region, access), ramp)
    return replace(found, log_store=runtime.spec.log_store)


def ramp_config(args: argparse.Namespace, context: Context) -> RampConfig:
    """What agentramp.yaml says; raises ConfigError with all its faults.

    ``agentramp run`` goes by s.yaml alone: nothing is ramped there, and nobody is told.
    """
    if getattr(args, "unramped", False):
        return RampConfig()
    return config.read_ramp(file_of(args), context.environ, context.cwd)


@dataclass(frozen=True)
class Place:
    """A runtime by name and region, and the alias of credentials that its file names."""

    runtime: str
    region: str
    access: str | None = None


def target(args: argparse.Namespace, context: Context, place: Place, ramp: RampConfig) -> Target:
    address, holder = located(args, context, place.region, place.access)
    found = Target(
        place.runtime,
        connect(args.platform, address, context),
        _journal(args, context, place.region, ramp),
        address,
        place.region,
        getattr(args, "endpoint", None) or ramp.endpoint,
        ramp,
        holder.account,
        functions=lambda: functions(address, context),
        logs=lambda: _logs(address, context),
    )
    return _seen(found, context.sight)


def _seen(where: Target, sight: "Sight | None") -> Target:
    """The same, by way of whoever keeps what is seen."""
    if sight is None:
        return where
    from agentramp.wiring.sight import Watched  # noqa: PLC0415 - only where a run is recorded

    sight.where = Watched(where.region, where.subject, where.platform)
    platform, journal = sight.platform(where.platform), sight.journal(where.journal)
    return replace(where, platform=platform, journal=journal)


def _logs(address: Address, context: Context) -> Logs:
    from agentramp.logs.sls import SlsLogs  # noqa: PLC0415 - only where lines are asked for

    return SlsLogs(
        address.services, address.credentials, context.clock, context.sleep, address.renew
    )


def located(
    args: argparse.Namespace, context: Context, region: str, access: str | None = None
) -> tuple[Address, Holder]:
    """Where the platform answers and as whom it is called; ``access`` is what s.yaml names."""
    if args.platform != "local":
        services, holder = cloud(context, region, args.access, access)
    elif args.access:
        raise UsageError(
            "the embedded platform has a key of its own, and -a names another",
            advice="leave -a out, or leave --platform local out",
        )
    else:
        server = started(context)
        key = Credentials(server.access_key_id, server.access_key_secret)
        services = Services(server.region, server.control_url, lambda: server.account_id)
        holder = Holder("the embedded platform's own key", lambda: key, services.account, _never)
    return Address(services, holder.current, holder.renew), holder


def owner_of(args: argparse.Namespace, context: Context, whole: Config) -> Callable[[], str]:
    """Asks for the account that a value of the file may wait for, and for its key only then."""

    def owner() -> str:
        _, holder = located(args, context, whole.runtimes[0].region, whole.access)
        return holder.account()

    return owner


def _never() -> None:
    """When a key ends that does not."""


def _journal(args: argparse.Namespace, context: Context, region: str, ramp: RampConfig) -> Journal:
    local = args.platform == "local"
    folder = Path("local") if local else Path("agentrun") / region
    place = Shelf("local" if local else region, folder)
    return kept(args, context, ramp, place)


def executor(args: argparse.Namespace, context: Context, where: Target) -> Execute:
    if args.dry_run:
        return look_only
    execute = Executor(
        where.platform,
        where.journal,
        context.console,
        context.by,
        lease=where.ramp.policy.lease,
        functions=where.functions,
        logs=where.logs,
    )
    return Noting(execute, context.deeds)


@dataclass(frozen=True)
class Noting:
    """Keeps account of what ``execute`` does, for the word of a run that fails later."""

    execute: Executor
    deeds: Deeds

    def __call__(self, plan: Plan) -> Outcome:
        # Where a later step fails, only what that one did is put back.
        lasting: list[Step] = [one for one in plan.steps[:-1] if isinstance(one, MoveTraffic)]
        lasting += [step for step in plan.steps if not isinstance(step, _SETTLED)]
        before = self.deeds.tried
        self.deeds.tried |= any(map(changes, lasting))
        try:
            outcome = self.execute(plan)
        except PlatformError as error:
            if error.untouched and len(lasting) == 1:
                self.deeds.tried = before
            raise
        self.deeds.tried |= outcome.changed
        self.deeds.version = outcome.version or self.deeds.version
        return outcome


def started(context: Context) -> daemon.Server:
    """The embedded platform, started if need be; raises UsageError without the `local` extra."""
    missing = [name for name in ("aiohttp", "psutil") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the embedded platform needs {' and '.join(missing)}, which this Python lacks",
            advice="install the extra: pip install 'agentramp[local]'",
        )
    if daemon.status(context.home) is None:
        context.console.say("starting the embedded platform (stop it with: agentramp local stop)")
    return daemon.start(context.home)

"""From arguments to a runtime on a platform, and the journal of what was done to it."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from agentramp import config
from agentramp.config import RuntimeConfig
from agentramp.config.ramp_settings import JournalKind, RampConfig
from agentramp.diagnostics import ConfigError
from agentramp.errors import UsageError
from agentramp.executor import Execute, Executor, look_only
from agentramp.journal.file import FileJournal
from agentramp.journal.git import GitJournal
from agentramp.journal.port import Journal
from agentramp.local import daemon
from agentramp.model import LogStore
from agentramp.plan import Subject
from agentramp.platform.agentrun.client import is_loopback
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.port import Platform
from agentramp.platform.registry import Address, connect
from agentramp.revision import has_remote
from agentramp.verbs.context import Context
from agentramp.verbs.project import configured


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
    account: str | None = None
    """The account's id where it is known: a role's short name is completed with it."""
    log_store: LogStore | None = None
    """Where s.yaml says that the runtime's logs go."""

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
        return target(args, context, args.runtime, args.region or "local", ramp)
    return of(args, context, _configured(args, context))


def remembered(args: argparse.Namespace, context: Context) -> tuple[Subject, Journal]:
    """Where it is written what was done. The platform is not asked, and need not be there."""
    _check(args)
    ramp = ramp_config(args, context)
    if args.runtime:
        runtime, region = args.runtime, args.region or "local"
    else:
        found = _configured(args, context)
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


def _configured(args: argparse.Namespace, context: Context) -> RuntimeConfig:
    try:
        _, runtime = configured(args, context)
    except ConfigError as error:
        error.advice += "; or skip the file: --runtime NAME --region REGION"
        raise
    return runtime


def of(args: argparse.Namespace, context: Context, runtime: RuntimeConfig) -> Target:
    """The runtime that s.yaml describes, with what agentramp.yaml beside it says."""
    found = target(args, context, runtime.spec.name, runtime.region, ramp_config(args, context))
    return replace(found, log_store=runtime.spec.log_store)


def ramp_config(args: argparse.Namespace, context: Context) -> RampConfig:
    """What agentramp.yaml says; raises ConfigError with all its faults."""
    return config.read_ramp(Path(args.path), context.environ, context.cwd)


def target(
    args: argparse.Namespace,
    context: Context,
    runtime: str,
    region: str,
    ramp: RampConfig,
) -> Target:
    account: str | None
    if args.platform == "local":
        server = started(context)
        key = Credentials(server.access_key_id, server.access_key_secret)
        address = Address(server.control_url, key)
        account = server.account_id
    else:
        address, account = _cloud(context.environ, region)
    return Target(
        runtime,
        connect(args.platform, address, context),
        _journal(args, context, region, ramp),
        address,
        region,
        getattr(args, "endpoint", None) or ramp.endpoint,
        ramp,
        account,
    )


def _journal(args: argparse.Namespace, context: Context, region: str, ramp: RampConfig) -> Journal:
    """On a git ref wherever there is a remote to hold it: a runner's disk is gone tomorrow."""
    given = getattr(args, "journal", None)
    kind = JournalKind(given) if given else ramp.journal
    remote = getattr(args, "remote", None) or ramp.remote
    local = args.platform == "local"
    root = context.cwd / args.path
    root = root if root.is_dir() else root.parent
    asked = kind is JournalKind.GIT or (kind is JournalKind.AUTO and not local)
    if asked and _is_in_git(args, context, kind, root, remote):
        prefix = "local" if local else region
        return GitJournal(root, remote, prefix, context.environ, context.sleep)
    folder = Path("local") if local else Path("agentrun") / region
    return FileJournal(context.home / "journal" / folder)


def _is_in_git(
    args: argparse.Namespace, context: Context, kind: JournalKind, root: Path, remote: str
) -> bool:
    """Raises UsageError where it has to be and cannot."""
    # A verb that takes no --journal writes nothing down, so the file does as well.
    writes = hasattr(args, "journal")
    if not writes and kind is JournalKind.AUTO:
        return False
    if has_remote(root, remote, context.environ):
        return True
    if kind is JournalKind.GIT:
        raise UsageError(
            f"the journal is to be a git ref, and {root} has no git remote {remote}",
            advice="run this in a clone, name its remote with --remote, or use --journal file",
        )
    if context.environ.get("GITHUB_ACTIONS") == "true":
        raise UsageError(
            f"{root} has no git remote {remote} to keep the journal, and a runner's disk is gone"
            " tomorrow",
            advice="check out the repository first (actions/checkout); or, where this runner keeps"
            " its disk, say journal: file in agentramp.yaml",
        )
    return False


def executor(args: argparse.Namespace, context: Context, where: Target) -> Execute:
    if args.dry_run:
        return look_only
    lease = where.ramp.policy.lease
    return Executor(where.platform, where.journal, context.console, context.by, lease=lease)


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


def _cloud(environ: Mapping[str, str], region: str) -> tuple[Address, str | None]:
    url = environ.get("AGENTRUN_CONTROL_ENDPOINT") or f"agentrun.{region}.aliyuncs.com"
    url = url if "://" in url else f"https://{url}"
    if url.startswith("http://") and not is_loopback(url):
        raise UsageError(
            f"AGENTRUN_CONTROL_ENDPOINT is {url}: what is sent holds secrets of your agent",
            advice="use https; http is for this machine only",
        )
    accounts = (environ[name] for name in _ACCOUNTS if environ.get(name))
    return Address(url.rstrip("/"), credentials(environ)), next(accounts, None)


def credentials(environ: Mapping[str, str]) -> Credentials:
    """The first complete access key of the environment; raises UsageError where there is none."""
    for key_id, secret, token in _KEYS:
        if environ.get(key_id) and environ.get(secret):
            return Credentials(environ[key_id], environ[secret], environ.get(token) or None)
    raise UsageError(
        "no credentials: " + " or ".join(key_id for key_id, _, _ in _KEYS) + " is not set",
        advice="set the access key's id and secret in the environment, or try --platform local",
    )


_KEYS = (
    ("AGENTRUN_ACCESS_KEY_ID", "AGENTRUN_ACCESS_KEY_SECRET", "AGENTRUN_SECURITY_TOKEN"),
    (
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "ALIBABA_CLOUD_SECURITY_TOKEN",
    ),
    ("AccessKeyID", "AccessKeySecret", "SecurityToken"),
)
_ACCOUNTS = ("AGENTRUN_ACCOUNT_ID", "FC_ACCOUNT_ID", "AccountID")

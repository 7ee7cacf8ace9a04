"""validate --preflight: the check list before a deploy, run instead of read."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from agentramp.config import Config, RuntimeConfig
from agentramp.credentials.port import Holder
from agentramp.errors import AgentrampError
from agentramp.logs.port import Logs
from agentramp.logs.sls import SlsLogs
from agentramp.model import Observed
from agentramp.platform.agentrun.account import Account
from agentramp.platform.registry import Address, connect
from agentramp.preflight import account
from agentramp.preflight.finding import Finding, Skipped
from agentramp.preflight.port import Cloud
from agentramp.report import findings
from agentramp.report.result import Answer
from agentramp.wiring import examining_project
from agentramp.wiring.context import Context
from agentramp.wiring.project import every
from agentramp.wiring.target import located, owner_of

_FIELDS: Final = {
    "role": ".agent.role",
    "network": ".agent.vpcConfig",
    "log project": ".agent.logConfig",
    "endpoints": ".agent.endpoints",
}
"""Where s.yaml says what each of these lines is about."""


@dataclass(frozen=True)
class _Asking:
    """The account and its platform, connected at the first question: that may fail."""

    args: argparse.Namespace
    context: Context
    region: str
    access: str | None

    @cached_property
    def found(self) -> tuple[Address, Holder]:
        """Raises AgentrampError: there may be no credentials."""
        return located(self.args, self.context, self.region, self.access)

    def identity(self) -> str:
        _, holder = self.found
        return f"{holder.source}, account {holder.account()}"

    @property
    def address(self) -> Address:
        return self.found[0]

    def observe(self, runtime: str) -> Observed:
        return connect(self.args.platform, self.address, self.context).observe(runtime)

    def logs(self) -> Logs:
        context = self.context
        return SlsLogs(
            self.address.services, self.address.credentials, context.clock, context.sleep
        )

    def cloud(self) -> Cloud:
        address, context = self.address, self.context
        return Account(
            address.services,
            address.credentials,
            context.clock,
            context.sleep,
            context.nonce,
            context.tell,
        )


def examined(args: argparse.Namespace, context: Context, whole: Config) -> Answer:
    """Asks the account and the platform, and changes nothing there."""
    whole = _with_account(args, context, whole)
    found = [
        replace(one, name=f"{runtime.resource}: {one.name}") if len(whole.runtimes) > 1 else one
        for runtime in whole.runtimes
        for one in _looked_over(args, context, whole, runtime)
    ]
    return findings.answer("validate", whole.file, found)


def _with_account(args: argparse.Namespace, context: Context, whole: Config) -> Config:
    """A value may wait for the account; without credentials it goes on waiting."""
    if not any(runtime.pending for runtime in whole.runtimes):
        return whole
    try:
        return every(args, context, account=owner_of(args, context, whole))
    except AgentrampError:
        return whole


def _looked_over(
    args: argparse.Namespace, context: Context, whole: Config, runtime: RuntimeConfig
) -> Iterator[Finding]:
    yield from examining_project.look(args, context, whole, runtime)
    asking = _Asking(args, context, runtime.region, whole.access)
    for one in account.findings(
        _standing(runtime),
        asking.identity,
        lambda: asking.observe(runtime.spec.name),
        asking.cloud,
        asking.logs,
    ):
        yield _open(one, runtime) or one


def _standing(runtime: RuntimeConfig) -> account.Standing:
    spec = runtime.spec
    endpoints = tuple((one.name, one.version) for one in runtime.endpoints)
    return account.Standing(spec.role, spec.network, spec.log_store, endpoints)


def _open(one: Finding, runtime: RuntimeConfig) -> Finding | None:
    """What waits for a deploy was read as nothing, or as less than will be asked for."""
    field = _FIELDS.get(one.name)
    waiting = [name for name in runtime.open_values if field and field in name]
    if not waiting:
        return None
    return Skipped(one.name, f"{', '.join(waiting)}: known only at deploy")

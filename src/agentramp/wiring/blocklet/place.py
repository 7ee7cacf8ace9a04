"""From a project to its application on a server, and the journal of what was done there."""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentramp.component import Application, Component, Identity
from agentramp.config.ramp_settings import RampConfig
from agentramp.errors import UsageError
from agentramp.exchange import check_address
from agentramp.execution import Execute, look_only
from agentramp.executor import Executor
from agentramp.journal.port import Journal
from agentramp.plan import Subject
from agentramp.planning import SeenApplication
from agentramp.platform.blocklet.connection import Server, connect
from agentramp.platform.components import Components
from agentramp.platform.splitless import Splitless
from agentramp.report.command_line import has_login
from agentramp.wiring.blocklet.identity import canary_of
from agentramp.wiring.blocklet.keys import access_key
from agentramp.wiring.blocklet.project import Project
from agentramp.wiring.context import Context
from agentramp.wiring.journals import Shelf, kept

ENDPOINT: Final = "production"
_CANARY: Final = "-canary"


@dataclass(frozen=True)
class Place:
    """One component of one application, as it was seen when this run began."""

    project: Project
    identity: Identity
    components: Components
    application: Application
    journal: Journal
    mount_point: str

    @property
    def canary(self) -> Identity:
        return canary_of(self.identity)

    @property
    def canary_mount(self) -> str:
        return f"{self.mount_point.rstrip('/')}{_CANARY}" if self.mount_point != "/" else "/canary"

    @property
    def subject(self) -> Subject:
        return Subject(self.identity.name, ENDPOINT)

    @property
    def found(self) -> Component | None:
        return self.application.component(self.identity.did)

    @property
    def health_path(self) -> str:
        return self.project.blocklet.health or ""

    @property
    def ramp(self) -> RampConfig:
        return self.project.ramp

    @property
    def runtime(self) -> str:
        return self.identity.name

    @property
    def endpoint(self) -> str:
        return ENDPOINT

    def url(self, mount_point: str) -> str:
        path = mount_point.rstrip("/")
        return f"{self.application.url}{path}/"

    def seen(self) -> SeenApplication:
        """With the records of now; what was done since the application was read voids a plan."""
        records = self.journal.read(self.subject)
        return SeenApplication(self.subject, self.application, records)

    def looked(self) -> SeenApplication:
        """With the application of now too."""
        records = self.journal.read(self.subject)
        return SeenApplication(self.subject, self.components.observe(), records)


def connected(args: argparse.Namespace, context: Context, project: Project) -> Components:
    """Raises UsageError where nobody has said which server, or it is asked in the clear."""
    if not project.server:
        raise UsageError(
            "no Blocklet Server is named",
            advice="add --server URL, set BLOCKLET_SERVER, or write server: URL under blocklet: in"
            " agentramp.yaml",
        )
    page = project.blocklet.url or ""
    for url, what in ((project.server, "the Blocklet Server"), (page, "the application")):
        if has_login(url):
            raise UsageError(
                f"the address of {what} has a login in it",
                advice="take it out; an access key says who you are",
            )
        if url:
            check_address(url, what)
    key = access_key(context, args.access, project.app)
    return connect(Server(project.server, project.app, key, page), context, context.timer)


def placed(
    args: argparse.Namespace, context: Context, project: Project, identity: Identity
) -> Place:
    """Reads the application once; raises what the server raised."""
    components = connected(args, context, project)
    return at(args, context, project, identity, components)


def at(
    args: argparse.Namespace,
    context: Context,
    project: Project,
    identity: Identity,
    components: Components,
) -> Place:
    application = components.observe()
    found = application.component(identity.did)
    there = found.mount_point if found else f"/{identity.name.lower().replace('_', '-')}"
    mount = project.mount_point or there
    journal = _journal(args, context, project, application.did)
    return Place(project, identity, components, application, journal, mount)


def remembered(
    args: argparse.Namespace, context: Context, project: Project, identity: Identity
) -> tuple[Subject, Journal]:
    """The server is asked only where nobody has said which application it is about."""
    application = project.app or connected(args, context, project).observe().did
    subject = Subject(identity.name, ENDPOINT)
    return subject, _journal(args, context, project, application)


def executor(args: argparse.Namespace, context: Context, where: Place) -> Execute:
    if args.dry_run:
        return look_only
    execute = Executor(
        Splitless(where.components.now),
        where.journal,
        context.console,
        context.by,
        lease=where.project.ramp.policy.lease,
        timer=context.timer,
        components=lambda: where.components,
        sleep=context.sleep,
    )
    from agentramp.wiring.target import Noting  # noqa: PLC0415 - with all of AgentRun behind it

    return Noting(execute, context.deeds)


def _journal(
    args: argparse.Namespace, context: Context, project: Project, application: str
) -> Journal:
    """By the application: one server may have two of which each has such a component."""
    did = application.removeprefix("did:abt:")
    if not re.fullmatch(r"[A-Za-z0-9]{1,80}", did):
        raise UsageError(
            "the application has no DID that could name its journal",
            advice="name it with --app, as the server's dashboard shows it",
        )
    return kept(args, context, project.ramp, Shelf(did, Path("blocklet") / did))

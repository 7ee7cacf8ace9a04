"""An AgentRun project on an embedded platform of its own: built, deployed, and asked there."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from agentramp.agents.port import AgentError, Hear
from agentramp.agents.served import ServedAgent
from agentramp.errors import UsageError
from agentramp.gates.prompts import Message
from agentramp.local import daemon
from agentramp.local.home import Home
from agentramp.model import LATEST, RuntimeSpec, Split, Variables
from agentramp.wiring.context import Context
from agentramp.wiring.deploying import Deployed, carry_out, prepare
from agentramp.wiring.resources import Resources
from agentramp.wiring.run.agent_project import Project
from agentramp.wiring.run.private_home import BUILD
from agentramp.wiring.undertaking import Undertaking

ENDPOINT, LOCAL = "run", "local"
_LOG_BYTES = 4096
_LOG_LINES = 10
_POLL_SECONDS = 0.02


@contextmanager
def embedded(
    args: argparse.Namespace, context: Context, project: Project, user: Path
) -> Iterator["EmbeddedAgent"]:
    """``context.home`` is this run's alone, and whoever made it ends what is started here.

    ``user`` is the home that ``agentramp local image`` writes to.
    """
    context = _impatient(context)
    resources = Resources(_deploying(project.folder, context), context)
    name = _chosen(args, resources)
    _show_images(Home(user / LOCAL), Home(context.home / LOCAL))
    context.console.say("starting a platform for this run")
    daemon.start(context.home)
    # Nobody serves traffic here, so there is nothing that would have to be put back together.
    undertaking = Undertaking(context.console.going_back)
    deploys = _Deploys(resources, context, undertaking, _passed(args, context))
    deployed = deploys.deploy(name, asked=True)
    served = ServedAgent(_pinned(deployed), context.nonce, args.timeout)
    yield EmbeddedAgent(served, Home(context.home / LOCAL).logs)


def _impatient(context: Context) -> Context:
    """This platform is near and nobody else's: it may be asked as often as one likes."""
    return replace(context, sleep=lambda seconds: context.sleep(min(seconds, _POLL_SECONDS)))


def _show_images(user: Home, own: Home) -> None:
    """What the user said stands for an image does so here."""
    if user.images.is_dir():
        own.root.mkdir(mode=0o700, exist_ok=True)
        own.images.symlink_to(user.images)


def _deploying(folder: Path, context: Context) -> argparse.Namespace:
    """What a deploy to the embedded platform would have been given."""
    return argparse.Namespace(
        path=str(folder),
        resource=None,
        platform="local",
        access=None,
        journal="file",
        remote=None,
        output_dir=str(context.home / BUILD),
        artifact=None,
        artifact_digest=None,
        dry_run=False,
        prune=False,
        skip_endpoints=False,
        endpoint=None,
        unramped=True,
    )


def _chosen(args: argparse.Namespace, resources: Resources) -> str:
    names = resources.names()
    if args.agent in names:
        return str(args.agent)
    if args.agent is None and len(names) == 1:
        return names[0]
    what = f"no resource {args.agent}" if args.agent else "several resources"
    raise UsageError(
        f"the project has {what} (it has: {', '.join(names)})",
        advice="name one of those as the agent",
    )


def _passed(args: argparse.Namespace, context: Context) -> Variables:
    """An agent has the variables of its s.yaml, and those that were asked for."""
    names = dict.fromkeys(args.pass_env or ())
    return tuple((name, context.environ[name]) for name in names if name in context.environ)


@dataclass(frozen=True)
class _Deploys:
    resources: Resources
    context: Context
    undertaking: Undertaking
    passed: Variables = field(repr=False)

    def deploy(self, name: str, *, asked: bool) -> Deployed:
        """Those that it needs come first, with their endpoints; its own are not needed here."""
        for needed in self.resources.find(name)[1].needs:
            if needed not in self.resources.outputs:
                self.deploy(needed, asked=False)
        whole, runtime = self.resources.find(name)
        args = argparse.Namespace(**{**vars(self.resources.args), "skip_endpoints": asked})
        # No name of the outer world leads to this platform.
        runtime = replace(runtime, domain=None)
        if asked:
            runtime = replace(runtime, spec=_with(self.passed, runtime.spec))
        prepared = prepare(args, self.context, whole, runtime)
        self.context.console.say(f"starting {prepared.where.runtime}")
        deployed = carry_out(args, self.context, prepared, self.undertaking)
        if deployed.head:
            self.resources.put_out(runtime, deployed.head, deployed.endpoints)
        return deployed


def _with(passed: Variables, spec: RuntimeSpec) -> RuntimeSpec:
    """What s.yaml says itself, it says."""
    named = {name for name, _ in spec.environment}
    more = tuple(one for one in passed if one[0] not in named)
    return replace(spec, environment=(*spec.environment, *more))


def _pinned(deployed: Deployed) -> str:
    where, head = deployed.prepared.where, deployed.head
    if head is None:
        raise AgentError(f"runtime {where.runtime} is not there", advice="run this again")
    return where.platform.create_endpoint(head.id, ENDPOINT, Split(LATEST)).url


@dataclass(frozen=True)
class EmbeddedAgent:
    """Tells what the agent wrote itself where it does not answer: its log goes with this run."""

    served: ServedAgent
    logs: Path

    def answer(self, conversation: Sequence[Message], hear: Hear) -> str:
        try:
            return self.served.answer(conversation, hear)
        except AgentError as error:
            message = f"{error.message.rstrip()}\n{self._wrote()}".rstrip()
            raise AgentError(message, advice=error.advice) from error

    def anew(self) -> "EmbeddedAgent":
        return EmbeddedAgent(self.served.anew(), self.logs)

    def _wrote(self) -> str:
        logs = sorted(self.logs.rglob("*.log"), key=lambda log: log.stat().st_mtime)
        text = logs[-1].read_bytes()[-_LOG_BYTES:].decode("utf-8", "replace") if logs else ""
        return "\n".join(text.splitlines()[-_LOG_LINES:])

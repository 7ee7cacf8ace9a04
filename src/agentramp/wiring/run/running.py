"""From words to an agent that answers: fetched where need be, and run in a home of its own."""

import argparse
import shlex
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from typing_extensions import assert_never

from agentramp.agents.environment import given
from agentramp.agents.port import Agent
from agentramp.diagnostics import ConfigError
from agentramp.errors import AgentrampError, UsageError
from agentramp.report.plain import lines_that_cannot_act
from agentramp.wiring.context import Context
from agentramp.wiring.run.agent_project import Engine, Found, Project, project_in
from agentramp.wiring.run.private_home import private_home, starting_platform

RUNS = "run"
_URL = ("http://", "https://")


def project(args: argparse.Namespace, context: Context) -> Project:
    """What is meant by the arguments, on this disk; raises UsageError."""
    found = project_in(args, _found(args, context))
    if found.foreign:
        from agentramp.wiring.run.trust import agreed  # noqa: PLC0415 - only for an address

        agreed(args, context, found.source)
    return found


def _found(args: argparse.Namespace, context: Context) -> Found:
    source = args.url or args.source or "."
    if source.lower().startswith(_URL):
        from agentramp.wiring.fetching import fetched  # noqa: PLC0415 - only for an address

        copy = fetched(source, args, context)
        return Found(copy.folder, copy.url, foreign=True, digest=copy.sha256)
    folder = context.cwd / source
    if args.url or not folder.is_dir():
        raise UsageError(
            f"{source} is no {'URL' if args.url else 'folder and no URL'}",
            advice="name a folder with s.yaml or aigne.yaml, or the http(s) address of an archive",
        )
    return Found(folder, source)


@contextmanager
def running(args: argparse.Namespace, context: Context, what: Project) -> Iterator[Agent]:
    """The agent, until it is no longer needed; nothing that was started for it stays."""
    with (
        _ended_with_the_terminal(),
        _harmless(),
        _mendable(what),
        private_home(context.home / RUNS, what.name) as home,
    ):
        own = replace(context, home=home)
        match what.engine:
            case Engine.AGENTRUN:
                _check(args)
                environ = given(context.environ, foreign=True, asked=args.pass_env or ())
                if what.foreign:  # the .env where the user stands is not for it either
                    own = replace(own, environ=environ, cwd=home)
                with starting_platform(home):
                    # It starts while this is loaded and the project is read.
                    from agentramp.wiring.run.embedded_run import embedded  # noqa: PLC0415 - one of two

                    with embedded(args, own, what, context.home) as served:
                        yield served
            case Engine.AIGNE:
                from agentramp.wiring.run.aigne_run import aigne  # noqa: PLC0415 - one of two

                with aigne(args, own, what) as agent:
                    yield agent
            case _:
                assert_never(what.engine)


@contextmanager
def _mendable(what: Project) -> Iterator[None]:
    """Faults of a file are mended by whoever has it, and looked for again where it lies."""
    try:
        yield
    except ConfigError as error:
        if what.foreign:
            error.advice = f"tell whoever made {what.source}; its copy here is not to be changed"
        elif (place := str(Path(what.source) / what.inside)) != ".":
            error.checked_by(shlex.join(["agentramp", "validate", place]))
        raise


@contextmanager
def _harmless() -> Iterator[None]:
    """An error may quote what the agent said or wrote, which a terminal is not to obey."""
    try:
        yield
    except AgentrampError as error:
        error.message = lines_that_cannot_act(error.message)
        error.args = (error.message,)
        raise


@contextmanager
def _ended_with_the_terminal() -> Iterator[None]:
    """A terminal that is closed ends a run as Ctrl-C does; one told not to mind (nohup) goes on."""

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        raise KeyboardInterrupt

    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGHUP) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGHUP, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _check(args: argparse.Namespace) -> None:
    for name in ("param", "model"):
        if getattr(args, name):
            raise UsageError(
                f"--{name} is for an AIGNE project, and this is one of AgentRun",
                advice="what such an agent goes by stands in its s.yaml, as environmentVariables",
            )

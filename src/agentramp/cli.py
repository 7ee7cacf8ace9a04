"""The command line: one parser per verb, one boundary where exceptions become exit codes.

Only this module reads the process's environment and arguments and ends the process. Imports
that cost time are made where they are needed, so that ``--version`` and ``--help`` answer at once.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, BinaryIO, cast

from agentramp import __version__
from agentramp.errors import AgentrampError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from agentramp.report.channel import Channel
    from agentramp.report.result import Report
    from agentramp.wiring.blocklet.chosen import Verb
    from agentramp.wiring.context import Context

GROUPS: Mapping[str, Mapping[str, str]] = {
    "begin": {
        "init": "begin a project from a template",
        "sync": "write the s.yaml of a runtime that is there already",
        "validate": "check s.yaml; all faults at once, each with its line",
        "doctor": "whether this machine has what a release needs",
        "whoami": "as whom the platform knows you, by which credentials",
        "access": "keep named credentials: add, list or remove",
    },
    "release": {
        "build": "package code and dependencies into one reproducible zip",
        "deploy": "make the head what s.yaml says, and the endpoints it names",
        "publish-version": "freeze the head as an immutable version",
        "shift-traffic": "give a version a share of an endpoint's sessions",
        "rollback": "all traffic back to the version that served before",
        "verify": "ask the agent as its users do, and say what came back",
    },
    "ramp": {
        "release": "build, deploy, publish, and the first step of a ramp",
        "promote": "one tick of a ramp: advance, roll back or hold, on evidence",
        "abort": "end the ramp: all traffic to its stable version",
        "pause": "hold a ramp where it is; evidence still rolls it back",
        "resume": "let a paused ramp go on",
        "approve": "let the canary have a weight that waits for a person",
        "adopt": "what somebody set by hand is what is meant",
        "restore": "put an endpoint back to what the journal says",
    },
    "look": {
        "status": "how a runtime, its versions and its endpoints stand",
        "logs": "what the agent wrote, oldest first, or as it comes",
        "history": "what was done to an endpoint, and why",
    },
    "operate": {
        "versions": "list what was published, or publish the head",
        "endpoints": "list, get, publish or remove endpoints",
        "instances": "which processes of an agent run, and a command in one",
        "concurrency": "what of the account's concurrency a runtime has reserved",
        "remove": "take a runtime away, with its endpoints and versions",
    },
    "elsewhere": {
        "run": "run an agent from a folder or a URL, and talk with it",
        "cache": "list or clear what run has fetched",
        "site": "make a documentation site, and publish to it",
    },
    "here": {
        "local": "start, stop or look at the embedded platform",
        "simulate": "what a ramp would catch, and when, before you ship",
        "judge": "verdicts on windows of counts read as JSON lines",
    },
}
VERBS: Mapping[str, str] = {
    name: about for group in GROUPS.values() for name, about in group.items()
}
BUG, INTERRUPTED = 1, 130
_SOON = 0.05
"""Seconds: a finalizer is over by then."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and give the exit code of ``docs/reference/exit-codes.md``."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words in (["--version"], ["-V"]):
        _print(f"agentramp {__version__}")
        return 0
    if not words or words[0] in {"-h", "--help", "help"}:
        _print(_overview())
        return 0 if words else UsageError.exit_code
    if words[0] not in VERBS:
        return _unknown(words[0])
    return _bounded(words[0], words[1:])


def _print(text: str) -> None:
    print(text)  # noqa: T201 - the command line speaks


def _overview() -> str:
    lines = [
        "usage: agentramp VERB [PATH] [options]",
        "",
        "Ships AI agents to production, one ramp at a time.",
        "",
        *(line for group, verbs in GROUPS.items() for line in _listed(group, verbs)),
        "agentramp VERB --help tells a verb's options, with an example.",
        "--platform local needs no cloud account: it is this machine.",
        "",
        "exit codes: 0 done, 1 a bug of agentramp, 2 usage or configuration,",
        "3 refused and traffic is where it was, 4 evidence rolled the canary back,",
        "5 the traffic state is unknown, 6 superseded by another run,",
        "7 the platform cannot do it, 130 interrupted",
    ]
    return "\n".join(lines)


def _listed(group: str, verbs: Mapping[str, str]) -> list[str]:
    return [f"{group}:", *(f"  {name:<16} {about}" for name, about in verbs.items()), ""]


def _unknown(word: str) -> int:
    from difflib import get_close_matches

    from agentramp.report.channel import Channel

    close = get_close_matches(word, VERBS, n=1)
    hint = f"did you mean {close[0]}?" if close else f"it has: {', '.join(VERBS)}"
    Channel.open(word, [], os.environ, None, sys.stderr).tell(
        f"agentramp: there is no verb {word!r}; {hint}"
    )
    return UsageError.exit_code


def _bounded(name: str, words: list[str]) -> int:
    """The one exit boundary: each way a run can end, with its exit code and its last line."""
    from agentramp.report.channel import Channel

    channel = Channel.open(name, words, os.environ, sys.stdout, sys.stderr)
    with channel.alone():
        return _ended(name, words, channel)


def _ended(name: str, words: list[str], channel: Channel) -> int:
    code = 0
    try:
        _follow_termination()
        report = _run(name, words, channel)
        channel.done, code = True, report.exit_code
        channel.report(report)
    except SystemExit as end:  # argparse has printed its help
        return int(end.code or 0)
    except AgentrampError as error:
        channel.fail(error)
        return error.exit_code
    except KeyboardInterrupt as cut:
        channel.interrupted(cut)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the result has gone: point the stream elsewhere so that the exit is quiet.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code if channel.done else BUG
    except Exception:  # noqa: BLE001 - whatever it is, it is a bug of ours and is told as one
        channel.bug()
        return BUG
    return code


def _follow_termination() -> None:
    """End on SIGTERM as on Ctrl-C, with the way back taken; a second signal must not cut that."""
    import signal
    import threading

    both = (signal.SIGINT, signal.SIGTERM)

    def interrupt(*_: object) -> None:
        for number in both:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    def follow() -> None:
        for number in both:
            signal.signal(number, interrupt)

    if threading.current_thread() is threading.main_thread():
        follow()
        _mind_swallowed(follow)


def _mind_swallowed(follow: Callable[[], None]) -> None:
    """Interrupt again where a finalizer that happened to run took the interruption.

    All signals are ignored by then, so that nothing else would end this process.
    """
    import threading
    from _thread import interrupt_main

    known = sys.unraisablehook
    if getattr(known, "__name__", "") == "swallowed":  # of an earlier run in this process
        return

    def swallowed(taken: sys.UnraisableHookArgs) -> None:
        if not isinstance(taken.exc_value, KeyboardInterrupt):
            known(taken)
            return
        follow()
        threading.Timer(_SOON, interrupt_main).start()

    sys.unraisablehook = swallowed


def _run(name: str, words: list[str], channel: Channel) -> Report:
    from agentramp.parser import Command, by_inputs, look, parse, spelled_out

    variables = _masked(channel, words)
    verb = _load(name)
    command = Command(name, VERBS[name], verb.EXAMPLE, verb.add_arguments)
    channel.reproduced_by(spelled_out(command, words, os.environ))
    args = parse(command, words, os.environ)
    _check_what_follows()
    channel.output = args.output
    channel.console.debug = channel.console.debug or args.debug
    look(args, os.environ)
    try:
        from agentramp.wiring.blocklet.chosen import instead

        return _recorded(instead(name, verb, args), args, _context(channel, variables), channel)
    except AgentrampError as error:
        _locate(error, args)
        by_inputs(command, error, os.environ)
        raise
    finally:
        channel.console.count_calls()


def _locate(error: AgentrampError, args: argparse.Namespace) -> None:
    """A file's faults are looked for again where this run found them."""
    from agentramp.diagnostics import ConfigError

    if isinstance(error, ConfigError) and {"path", "template"} <= vars(args).keys():
        from agentramp.wiring.arguments import again

        error.checked_by(again(args, "validate"))


def _check_what_follows() -> None:
    """A step that begins a chain refuses what a later one would, before anything was done."""
    for name in os.environ.get("AGENTRAMP_THEN", "").split():
        from agentramp.parser import Command, check

        verb = _load(name)
        check(Command(name, VERBS[name], verb.EXAMPLE, verb.add_arguments), os.environ)


def _recorded(verb: Verb, args: argparse.Namespace, context: Context, channel: Channel) -> Report:
    """The verb's run, and what GitHub is told of its end where somebody asked for that."""
    if not (getattr(args, "github_environment", None) or getattr(args, "comment", False)):
        return verb.run(args, context)
    from agentramp.wiring.bookkeeping import Command, recorded

    command = Command(channel.verb, channel.command)
    return recorded(command, args, context, lambda seen: verb.run(args, seen))


def _masked(channel: Channel, words: Sequence[str]) -> Mapping[str, str]:
    """AGENTRAMP_VARIABLES, masked as all secrets are before anything can quote one.

    Taken out of the environment, so that nothing this process starts inherits them.
    """
    text = os.environ.pop("AGENTRAMP_VARIABLES", "")
    if channel.runner is None and not text:
        return {}
    from agentramp.wiring.masking import masked

    return masked(os.environ, words, text, channel.mask)


def _context(channel: Channel, variables: Mapping[str, str]) -> Context:
    import random
    import secrets
    import time
    from pathlib import Path

    from agentramp.report.lines import Lines
    from agentramp.wiring.context import Context, here

    home = os.environ.get("AGENTRAMP_HOME")
    context = Context(
        environ=os.environ,
        cwd=here(),
        home=Path(home).absolute() if home else Path.home() / ".agentramp",
        console=channel.console,
        clock=time.time,
        sleep=time.sleep,
        nonce=lambda: secrets.token_hex(16),
        jitter=random.random,
        stdin=_stdin,
        lines=Lines(channel.stdout),
        by=_who(os.environ),
        terminal=sys.stdin is not None and sys.stdin.isatty(),
        secret=_asked_unseen,
        mask=channel.mask,
        hide=channel.hide,
        deeds=channel.deeds,
    )
    if not variables:
        return context
    from agentramp.wiring.variables import with_variables

    return with_variables(context, variables)


def _asked_unseen(prompt: str) -> str:
    from getpass import getpass

    return getpass(prompt, stream=sys.stderr)


def _stdin() -> BinaryIO:
    if sys.stdin is None:  # the shell's <&-
        advice = "give the verb a file, or lines on standard input"
        raise UsageError("standard input cannot be read: it is closed", advice=advice)
    return sys.stdin.buffer


def _who(environ: Mapping[str, str]) -> str:
    """Who the journal names: a person, or a person and the run of a workflow."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return environ.get("USER", "")
    from agentramp.report.github.links import run_page

    return f"{environ.get('GITHUB_ACTOR', '')} {run_page(environ)}".strip()


def _load(name: str) -> Verb:
    """The verb's module, imported only now: no run pays for another verb's libraries."""
    from importlib import import_module

    return cast("Verb", import_module(f"agentramp.verbs.{name.replace('-', '_')}"))

"""run: an agent from a folder or a URL, asked once or talked with."""

import argparse
import json

from agentramp.agents.chat import Shown
from agentramp.agents.port import Agent
from agentramp.errors import UsageError
from agentramp.gates.prompts import Message
from agentramp.report.result import Answer, Streamed
from agentramp.wiring import arguments
from agentramp.wiring.context import Context
from agentramp.wiring.run.agent_project import Engine, Project
from agentramp.wiring.run.running import RUNS, project, running

EXAMPLE = """\
agentramp run examples/quickstart --input 'What is 6 * 7?'
  agentramp run https://example.com/agent.tar.gz"""
_TIMEOUT = "10m"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="a folder with s.yaml or aigne.yaml, or the URL of an archive (default: here)",
    )
    parser.add_argument(
        "agent",
        nargs="?",
        metavar="AGENT",
        help="which of its agents (default: the only or, for AIGNE, the first one)",
    )
    parser.add_argument("--url", metavar="URL", help="the same as SOURCE, as aigne run has it")
    parser.add_argument(
        "--entry-agent", metavar="NAME", help="the same as AGENT, as aigne run has it"
    )
    parser.add_argument(
        "--input",
        metavar="TEXT",
        help="ask this, print the answer and end; @FILE reads a file, - standard input",
    )
    parser.add_argument(
        "--param",
        action="append",
        metavar="NAME=VALUE",
        help="AIGNE: a parameter of the agent; a value @FILE is read from that file; may be given"
        " again",
    )
    parser.add_argument("--model", metavar="PROVIDER/MODEL", help="AIGNE: the model to use")
    _add_place(parser)
    parser.add_argument(
        "--timeout",
        metavar="DURATION",
        type=arguments.seconds,
        default=_TIMEOUT,
        help=f"for each answer (default: {_TIMEOUT})",
    )


def _add_place(parser: argparse.ArgumentParser) -> None:
    from agentramp.wiring.fetching import add_fetching  # noqa: PLC0415 - as the others are added

    parser.add_argument("--folder", metavar="DIR", help="the folder in SOURCE that holds the agent")
    parser.add_argument(
        "--engine",
        choices=[engine.value for engine in Engine],
        help="what runs it where there are both files (default: agentrun, which is s.yaml)",
    )
    parser.add_argument(
        "--pass-env",
        action="append",
        metavar="NAME",
        help="hand this variable on to the agent, whatever it holds; else what a URL leads to gets"
        " those of a machine and of models alone, and no agent cloud keys or GITHUB_TOKEN; may be"
        " given again",
    )
    parser.add_argument(
        "-y",
        "--yes",
        action="store_true",
        help="do not ask whether a URL's program may run; only a terminal is asked, and once",
    )
    add_fetching(parser)


def run(args: argparse.Namespace, context: Context) -> Answer | Streamed:
    _name_agent(args)
    asks = _asks(args, context)
    said = _said(args, context)
    what = project(args, context)
    with running(args, context, what) as agent:
        if asks:
            return _asked(args, context, agent, what, said)
        _talk(context, agent)
    return Streamed("run")


def _name_agent(args: argparse.Namespace) -> None:
    """One name for what may be said in several ways; raises UsageError where two are said."""
    if args.url and args.source:
        if args.agent:
            raise UsageError(f"--url and {args.source} both name a source", advice="use one")
        args.source, args.agent = None, args.source
    if args.entry_agent and args.agent not in {None, args.entry_agent}:
        raise UsageError(
            f"--entry-agent {args.entry_agent} and {args.agent} are two agents", advice="use one"
        )
    args.agent = args.agent or args.entry_agent


def _asks(args: argparse.Namespace, context: Context) -> bool:
    """Whether one answer is wanted, and no chat; raises UsageError where neither can be."""
    if args.input is not None or args.param:
        return True
    if not (context.terminal and context.lines.is_terminal) or args.output == "json":
        raise UsageError(
            "there is no terminal to chat on, and nothing to ask",
            advice="add --input TEXT, or --param NAME=VALUE for an agent that takes parameters",
        )
    return False


def _said(args: argparse.Namespace, context: Context) -> tuple[Message, ...]:
    """What is asked; nothing where parameters say it all."""
    if args.input is None:
        return ()
    text = str(args.input)
    if text == "-":
        text = context.stdin().read().decode("utf-8", "replace")
    elif text.startswith("@"):
        path = context.cwd / text[1:]
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise UsageError(
                f"--input {text} cannot be read: {error}",
                advice="name a file of UTF-8 text after the @",
            ) from error
    if not text.strip():
        raise UsageError("the input is empty", advice="say what the agent is to be asked")
    return (Message("user", text.removesuffix("\n")),)


def _asked(
    args: argparse.Namespace,
    context: Context,
    agent: Agent,
    what: Project,
    said: tuple[Message, ...],
) -> Answer | Streamed:
    began = context.clock()
    if args.output == "text" and context.lines.is_terminal:
        from agentramp.wiring.run.chatting import Terminal  # noqa: PLC0415 - only on one

        on_screen = Shown(Terminal(context))
        on_screen.end(agent.answer(said, on_screen.hear))
        return Streamed("run")
    text = agent.answer(said, lambda _: None)
    if args.output == "text":
        context.lines.put(text.removesuffix("\n"))
        return Streamed("run")
    fields = {
        "source": what.source,
        "engine": what.engine.value,
        "agent": args.agent,
        "sha256": what.digest or None,
        "seconds": round(context.clock() - began, 3),
        "answer": text,
    }
    return Answer(
        verb="run",
        message="the agent answered",
        lines=(),
        fields=tuple((name, json.dumps(value)) for name, value in fields.items()),
    )


def _talk(context: Context, agent: Agent) -> None:
    from agentramp.agents.aigne import AigneAgent  # noqa: PLC0415 - only in a chat
    from agentramp.wiring.run import chatting  # noqa: PLC0415 - as above

    if isinstance(agent, AigneAgent):
        chatting.lend(agent.chat_words(), agent.environ, agent.cwd)
    else:
        chatting.chat(agent, context, context.home / RUNS / "history")

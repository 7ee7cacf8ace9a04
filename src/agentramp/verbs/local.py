"""local: start, stop or look at the embedded platform of this machine."""

import argparse

from agentramp.local import daemon
from agentramp.report.result import Facts
from agentramp.wiring.context import Context
from agentramp.wiring.target import started

EXAMPLE = "agentramp local status --output json"
_STOP_TIMEOUT = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=("start", "stop", "status"),
        help="start: a verb with --platform local does so by itself; stop: what it holds is kept",
    )


def run(args: argparse.Namespace, context: Context) -> Facts:
    changed = False
    match args.action:
        case "start":
            changed = daemon.status(context.home) is None
            started(context)
        case "stop":
            changed = daemon.stop(context.home, timeout=_STOP_TIMEOUT)
        case _:
            pass
    server = daemon.status(context.home)
    running = server is not None
    known: tuple[tuple[str, str | int | bool], ...] = (("running", running),)
    if server:
        known += (
            ("control_url", server.control_url),
            ("data_url", server.data_url),
            ("access_key_id", server.access_key_id),
            ("access_key_secret", server.access_key_secret),
            ("account_id", server.account_id),
            ("region", server.region),
            ("pid", server.pid),
            ("home", str(server.home)),
        )
    state = "running" if running else "not running"
    return Facts(
        verb=f"local {args.action}",
        message=f"the embedded platform is {state}",
        changed=changed,
        facts=known,
        secret=frozenset({"access_key_secret"}),
    )

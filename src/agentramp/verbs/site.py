"""site: buy a documentation site, go on with the purchase, look at it, and publish to it."""

import argparse
from collections.abc import Mapping

from agentramp.errors import UsageError
from agentramp.report.result import Answer
from agentramp.site.broker.port import is_session
from agentramp.site.messages import LANGUAGES
from agentramp.wiring import arguments
from agentramp.wiring.context import Context
from agentramp.wiring.site import buying, publishing, tokens
from agentramp.wiring.site.tokens import Browser

EXAMPLE = """\
agentramp site create
  agentramp site resume
  agentramp site publish docs --site https://docs.example.com"""
STEP = "5m"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=("create", "resume", "status", "publish", "login", "logout"),
        help="create: buy a new site in four steps (checkout, payment, installation, start), or go"
        " on with the one that was begun: a second checkout is never started by itself; resume: go"
        " on, and exit code 2 where there is nothing to go on with; status: what the disk and the"
        " broker say; publish: send a folder of pages; login, logout: keep or forget a token",
    )
    _add_purchase(parser)
    _add_waiting(parser)
    _add_tokens(parser)
    publishing.add_arguments(parser)


def _add_purchase(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--broker",
        metavar="URL",
        help="who sells the site (default: DOC_SMITH_BASE_URL, else the one the purchase is with,"
        f" else {tokens.OFFICIAL})",
    )
    parser.add_argument(
        "--project",
        metavar="DIR",
        default=".",
        help="whose .agentramp/site.json remembers the purchase; keep that file until it is done"
        " (default: here)",
    )
    parser.add_argument(
        "--session",
        metavar="ID",
        type=_session,
        help="resume: a checkout that is not, or not last, written down here",
    )
    parser.add_argument(
        "--start-another",
        action="store_true",
        help="create: begin another checkout although there is one, or may be one",
    )


def _add_waiting(parser: argparse.ArgumentParser) -> None:
    waits = parser.add_mutually_exclusive_group()
    waits.add_argument(
        "--wait",
        action="store_true",
        help="wait for the payment without a terminal too; without it a run that nobody watches"
        f" prints the link and ends with exit code {buying.NOT_YET}, as there is no site yet",
    )
    waits.add_argument(
        "--no-wait",
        action="store_true",
        help="end as soon as the payment is all that is missing, with exit code 0 and state"
        " awaiting-payment; go on with resume",
    )
    parser.add_argument(
        "--step-timeout",
        metavar="DURATION",
        type=arguments.seconds,
        default=STEP,
        help=f"how long each step after the checkout may take (default: {STEP})",
    )
    parser.add_argument(
        "--timeout",
        metavar="DURATION",
        type=arguments.seconds,
        help="how long all steps may take together (default: four times that)",
    )


def _add_tokens(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-browser", action="store_true", help="print links only; open none in a browser"
    )
    parser.add_argument(
        "--language",
        choices=LANGUAGES,
        help="of the last message (default: LANG, else what the account prefers)",
    )
    parser.add_argument(
        "--file",
        action="store_true",
        help="keep tokens in a file that only you can read (default: the keyring, where there is"
        " one)",
    )
    parser.add_argument(
        "--from-stdin", action="store_true", help="login: read the token from standard input"
    )


def _session(text: str) -> str:
    if not is_session(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no id of a checkout session")
    return text


_BUYS = ("create", "resume", "publish --new", "publish --resume")
_GOES_WITH = {
    "broker": (*_BUYS, "status"),
    "project": (*_BUYS, "status", "publish"),
    "session": ("resume", "publish --resume"),
    "start_another": ("create", "publish --new"),
    "wait": _BUYS,
    "no_wait": _BUYS,
    "step_timeout": (*_BUYS, "status"),
    "timeout": (*_BUYS, "status"),
    "no_browser": (*_BUYS, "publish", "login"),
    "language": (*_BUYS, "publish", "login"),
    "from_stdin": ("login",),
    "site": ("publish", "login", "logout"),
    **dict.fromkeys(
        ("folder", "official", "new", "resume", "board", "title", "description", "force"),
        ("publish",),
    ),
    "dry_run": ("publish",),
}
"""What each option is for. One that is given with another action would be passed over in silence:
a session that was named, and a new one bought."""


_FLAGS = ("start_another", "wait", "no_wait", "no_browser", "from_stdin", "official", "new")
_DEFAULTS: Mapping[str, object] = {
    **dict.fromkeys(_GOES_WITH),
    **dict.fromkeys((*_FLAGS, "resume", "force", "dry_run"), False),
    "project": ".",
    "folder": ".",
    "step_timeout": 300.0,
}


def _check_options(args: argparse.Namespace) -> None:
    """Raises UsageError for an option of another action."""
    actions = {args.action}
    if args.action == "publish":
        actions |= {f"publish --{way}" for way in ("new", "resume") if getattr(args, way)}
    for name, fit in _GOES_WITH.items():
        if getattr(args, name) == _DEFAULTS[name] or actions & {*fit}:
            continue
        word = "a folder" if name == "folder" else f"--{name.replace('_', '-')}"
        raise UsageError(
            f"{word} does not go with: agentramp site {args.action}",
            advice="it goes with: " + ", ".join(f"site {one}" for one in fit),
        )


def run(args: argparse.Namespace, context: Context) -> Answer:
    _check_options(args)
    browser = Browser()
    match args.action:
        case "create":
            return buying.create(args, context, browser)
        case "resume":
            return buying.resume(args, context, browser)
        case "status":
            return buying.status(args, context, browser)
        case "login":
            return tokens.login(args, context, browser)
        case "logout":
            return tokens.logout(args, context)
        case _:
            return publishing.publish(args, context, browser)

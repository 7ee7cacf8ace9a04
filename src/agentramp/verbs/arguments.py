"""Arguments that several verbs share; the same name means the same thing in each."""

import argparse

PERCENT = range(101)


def add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", nargs="?", default=".", help="folder with s.yaml, or the file (default: here)"
    )
    parser.add_argument(
        "--resource", metavar="NAME", help="which resource of s.yaml, where it has several"
    )


def add_platform(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--platform",
        choices=("agentrun", "local"),
        default="agentrun",
        help="where to: AgentRun, or the embedded platform on this machine (default: agentrun)",
    )


def add_runtime(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--runtime", metavar="NAME", help="the runtime itself, without reading s.yaml"
    )
    parser.add_argument("--region", metavar="REGION", help="its region, where --runtime is given")


def add_endpoint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--endpoint", metavar="NAME", default="production", help="(default: production)"
    )


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="print the plan, change nothing")


def on_platform(args: argparse.Namespace) -> str:
    """The end of a next command, so that it goes where this one went."""
    return " --platform local" if args.platform == "local" else ""


def version(text: str) -> int:
    if text == "LATEST":
        raise argparse.ArgumentTypeError(
            "LATEST is the head and changes with every deploy; name a published version"
        )
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a version: a whole number from 1")
    return int(text)


def percent(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) in PERCENT:
        return int(text)
    hint = "; 0.2 of the sessions is 20" if text.startswith(("0.", ".")) else ""
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole percent from 0 to 100{hint}")

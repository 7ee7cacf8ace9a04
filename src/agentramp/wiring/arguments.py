"""Arguments that several verbs share; the same name means the same thing in each."""

import argparse
import re
import shlex
from collections.abc import Mapping

from agentramp.report.command_line import has_login

PERCENT = range(101)
ENDPOINT = "production"


class Unsaid(str):
    """The value of an option that nobody gave: as good as the same word, but told apart."""

    __slots__ = ()


_NAMED = {"runtime", "region"}
_FILE = {"template": None, "env": None, "resource": None}
_PROJECT = {**_FILE, "platform": "agentrun", "access": None, "output-dir": None}
_TRAFFIC = {
    **_FILE,
    "platform": "agentrun",
    "access": None,
    "runtime": None,
    "region": None,
    "endpoint": None,
    "journal": None,
    "remote": None,
}
_JOURNAL = {"journal": None, "remote": None}
_WITH_FILE = {name: default for name, default in _TRAFFIC.items() if name not in _NAMED}
_ENDPOINT = {name: default for name, default in _TRAFFIC.items() if name not in _JOURNAL}
_RUNTIME = {name: default for name, default in _ENDPOINT.items() if name != "endpoint"}
_DIGEST = {"artifact-digest": None}
_PACKAGE = {"artifact": None, **_DIGEST}
LOCATING = {
    "validate": {name: default for name, default in _PROJECT.items() if name != "resource"},
    "build": _PROJECT,
    "deploy": _PROJECT | _JOURNAL | _PACKAGE,
    "publish-version": _PROJECT | _DIGEST,
    "release": _PROJECT | _WITH_FILE | _PACKAGE,
    "verify": _ENDPOINT,
    "logs": _RUNTIME,
    "remove": _RUNTIME | _JOURNAL,
    **dict.fromkeys(
        (
            "shift-traffic",
            "promote",
            "abort",
            "rollback",
            "pause",
            "resume",
            "approve",
            "adopt",
            "restore",
            "history",
            "status",
        ),
        _TRAFFIC,
    ),
}
"""The options of each verb that say where it acts and what goes there, with the value that needs
no saying."""


def add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", nargs="?", default=".", help="the project's folder, or its s.yaml (default: here)"
    )
    add_file(parser)
    parser.add_argument(
        "--resource", metavar="NAME", help="which resource of s.yaml, where it has several"
    )


def add_folder(parser: argparse.ArgumentParser) -> None:
    """As ``add_project``, for a verb whose own words stand where the path would."""
    parser.add_argument(
        "--path",
        metavar="DIR",
        default=".",
        help="the project's folder, or its s.yaml (default: here)",
    )
    add_file(parser)
    parser.add_argument(
        "--resource", metavar="NAME", help="which resource of s.yaml, where it has several"
    )


def add_file(parser: argparse.ArgumentParser) -> None:
    """Which file, as Serverless Devs has it."""
    parser.add_argument(
        "-t",
        "--template",
        metavar="FILE",
        help="another file than s.yaml in that folder, such as s.prod.yaml",
    )
    parser.add_argument(
        "--env", metavar="NAME", help="the environment of env.yaml to lay over the file"
    )


def add_platform(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--platform",
        choices=("agentrun", "local", "blocklet"),
        default=Unsaid("agentrun"),
        help="where to: AgentRun, the embedded platform on this machine, or a Blocklet Server"
        " (default: what the folder is made for, else agentrun)",
    )
    add_access(parser)


def add_access(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-a",
        "--access",
        metavar="NAME",
        help="named credentials (default: see agentramp whoami)",
    )


def add_output_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output-dir",
        metavar="DIR",
        help="where the zip and its manifest lie (default: .agentramp/ beside s.yaml)",
    )


def add_artifact(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--artifact",
        metavar="FILE",
        help="deploy this zip, as build made it here or on another machine, and build nothing",
    )
    parser.add_argument(
        "--artifact-digest",
        metavar="SHA256",
        type=digest,
        help="what goes up must have this digest, or nothing is changed: the package's as build"
        " told it, or the one that s.yaml names the image by",
    )


def add_runtime(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--runtime",
        metavar="NAME",
        type=_runtime,
        help="the runtime itself, without reading s.yaml",
    )
    parser.add_argument(
        "--region", metavar="REGION", type=region, help="its region, where --runtime is given"
    )


def add_endpoint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--endpoint",
        metavar="NAME",
        type=endpoint_name,
        help=f"the endpoint that is meant (default: what agentramp.yaml says, else {ENDPOINT})",
    )


def add_journal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--journal",
        choices=("auto", "git", "file"),
        help="where it is written what was done: a git ref, or a file under $AGENTRAMP_HOME"
        " (default: what agentramp.yaml says, else git in a repository with a remote; for"
        " --platform local, file)",
    )
    parser.add_argument(
        "--remote",
        metavar="NAME",
        type=_remote,
        help="the git remote that has the ref (default: origin)",
    )


def _remote(text: str) -> str:
    """Shows nothing of what it refuses."""
    if has_login(text):
        raise argparse.ArgumentTypeError(
            "an address with a login in it, and it would be printed; name a remote, or let git know"
            " the login (actions/checkout does)"
        )
    return text


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dry-run", action="store_true", help="print the plan, change nothing there"
    )


def add_deployment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--github-environment",
        metavar="NAME",
        help="record a deployment in this environment on GitHub; needs GITHUB_TOKEN",
    )


def add_comment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--comment",
        action="store_true",
        help="keep one comment with the plan on the pull request of this run; needs GITHUB_TOKEN",
    )


def add_reason(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", metavar="TEXT", default="", help="why, for the journal")


def again(args: argparse.Namespace, verb: str, *words: str, endpoint: str | None = None) -> str:
    """The command that does ``verb`` next, and to the very same place as this one did.

    ``endpoint`` is another one than this command's.
    """
    given = vars(args) | ({"endpoint": endpoint} if endpoint else {})
    path = [args.path] if args.path != "." else []
    return shlex.join(["agentramp", verb, *path, *located(given, LOCATING[verb]), *words])


def located(given: Mapping[str, object], options: Mapping[str, str | None]) -> list[str]:
    """Those of ``options`` that are ``given`` and differ from what needs no saying, as words."""
    return [
        f"--{option}={given[option.replace('-', '_')]}"
        for option, default in options.items()
        if given.get(option.replace("-", "_")) not in {None, default}
    ]


def _runtime(text: str) -> str:
    return _name(text, "a runtime", 127)


def endpoint_name(text: str) -> str:
    return _name(text, "an endpoint", 63)


def _name(text: str, what: str, more: int) -> str:
    """Names become file names in the journal, so nothing but a name may pass."""
    if not re.fullmatch(rf"[a-zA-Z][a-zA-Z0-9_-]{{0,{more}}}", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name for {what}: a letter first, then letters, digits, - and _"
        )
    return text


def region(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{1,40}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no region; one looks like cn-hangzhou")
    return text


def seconds(text: str) -> float:
    from agentramp.config.durations import parse  # noqa: PLC0415 - only where it is asked for

    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from error


def digest(text: str) -> str:
    """The 64 hex digits of a sha256, with or without ``sha256:`` before them."""
    if not re.fullmatch(r"(sha256:)?[0-9a-f]{64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no sha256 digest, as build tells it")
    return text.removeprefix("sha256:")


def version(text: str) -> int:
    if text == "LATEST":
        raise argparse.ArgumentTypeError(
            "LATEST is the head and changes with every deploy; name a published version"
        )
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a version: a whole number from 1")
    return int(text)


def share(text: str) -> int:
    """What a canary gets beside a stable version: neither nothing nor everything."""
    whole = text.isascii() and text.isdigit()
    if whole and 0 < int(text) < max(PERCENT):
        return int(text)
    if whole and int(text) in PERCENT:
        hint = "; leave --canary-version and --weight out, and --target-version takes it all"
    else:
        hint = _in_percent(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole percent from 1 to 99{hint}")


def _in_percent(text: str) -> str:
    """What somebody means who writes a share between 0 and 1, as Serverless Devs has it."""
    found = re.fullmatch(r"0?\.(\d{1,2})0*", text)
    meant = int(found[1].ljust(2, "0")) if found else 0
    return f"; {text} of the sessions is {meant}" if meant else ""


def percent(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) in PERCENT:
        return int(text)
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a whole percent from 0 to 100{_in_percent(text)}"
    )

"""The options of a place on a Blocklet Server, and the command that goes on there."""

import argparse
import re
import shlex
from collections.abc import Mapping
from typing import Final

from agentramp.wiring import arguments

SEMANTIC: Final = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
"""https://semver.org without build metadata, which no server tells apart."""
_TITLE: Final = "on a Blocklet Server"
_MOST: Final = 128

_PROJECT: Final[Mapping[str, str | None]] = {
    "platform": "agentrun",
    "name": None,
    "did": None,
}
_PLACE: Final[Mapping[str, str | None]] = {
    **_PROJECT,
    "access": None,
    "server": None,
    "app": None,
    "mount-point": None,
}
_KEPT: Final[Mapping[str, str | None]] = {**_PLACE, "journal": None, "remote": None}
LOCATING: Final[Mapping[str, Mapping[str, str | None]]] = {
    "validate": {"platform": "agentrun"},
    "build": {**_PLACE, "output-dir": None},
    "verify": _PLACE,
    "deploy": {**_KEPT, "output-dir": None},
    "promote": {**_KEPT, "output-dir": None},
    "rollback": {**_KEPT, "output-dir": None},
    "status": _KEPT,
    "versions": _KEPT,
    "history": _KEPT,
    "remove": _KEPT,
    "abort": _KEPT,
}
"""As ``wiring.arguments.LOCATING``."""
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {"versions": ("list",)}


def again(args: argparse.Namespace, verb: str, *words: str) -> str:
    """The command that does ``verb`` next, at the very same place."""
    located = arguments.located(vars(args), LOCATING[verb])
    path = [args.path] if args.path != "." else []
    if verb == "versions":
        path = [f"--path={args.path}"] if path else []
    return shlex.join(["agentramp", verb, *_WORDS.get(verb, ()), *path, *located, *words])


def add_identity(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """By what the component is known; the group takes the verb's further options."""
    group = parser.add_argument_group(_TITLE)
    group.add_argument(
        "--name",
        metavar="NAME",
        type=name,
        help="the component's name (default: $BLOCKLET_NAME, else as agentramp.yaml remembers)",
    )
    group.add_argument(
        "--did",
        metavar="DID",
        type=did,
        help="its identifier, z2qa... (default: $BLOCKLET_DID, else as agentramp.yaml remembers)",
    )
    return group


def add_components(
    parser: argparse.ArgumentParser, alias: str | None = None
) -> argparse._ArgumentGroup:
    """Where on a Blocklet Server; ``alias`` is another name of --server."""
    group = add_identity(parser)
    group.add_argument(
        *([alias] if alias else []),
        "--server",
        metavar="URL",
        dest="server",
        help="the server's address or the application's (default: $BLOCKLET_SERVER, else as"
        " agentramp.yaml says)",
    )
    group.add_argument(
        "--app",
        metavar="DID",
        type=application,
        help="the application, where --server is no address of one (default:"
        " $BLOCKLET_DEPLOY_APP_ID, else as agentramp.yaml says)",
    )
    group.add_argument(
        "--mount-point",
        metavar="/PATH",
        type=mount_point,
        help="where in the application (default: $BLOCKLET_DEPLOY_MOUNT_POINT, else as"
        " agentramp.yaml says, else where it is, else /NAME)",
    )
    return group


def add_version(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--version",
        metavar="X.Y.Z",
        type=semantic,
        help="the version that it gets (default: the tag of the run, vX.Y.Z; else the next patch"
        " after the one that runs; the first is 0.1.0)",
    )


def semantic(text: str) -> str:
    if len(text) > _MOST or not SEMANTIC.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no semantic version, such as 1.2.3")
    return text


def any_version(text: str) -> int | str:
    """A number of AgentRun, or a semantic version."""
    if SEMANTIC.fullmatch(text):
        return text
    try:
        return arguments.version(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(
            f"{error}; on a Blocklet Server a semantic one, such as 1.2.3"
        ) from error


def mount_point(text: str) -> str:
    parts = "[a-z0-9][a-z0-9-]*"
    if len(text) > _MOST or not re.fullmatch(rf"/|(?:/{parts})+/?", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no mount point: a path such as /hello, of small letters, digits and -"
        )
    return text.rstrip("/") or "/"


def name(text: str) -> str:
    if not is_name(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name of a component: a letter first, then letters, digits, - and _, up"
            " to 63"
        )
    return text


def is_name(text: str) -> bool:
    """Names become file names in the journal. With -canary, 63 letters are what a server takes."""
    return bool(re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_-]{0,62}", text))


def application(text: str) -> str:
    """Some have an Ethereum address."""
    return text if re.fullmatch(r"0x[0-9a-fA-F]{40}", text) else did(text)


def did(text: str) -> str:
    """Its sum is looked at by who uses it: this loads nothing."""
    if not re.fullmatch(r"(did:abt:)?z[1-9A-HJ-NP-Za-km-z]{20,64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no DID; one looks like z2qa...")
    return text.removeprefix("did:abt:")


def add_output_dir(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--output-dir",
        metavar="DIR",
        help="where the bundles lie that build made (default: .agentramp/ in the folder)",
    )


def add_journal(group: argparse._ArgumentGroup) -> None:
    """For a verb that needs no journal on AgentRun."""
    group.add_argument(
        "--journal",
        choices=("auto", "git", "file"),
        help="where it is written what was installed, as with deploy",
    )
    group.add_argument("--remote", metavar="NAME", help="the git remote that has the journal's ref")

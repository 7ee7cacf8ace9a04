"""access: named credentials on this machine, in its keyring or in a file of their owner alone."""

import argparse
import json
import re

from agentramp.credentials.environment import SERVERLESS_DEVS, Held, keys
from agentramp.credentials.named import Named
from agentramp.credentials.ring import system_ring
from agentramp.credentials.serverless_devs import AccessFile, named_by, variables
from agentramp.errors import UsageError
from agentramp.report.result import Answer
from agentramp.wiring.context import Context
from agentramp.wiring.signing_in import drawer

EXAMPLE = "agentramp access add default"
MOST_BYTES = 64 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=("add", "list", "remove"), help="no secret is ever shown or on the line"
    )
    parser.add_argument("name", nargs="?", type=_name, help="for add and remove")
    parser.add_argument(
        "--from-stdin",
        action="store_true",
        help='read {"AccessKeyID": …, "AccessKeySecret": …} from standard input, with SecurityToken'
        " and AccountID if there are; without it you are asked, unseen",
    )
    parser.add_argument(
        "--account", metavar="ID", type=_account, help="the account's id (default: asked of it)"
    )
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--keyring", action="store_true", help="keep it in the system's keyring")
    place.add_argument(
        "--file",
        action="store_true",
        help="keep it in a file that only you can read (default: the keyring, where there is one)",
    )


def run(args: argparse.Namespace, context: Context) -> Answer:
    _check(args)
    match args.action:
        case "add":
            return _add(args, context)
        case "remove":
            return _remove(args.name, context)
        case _:
            return _list(context)


def _check(args: argparse.Namespace) -> None:
    given = [
        flag
        for flag, value in (
            ("--from-stdin", args.from_stdin),
            ("--account", args.account),
            ("--keyring", args.keyring),
            ("--file", args.file),
        )
        if value
    ]
    if args.action != "add" and given:
        raise UsageError(f"{given[0]} goes with add", advice="leave it out")
    if args.action == "list" and args.name:
        raise UsageError("list takes no name", advice="leave it out: all are listed")
    if args.action != "list" and not args.name:
        raise UsageError(f"{args.action} needs a name", advice="such as default")


def _add(args: argparse.Namespace, context: Context) -> Answer:
    named = _given(args, context)
    named = Named(named.held, args.account or named.account)
    in_ring = args.keyring or (not args.file and system_ring() is not None)
    replaced = drawer(context).put(args.name, named, in_ring=in_ring)
    kept = "keyring" if in_ring else "file"
    return Answer(
        verb="access add",
        message=f"{args.name} is kept in the {kept}" + (", in place of the one before" * replaced),
        lines=(),
        fields=(
            ("name", json.dumps(args.name)),
            ("kept", json.dumps(kept)),
            ("replaced", json.dumps(replaced)),
        ),
        changed=True,
        next=None if _of_a_server(named) else f"agentramp whoami -a {args.name}",
    )


def _of_a_server(named: Named) -> bool:
    """Whether it is the key of a Blocklet Server, which goes by the address of its public half.

    AgentRun would refuse it, so nobody is sent there.
    """
    from agentramp.platform.blocklet.did import is_did  # noqa: PLC0415 - only after a key was given

    return is_did(named.held.credentials.access_key_id)


def _given(args: argparse.Namespace, context: Context) -> Named:
    if args.from_stdin:
        return named_by(context.stdin().read(MOST_BYTES), args.name, "standard input")
    if not context.terminal:
        raise UsageError(
            "there is no terminal to ask at",
            advice="write the key as JSON to standard input and add --from-stdin",
        )
    try:
        said = {
            SERVERLESS_DEVS.key_id: context.secret("AccessKeyID (not shown): ").strip(),
            SERVERLESS_DEVS.secret: context.secret("AccessKeySecret (not shown): ").strip(),
        }
    except EOFError:
        said = {}
    key = keys(SERVERLESS_DEVS, said, "what was typed")
    if key is None:
        raise UsageError("nothing was typed", advice="run it again; nothing was kept")
    return Named(Held(args.name, key))


def _remove(name: str, context: Context) -> Answer:
    if not drawer(context).remove(name):
        raise UsageError(
            f"there is no {name} to remove",
            advice="agentramp access list shows what is there; what `s` keeps, `s config delete`"
            " removes",
        )
    return Answer(
        "access remove", f"{name} is removed", (), (("name", json.dumps(name)),), changed=True
    )


def _list(context: Context) -> Answer:
    """Ours, and those of `s`, whose accounts are told where its file can be opened."""
    rows = [(entry.name, entry.account, entry.kept) for entry in drawer(context).entries()]
    rows += [(alias, None, "environment") for alias in variables(context.environ)]
    if file := AccessFile.of(context.environ):
        rows += [(alias, None, str(file.path)) for alias in sorted(file.aliases())]
    width = max((len(name) for name, _, _ in rows), default=0)
    told = tuple(
        f"  {name:<{width}}  {account or 'account not noted':<17}  {kept}"
        for name, account, kept in rows
    )
    listed = [{"name": name, "account": account, "kept": kept} for name, account, kept in rows]
    count = f"named keys: {len(rows)}" if rows else "there are no named keys"
    return Answer(
        "access list",
        count,
        told,
        (("access", json.dumps(listed, ensure_ascii=False)),),
        next=None if rows else "agentramp access add default",
    )


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name: letters, digits and _ . @ - are, up to 64"
        )
    return text


def _account(text: str) -> str:
    if not re.fullmatch(r"\d{4,32}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no account id: digits alone")
    return text

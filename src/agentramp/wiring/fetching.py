"""What verbs share that run what is elsewhere: from arguments to a copy in the cache."""

import argparse
import re
from pathlib import Path
from urllib.parse import urlsplit

from agentramp.archives.address import Source, checked_sha256
from agentramp.archives.cache import Cache, Copy, Terms
from agentramp.archives.limits import GIB, KIB, MIB, Limits, size
from agentramp.archives.tokens import GITHUB_HOSTS, Token
from agentramp.errors import UsageError
from agentramp.wiring.context import Context

_RUN_IN: list[Copy] = []
"""What this process may run an agent in: until it ends, nobody takes that away."""
_UNITS = {"": 1, "K": KIB, "M": MIB, "G": GIB}


def add_cache_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cache-dir",
        type=Path,
        metavar="DIR",
        help="where archives are kept (default: ~/.agentramp/cache)",
    )


def add_fetching(parser: argparse.ArgumentParser) -> None:
    add_cache_dir(parser)
    parser.add_argument(
        "--sha256",
        type=_sha256,
        metavar="HEX",
        help="what the archive's digest has to be; compared before it is unpacked",
    )
    parser.add_argument(
        "--max-size",
        type=_size,
        metavar="SIZE",
        help=f"the largest archive to fetch, such as 800M (default: {size(Limits.download)})",
    )
    parser.add_argument(
        "--offline", action="store_true", help="ask nobody: run the copy that is in the cache"
    )
    parser.add_argument(
        "--refresh", action="store_true", help="fetch it again, even if it seems unchanged"
    )


def opened(args: argparse.Namespace, context: Context) -> Cache:
    folder = args.cache_dir or context.home / "cache"
    return Cache(context.cwd / folder, clock=context.clock)


def fetched(url: str, args: argparse.Namespace, context: Context) -> Copy:
    """What is at ``url`` now, or was when it was last reached."""
    if args.offline and args.refresh:
        raise UsageError("--offline and --refresh contradict each other", advice="leave one out")
    source = Source(url, args.sha256)
    copy = opened(args, context).fetch(
        source,
        Terms(
            token=_token(source, context),
            limits=Limits(download=args.max_size or Limits.download),
            progress=context.console,
            offline=args.offline,
            refresh=args.refresh,
        ),
    )
    _RUN_IN.append(copy)
    return copy


def _token(source: Source, context: Context) -> Token | None:
    secret = context.environ.get("GITHUB_TOKEN", "").strip()
    return Token(secret) if secret and urlsplit(source.url).netloc in GITHUB_HOSTS else None


def _sha256(text: str) -> str:
    try:
        return checked_sha256(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(error.advice) from error


def _size(text: str) -> int:
    match = re.fullmatch(r"([1-9]\d{0,12})([KMG]?)B?", text.strip().upper())
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: such as 800M or 2G")
    return int(match[1]) * _UNITS[match[2]]

"""cache: what run has fetched, and taking it away again."""

import argparse
import json

from agentramp.archives.cache import Listed
from agentramp.archives.limits import size
from agentramp.errors import UsageError
from agentramp.report.moments import stamp
from agentramp.report.result import Answer
from agentramp.wiring.context import Context
from agentramp.wiring.fetching import add_cache_dir, opened

EXAMPLE = "agentramp cache list"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=("list", "clear"), help="clear takes away one URL's copy, or all"
    )
    parser.add_argument("url", nargs="?", metavar="URL", help="for clear: the whole URL")
    add_cache_dir(parser)


def run(args: argparse.Namespace, context: Context) -> Answer:
    if args.action == "list":
        return _list(args, context)
    return _clear(args, context)


def _list(args: argparse.Namespace, context: Context) -> Answer:
    if args.url:
        raise UsageError("list takes no URL", advice="leave it out: all are listed")
    cache = opened(args, context)
    entries = cache.entries()
    message = f"{_counted(entries)} in {cache.root}" if entries else "the cache is empty"
    return Answer(
        "cache list",
        message,
        _lines(entries),
        (("cache", _json(entries)), ("size", json.dumps(_size(entries)))),
        next="agentramp cache clear" if entries else None,
    )


def _clear(args: argparse.Namespace, context: Context) -> Answer:
    cleared = opened(args, context).clear(args.url, context.console)
    if args.url and not cleared.entries:
        raise UsageError(
            "no copy of that URL is in the cache",
            advice="agentramp cache list shows what is there; the query counts too, and is not"
            " shown: without a URL, all is cleared",
        )
    rest = f", and {_copies(cleared.unnamed)} that no URL leads to" if cleared.unnamed else ""
    entries = cleared.entries
    gone = bool(entries or cleared.unnamed)
    return Answer(
        "cache clear",
        f"{_counted(entries)} cleared{rest}" if gone else "the cache was empty",
        _lines(entries),
        (
            ("cleared", _json(entries)),
            ("size", json.dumps(_size(entries))),
            ("unnamed", json.dumps(cleared.unnamed)),
        ),
        changed=gone,
    )


def _counted(entries: tuple[Listed, ...]) -> str:
    return f"{_copies(len(entries))}, {size(_size(entries))},"


def _copies(count: int) -> str:
    return f"{count} cop{'y' if count == 1 else 'ies'}"


def _size(entries: tuple[Listed, ...]) -> int:
    """Of the disk: a copy that several URLs lead to counts once."""
    return sum({kept.sha256: kept.size for kept in entries}.values())


def _lines(entries: tuple[Listed, ...]) -> tuple[str, ...]:
    return tuple(
        f"  {kept.url}  {size(kept.size) if kept.whole else 'damaged'}"
        f"  used {stamp(kept.used)}  sha256 {kept.sha256[:12]}"
        for kept in sorted(entries, key=lambda kept: -kept.used)
    )


def _json(entries: tuple[Listed, ...]) -> str:
    listed = [
        {
            "url": kept.url,
            "sha256": kept.sha256,
            "size": kept.size,
            "files": kept.files,
            "fetched": stamp(kept.fetched),
            "used": stamp(kept.used),
            "whole": kept.whole,
        }
        for kept in entries
    ]
    return json.dumps(listed, ensure_ascii=False)

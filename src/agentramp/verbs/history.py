"""history: what was done to an endpoint, by whom and why, as its journal has it."""

import argparse
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from agentramp.errors import RefusedError, UsageError
from agentramp.journal.lines import rendered
from agentramp.plan import Subject
from agentramp.ramp import Standing, standing
from agentramp.record import Record
from agentramp.report.page import page
from agentramp.report.records import told
from agentramp.report.result import History
from agentramp.wiring import arguments
from agentramp.wiring.blocklet import arguments as blocklet
from agentramp.wiring.context import Context
from agentramp.wiring.target import remembered

EXAMPLE = "agentramp history --platform local --html ramps.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_runtime(parser)
    arguments.add_endpoint(parser)
    arguments.add_journal(parser)
    parser.add_argument(
        "--last", metavar="N", type=_count, help="only the last N records (default: all)"
    )
    parser.add_argument(
        "--html", metavar="FILE", help="write all ramps as one page to look at, with charts"
    )
    blocklet.add_components(parser)


def run(args: argparse.Namespace, context: Context) -> History:
    """Reads the journal only: how it came to be can be seen while the platform is away."""
    if args.html:
        _check_place(context.cwd / args.html)
    subject, journal = remembered(args, context)
    records = journal.read(subject)
    first = -args.last if args.last else 0
    written: Path | None = None
    if args.html:
        html = page(str(subject), records)
        written = _write(context.cwd / args.html, html, context.nonce()[:8])
    return History(
        verb="history",
        message=_message(subject, records, args.last),
        subject=str(subject),
        records=told(records, args.last),
        lines=tuple(rendered(record) for record in records[first:]),
        page=written,
        next=_next(args, standing(records)),
    )


def _message(subject: Subject, records: Sequence[Record], last: int | None) -> str:
    if not records:
        return f"the journal of {subject} has no records yet"
    count = f"{len(records)} record" + ("s" if len(records) > 1 else "")
    shown = f", the last {last} of them" if last and last < len(records) else ""
    now = standing(records)
    serves = f"; it serves {now.settled}" if now.settled else ""
    return f"{subject}: {count}{shown}{serves}"


def _next(args: argparse.Namespace, now: Standing) -> str | None:
    if now.ramp or now.open:
        return arguments.again(args, "promote")
    return None if now.settled or args.runtime else arguments.again(args, "release")


def _check_place(file: Path) -> None:
    if not os.path.isdir(file.parent):  # noqa: PTH112 - a Path raises for a name that is too long
        raise UsageError(
            f"--html: there is no folder {file.parent} for {file.name}",
            advice=f"make it first: {shlex.join(['mkdir', '-p', str(file.parent)])}",
        )
    if os.path.isdir(file):  # noqa: PTH112 - as above
        raise UsageError(
            f"--html: {file} is a folder",
            advice=f"name a file in it: --html={shlex.quote(str(file / 'ramps.html'))}",
        )


def _write(file: Path, text: str, nonce: str) -> Path:
    """Whole or not at all: somebody may have the page open."""
    beside = file.with_name(f".{file.name}.{nonce}")
    try:
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise RefusedError(
            f"{file} could not be written: {error.strerror}",
            advice="name a file in a folder that is there and that you may write",
        ) from error
    return file


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)

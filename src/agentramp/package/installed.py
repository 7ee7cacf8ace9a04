"""Making what an installer wrote independent of the installer, the folder and the time.

Left as they are, two installs of the same versions differ: each installer signs its name, lists
files in its own order, and writes start scripts that hold the path of the interpreter at hand.
Start scripts are written anew and run the ``python3`` of the machine they are started on.
"""

import base64
import csv
import hashlib
import io
import re
import shutil
from collections.abc import Iterator
from configparser import ConfigParser
from email.parser import HeaderParser
from pathlib import Path

from agentramp.package import exclusions

SIGNATURES = ("INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")
LOCK = ".lock"
RECORD = "RECORD"
SCRIPTS = "bin"
SHEBANG = b"#!/usr/bin/env python3\n"
OLD_SHEBANG = re.compile(rb"\A#!(?:/bin/sh\r?\n'''exec' [^\n]*\n' '''\n|[^\n]*python[^\n]*\n)")
START_SCRIPT = """\
import sys

from {module} import {first}

if __name__ == "__main__":
    sys.exit({call}())
"""
ENTRY_POINT = re.compile(r"(?P<module>[\w.]+)\s*:\s*(?P<call>[\w.]+)\s*(?:\[.*\])?")
PARENTS = re.compile(r"^(?:\.\./)+")


def settle(folder: Path) -> tuple[str, ...]:
    """Settle all of ``folder`` and give what is installed there, as sorted ``name==version``."""
    (folder / LOCK).unlink(missing_ok=True)
    infos = sorted(folder.glob("*.dist-info"))
    _settle_scripts(folder, infos)
    for info in infos:
        for name in SIGNATURES:
            (info / name).unlink(missing_ok=True)
    for cache in sorted(folder.rglob("__pycache__")):
        shutil.rmtree(cache)
    for info in infos:
        _settle_record(folder, info)
    return tuple(sorted((_pin(info) for info in infos), key=str.lower))


def _pin(info: Path) -> str:
    metadata = HeaderParser().parsestr((info / "METADATA").read_text(encoding="utf-8"))
    return f"{metadata['Name']}=={metadata['Version']}"


def _settle_scripts(folder: Path, infos: list[Path]) -> None:
    scripts = folder / SCRIPTS
    if not scripts.is_dir():
        return
    for info in infos:
        for name, text in _start_scripts(info):
            if (scripts / name).is_file():
                (scripts / name).write_bytes(SHEBANG + text.encode())
    for path in sorted(scripts.iterdir()):
        if path.is_file():
            content = path.read_bytes()
            settled = OLD_SHEBANG.sub(SHEBANG, content)
            if settled != content:
                path.write_bytes(settled)


def _start_scripts(info: Path) -> Iterator[tuple[str, str]]:
    parser = ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # names keep their case
    parser.read(info / "entry_points.txt", encoding="utf-8")
    for section in ("console_scripts", "gui_scripts"):
        for name, reference in parser.items(section) if parser.has_section(section) else ():
            point = ENTRY_POINT.fullmatch(reference.strip())
            if point:
                first = point["call"].partition(".")[0]
                yield name, START_SCRIPT.format(first=first, **point.groupdict())


def _settle_record(folder: Path, info: Path) -> None:
    """The list of files, sorted, with the true sums of those that were written anew."""
    record = info / RECORD
    if not record.is_file():
        return
    with record.open(encoding="utf-8", newline="") as file:
        rows = [_row(folder, row) for row in csv.reader(file) if row]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(row for row in rows if row))
    record.write_bytes(text.getvalue().encode())


def _row(folder: Path, row: list[str]) -> list[str]:
    """The row as it should be; empty for a file that is not packed."""
    name = PARENTS.sub("", row[0])
    path = folder / name
    if not path.is_file() or exclusions.is_byte_code(path.name):
        return []
    if name.startswith(f"{SCRIPTS}/"):
        content = path.read_bytes()
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        return [name, f"sha256={digest}", str(len(content))]
    return [name, *row[1:]]

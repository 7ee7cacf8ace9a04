"""Records the demo as a picture: ``python -m demo.picture docs/demo.svg``."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 80
FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main(argv: Sequence[str]) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "demo"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, color_system="truecolor")
        for line in excerpt(done.stdout.splitlines()):
            console.print(styled(line), highlight=False)
        picture = console.export_svg(title="make demo", unique_id="demo")
    # A reader's own monospaced font will do; the picture fetches nothing.
    Path(argv[0]).write_text(FONT_FACE.sub("", picture), encoding="utf-8")
    return 0


def excerpt(lines: Sequence[str]) -> Sequence[str]:
    """The third version, which its ramp rolls back: what was before looks like any deployment."""
    start = next(number for number, line in enumerate(lines) if line.startswith("== Version 3"))
    return ["$ make demo", "...", *lines[start:]]


def styled(line: str) -> Text:
    if line.startswith(("==", "$")):
        return Text(line, style="bold")
    if line.startswith(("  will", "  back", "  done", "  note")):
        return Text(line, style="dim")
    return Text(line)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

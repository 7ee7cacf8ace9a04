"""A browser that writes, and stays in the foreground: none of it reaches this run."""

import json
import os
import select
import stat
import subprocess
import sys
from pathlib import Path

from agentramp.wiring.site.browsing import opened

PAGE = "https://pay.example/s/cs_1?a=b&c=$(id)"
BROWSER = """\
#!{python}
import json, os, sys
print("Opening in existing browser session.", flush=True)
print("noise", file=sys.stderr, flush=True)
told = {{"url": sys.argv[1], "session": os.getsid(0), "typed": sys.stdin.read()}}
with open({began!r}, "w") as began:
    began.write(json.dumps(told))
with open({ends!r}) as ends:
    ends.read()
"""
SHOWN = f"""\
import os
from agentramp.wiring.site.browsing import opened
print(opened({PAGE!r}), os.getsid(0))
"""


def test_nothing_of_a_browser_is_this_run_s(tmp_path: Path) -> None:
    """It is alive all the time: this run ends without it, and its streams with this run."""
    began, ends, browser = tmp_path / "began", tmp_path / "ends", tmp_path / "browser"
    os.mkfifo(began)
    os.mkfifo(ends)
    text = BROWSER.format(python=sys.executable, began=str(began), ends=str(ends))
    browser.write_text(text)
    browser.chmod(stat.S_IRWXU)
    line = os.open(began, os.O_RDWR | os.O_NONBLOCK)
    try:
        done = subprocess.run(
            [sys.executable, "-c", SHOWN],
            env={**os.environ, "BROWSER": str(browser)},
            input=b"typed for this run",
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert select.select([line], [], [], 60)[0], "the browser was never begun"
        told = json.loads(os.read(line, 65536))
    finally:
        os.close(line)
    with ends.open("w"):  # it is there, reads the end, and is gone
        pass
    said = done.stdout.decode().split()
    assert (said[0], done.stderr) == ("True", b"")
    assert len(said) == 2
    assert (told["url"], told["typed"]) == (PAGE, "")
    assert told["session"] != int(said[1]), "a Ctrl-C here would end it"


def test_a_program_that_cannot_be_begun_is_no_browser() -> None:
    assert not opened("https://pay.example/" + "a" * 3_000_000)

"""An agent of one file for Node.js, and the command line as its author runs it."""

import json
import os
import pty
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tests.real.blocklet_server import Running

AGENTRAMP: Final = Path(sys.executable).with_name("agentramp")
LONGEST: Final = 400.0
"""Seconds for one command: a version that does not start is given up after one minute, twice."""
PATIENCE: Final = 60.0
"""Seconds for something to be so that is on its way."""
_LISTENS: Final = """\
require('node:http')
  .createServer((request, answer) => answer.end(`{text} from ${{process.pid}}`))
  .listen(process.env.BLOCKLET_PORT);
"""
_HELD: Final = """\
const {{ existsSync, writeFileSync }} = require('node:fs');
writeFileSync({started!r}, '');
const waiting = setInterval(() => {{
  if (!existsSync({released!r})) return;
  clearInterval(waiting);
  serve();
}}, 50);
function serve() {{
{listens}}}
"""


@dataclass(frozen=True)
class Done:
    """``told`` is the one JSON object on standard output."""

    code: int
    told: Mapping[str, Any]
    err: str


@dataclass(frozen=True)
class Project:
    """``name`` is its mount point too, without the slash."""

    folder: Path
    name: str
    server: Running

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.says()

    @property
    def mount_point(self) -> str:
        return f"/{self.name}"

    @property
    def settings(self) -> Path:
        return self.folder / "agentramp.yaml"

    def says(self, did: str = "", more: str = "") -> None:
        identity = f"  name: {self.name}\n  did: {did}\n" if did else ""
        ours = f"target: blocklet\njournal: file\nblocklet:\n  engine: node\n{identity}"
        self.settings.write_text(ours + more)

    def serves(self, text: str) -> None:
        self._is(_LISTENS.format(text=text))

    def ends_at_start(self) -> None:
        self._is("process.exit(1);\n")

    def is_held(self, text: str) -> None:
        """It starts, and listens once it is released: so long a deploy of it is under way."""
        files = {"started": str(self.folder.parent / f"{text}.started")}
        files["released"] = str(self.folder.parent / f"{text}.released")
        self._is(_HELD.format(**files, listens=_LISTENS.format(text=text)))

    def started(self, text: str) -> bool:
        return (self.folder.parent / f"{text}.started").exists()

    def release(self, text: str) -> None:
        (self.folder.parent / f"{text}.released").touch()

    def does(self, *words: str, **environ: str) -> Done:
        """No terminal, as in a pipeline."""
        return self.ends(self.begins(*words, environ=environ))

    def does_on_a_terminal(self, *words: str) -> Done:
        ours, theirs = pty.openpty()
        try:
            return self.ends(self.begins(*words, stdin=theirs))
        finally:
            os.close(ours)
            os.close(theirs)

    def begins(
        self,
        *words: str,
        stdin: int = subprocess.DEVNULL,
        environ: Mapping[str, str] | None = None,
    ) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [AGENTRAMP, *words, "--output", "json"],
            cwd=self.folder,
            env=self._environ(environ or {}),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ends(self, process: "subprocess.Popen[str]") -> Done:
        """Raises AssertionError where a secret was told."""
        out, err = process.communicate(timeout=LONGEST)
        assert self.server.key_secret not in out + err
        return Done(process.returncode, json.loads(out) if out else {}, err)

    def page(self, url: str) -> str:
        """What a browser would be shown at ``url``, or the status where it is an error's.

        The application's own domain is not known on this machine: its server is asked, by name.
        """
        asked = urlsplit(url)
        here = urllib.request.Request(self.server.url + asked.path, headers={"Host": asked.netloc})
        try:
            with urllib.request.urlopen(here, timeout=20) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            return str(error.code)

    def shows(self, url: str, text: str) -> None:
        """The router follows a change a moment later."""
        eventually(lambda: self.page(url).startswith(f"{text} from "), lambda: self.page(url))

    def stands(self) -> list[Mapping[str, Any]]:
        """All components of the application, as the server tells them."""
        done = self.does("status")
        assert done.code == 0, done.err
        found: list[Mapping[str, Any]] = done.told["components"]
        return found

    def _is(self, program: str) -> None:
        (self.folder / "index.js").write_text(program)

    def _environ(self, more: Mapping[str, str]) -> dict[str, str]:
        within = self.folder.parent
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(within / "person"),
            "AGENTRAMP_HOME": str(within / "agentramp"),
            **self.server.environ,
            **more,
        }


def eventually(
    is_so: Callable[[], bool], told: Callable[[], str], patience: float = PATIENCE
) -> None:
    """Looks until it is so; raises AssertionError with what is ``told`` where it never is."""
    end = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < end, told()
        time.sleep(0.2)

"""A real Blocklet Server on this machine: its own home, an application, and a key to deploy to it.

Its ports are its own: one at a time. It asks nobody outside for anything: what it would ask is
told to be where nobody listens.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.real.installed import blocklet_server, node_of

HERE: Final = Path(__file__).parent
GIVEN: Final = "AGENTRAMP_BLOCKLET_SERVER"
"""A variable with the JSON of a server that runs already: endpoint, app_did, access_key_id and
access_key_secret."""
LONGEST: Final = 600.0
"""Seconds for one command of the vendor's."""
_PORTS: Final = (8088, 8089, 8090)
"""Two are the server's, the last is free for its router."""
_OURS: Final = (
    (r"(?m)^(  registerUrl:).*$", r"\1 ''"),
    (r"(?m)^(  didRegistry:).*$", r"\1 http://127.0.0.1:9"),
    (r"(?m)^(    wildcardCertHost:).*$", r"\1 http://127.0.0.1:9/"),
    (r"(enableDefaultServer|enableIpServer): false", r"\1: true"),
)


@dataclass(frozen=True)
class Running:
    url: str
    app_did: str
    key_id: str
    key_secret: str = field(repr=False)
    program: "Program | None" = None
    """None: somebody else's, which is not stopped."""

    @property
    def environ(self) -> dict[str, str]:
        """What the command line needs to know of it."""
        return {
            "BLOCKLET_SERVER": self.url,
            "BLOCKLET_DEPLOY_APP_ID": self.app_did,
            "BLOCKLET_ACCESS_KEY_ID": self.key_id,
            "BLOCKLET_ACCESS_KEY_SECRET": self.key_secret,
        }


@dataclass(frozen=True)
class Program:
    """The vendor's command line, for the server in ``folder``."""

    installed: Path
    folder: Path
    app_key: str = field(default="", repr=False)

    def blocklet(self, *words: str) -> str:
        modules = self.installed / "node_modules"
        return self.node(str(modules / "@blocklet" / "cli" / "bin" / "blocklet.js"), *words)

    def node(self, *words: str) -> str:
        """What Node prints; raises RuntimeError with all of it where it fails."""
        done = subprocess.run(
            [node_of(self.installed), *words],
            cwd=self.folder / "server",
            env=self._environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{words[0]} {words[1:2]} failed:\n{done.stdout[-4000:]}")
        return done.stdout

    def start(self) -> None:
        self.blocklet("server", "start", "--force-intranet", "--routing", "full")

    def stop(self) -> None:
        self.blocklet("server", "stop", "--force")

    def _environ(self) -> Mapping[str, str]:
        modules = self.installed / "node_modules"
        folders = (str(node_of(self.installed).parent), str(modules / ".bin"), "/usr/sbin")
        return {
            "HOME": str(self.folder / "home"),
            "PATH": os.pathsep.join([*folders, os.environ["PATH"]]),
            "BLOCKLET_MODULES": str(modules),
            "ABT_NODE_NOT_ALLOW_DOCKER": "1",
            "ABT_NODE_FORCE_INTRANET": "1",
        }


@contextmanager
def running() -> Iterator[Running]:
    """The one that a variable names; else one of our own, stopped at the end."""
    if given := os.environ.get(GIVEN):
        yield _read(json.loads(given))
        return
    _need_nginx()
    _need_ports()
    installed = blocklet_server()
    # Not below pytest's own folders: paths of sockets may not be long.
    folder = Path(tempfile.mkdtemp(prefix="blocklet-"))
    program = Program(installed, folder)
    try:
        yield _begun(program)
    finally:
        program.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _read(told: Mapping[str, str], program: Program | None = None) -> Running:
    return Running(
        told["endpoint"],
        told["app_did"],
        told["access_key_id"],
        told["access_key_secret"],
        program,
    )


def _begun(program: Program) -> Running:
    for name in ("home", "server"):
        (program.folder / name).mkdir()
    router = ("--http-port", str(_PORTS[-1]), "--https-port", "8443")
    program.blocklet("server", "init", "-y", "--mode", "debug", "--no-https", *router)
    _configure(program.folder / "server" / ".blocklet-server" / "config.yml")
    program.start()
    wallets = json.loads(program.node(str(HERE / "wallets.js")))
    app = ("--app-sk", wallets["appSk"])
    owner = ("--owner-sk", wallets["ownerSk"], "--app-name", "Test App")
    program.blocklet("test", "init", *app, *owner)
    program.blocklet("test", "start", *app)
    told = program.node(str(HERE / "access_key.js"))
    key = json.loads(next(line[4:] for line in told.splitlines() if line.startswith("KEY=")))
    return Running(
        f"http://127.0.0.1:{_PORTS[-1]}",
        wallets["appDid"],
        key["accessKeyId"],
        key["accessKeySecret"],
        program,
    )


def _configure(file: Path) -> None:
    """It asks nobody outside, and answers at this machine's addresses."""
    text = file.read_text()
    for pattern, ours in _OURS:
        text, count = re.subn(pattern, ours, text)
        assert count, f"{file.name} has no {pattern}"
    file.write_text(text)


def _need_nginx() -> None:
    """The server's router. Its modules that the server uses are in a package of their own."""
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])
    if shutil.which("nginx", path=path):
        return
    root = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    done = [
        shutil.which("apt-get")
        and subprocess.run([*root, *words], stdout=subprocess.DEVNULL, check=False).returncode == 0
        for words in (["apt-get", "update", "-qq"], [*install, "nginx", "nginx-extras"])
    ]
    if not done[-1]:
        raise RuntimeError("a Blocklet Server needs nginx: install nginx and nginx-extras")


def _need_ports() -> None:
    for port in _PORTS:
        with socket.socket() as taken:
            if taken.connect_ex(("127.0.0.1", port)) == 0:
                raise RuntimeError(
                    f"port {port} is taken, and a Blocklet Server has no other: stop what has it,"
                    f" or name a server that runs in {GIVEN}"
                )

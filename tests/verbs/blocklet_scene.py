"""A project of Node.js and a Blocklet Server of our own that it is deployed to."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from agentramp import cli
from agentramp.component import Identity
from agentramp.platform.blocklet.did import canary_did, new_did
from agentramp.report.console import Console
from agentramp.report.result import Answer, History, Report, Result
from agentramp.wiring.blocklet.chosen import instead
from agentramp.wiring.context import Context
from tests.blocklet.server import BlockletServer
from tests.blocklet.state import Mounted
from tests.verbs.scene import arguments, context

NAME, MOUNT = "agent", "/agent"
DID = new_did(lambda count: b"\7" * count)
CANARY = canary_did(DID)
YAML = f"""\
target: blocklet
journal: file
blocklet:
  name: {NAME}
  did: {DID}
  engine: node
"""


@dataclass
class Scene:
    """``now`` passes by sleeping alone. ``said`` is what was told on the way."""

    folder: Path
    server: BlockletServer
    now: float = 1000.0
    said: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    masked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.folder.exists():
            self.folder.mkdir()
            self.writes("one")
            self.says()
        self.environ |= {
            "HOME": str(self.folder.parent / "person"),
            "BLOCKLET_SERVER": self.server.url,
            "BLOCKLET_DEPLOY_APP_ID": self.server.app_did,
            "BLOCKLET_ACCESS_KEY_ID": self.server.key_id,
            "BLOCKLET_ACCESS_KEY_SECRET": self.server.key_secret,
        }

    def writes(self, text: str, name: str = "index.js") -> None:
        (self.folder / name).write_text(text)

    def says(self, more: str = "") -> None:
        (self.folder / "agentramp.yaml").write_text(YAML + more)

    def context(self, home: Path | None = None) -> Context:
        stream = io.StringIO()
        made = context(self.folder)
        return replace(
            made,
            environ=self.environ,
            home=home or self.folder.parent / "home",
            console=Console(stream, terminal=False, clock=lambda: self.now),
            clock=lambda: self.now,
            timer=lambda: self.now,
            sleep=self.sleep,
            mask=self.masked.append,
        )

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def does(self, verb: str, *words: str, given: Context | None = None) -> Report:
        """From words to the report, as the command line does it."""
        given = given or self.context()
        root = str(self.folder)
        path = ("list", "--path", root) if verb == "versions" else (root,)
        args = arguments(verb, *path, "--platform", "blocklet", *words)
        way = instead(verb, cli._load(verb), args)  # noqa: SLF001 - as the command line does
        try:
            return way.run(args, given)
        finally:
            assert isinstance(given.console.stream, io.StringIO)
            self.said = given.console.stream.getvalue()

    def result(self, verb: str, *words: str, given: Context | None = None) -> Result:
        found = self.does(verb, *words, given=given)
        assert isinstance(found, Result)
        return found

    def answer(self, verb: str, *words: str) -> Answer:
        found = self.does(verb, *words)
        assert isinstance(found, Answer)
        return found

    def history(self, *words: str) -> History:
        found = self.does("history", *words)
        assert isinstance(found, History)
        return found

    @property
    def identity(self) -> Identity:
        return Identity(NAME, DID)

    @property
    def real(self) -> Mounted | None:
        return self.server.component(DID)

    @property
    def canary(self) -> Mounted | None:
        return self.server.component(CANARY)

    @property
    def stands(self) -> Mapping[str, str]:
        """What runs, by mount point."""
        return {
            one.mount_point: one.version for one in self.server.state.mounted.values() if one.runs
        }

"""A run that is really killed, at the broker's own hand, and gone on with."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agentramp.site.broker.client import HttpBroker
from agentramp.site.purchase import Done
from agentramp.site.tokens import Token
from tests.site.buyer_desk import Desk
from tests.site.emulator import TOKEN, Emulator, running

MOMENTS = (
    ("find", "before"),
    ("start", "before"),
    ("start", "after"),
    ("order", "before"),
    ("application", "after"),
    ("detail", "after"),
)


@dataclass
class Run:
    """``agentramp site create``, which dies when the broker first hears of ``call``."""

    call: str
    when: str
    folder: Path
    emulator: Emulator
    _started: threading.Event = field(default_factory=threading.Event)
    _child: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        self.emulator.hook = self.kill
        environ = {
            **os.environ,
            "DOC_SMITH_PUBLISH_ACCESS_TOKEN": TOKEN,
            "AGENTRAMP_HOME": str(self.folder / "home"),
            "HOME": str(self.folder),
        }
        words = ["site", "create", "--wait", "--file", "--broker", self.emulator.url]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "agentramp", *words, "--project", str(self.folder)],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._started.set()

    def kill(self, call: str, when: str) -> None:
        if (call, when) != (self.call, self.when):
            return
        assert self._started.wait(60)
        assert self._child is not None
        self._child.kill()
        self._child.wait(60)

    def ended(self) -> int:
        assert self._child is not None
        code = self._child.wait(60)
        self.emulator.hook = lambda *_: None
        return code


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[list[Run]]:
    with ExitStack() as stack:
        made = []
        for call, when in MOMENTS:
            # All is installed at the first look, so that no run waits for anything.
            emulator = stack.enter_context(running(Emulator(unpaid=-3)))
            emulator.polls["app cs_1"] = 1
            folder = tmp_path / f"{call}-{when}"
            folder.mkdir()
            made.append(Run(call, when, folder, emulator))
        yield made


def test_killed_at_each_call_and_gone_on_with(runs: list[Run]) -> None:
    for run in runs:
        run.start()
    assert [run.ended() for run in runs] == [-signal.SIGKILL] * len(runs)
    for run in runs:
        emulator = run.emulator
        broker = HttpBroker(emulator.url, Token.of(emulator.url, TOKEN))
        desk = Desk(broker, run.folder)
        # One that was killed while it asked may have been heard: the broker makes a session then.
        assert len(emulator.orders) == (0 if run.call == "find" else 1)
        bought = desk.buyer.create()
        assert isinstance(bought.end, Done)
        assert emulator.sessions == ["cs_1"]
        assert desk.buyer.create().known

"""The lines in memory, and the adapter of the log service against the embedded platform."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from urllib.parse import quote

import pytest

from agentramp.evidence.log_service import function_of
from agentramp.local import daemon
from agentramp.logs.memory import MemoryLogs
from agentramp.logs.port import LogLine
from agentramp.logs.sls import PAGE, SlsLogs
from agentramp.model import LogStore
from agentramp.platform.agentrun.services import Services
from agentramp.platform.agentrun.signing import Credentials
from tests.conformance.logs_suite import LogsSuite, Written, entered
from tests.local.client import Control

STORE = LogStore("logs-here", "agents")
FUNCTION = "agentrun-rt"
MANY = 3 * PAGE + 7


class TestMemory(LogsSuite):
    def written(self) -> AbstractContextManager[Written]:
        lines = [LogLine(100 + n // 3, f"w{n} said", "c-1", version="1") for n in range(10)]
        logs = MemoryLogs({FUNCTION: lines}, {STORE})
        return entered(Written(logs, STORE, FUNCTION, 10))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemon.Server]:
    home = tmp_path_factory.mktemp("home")
    yield daemon.start(home)
    daemon.stop(home, timeout=30)


@pytest.fixture(scope="module")
def written(server: daemon.Server) -> Written:
    """More than three pages of lines, of two requests: they may well be of several seconds."""
    kept = {"project": STORE.project, "logstore": STORE.logstore}
    endpoint = Control(server).serve("one", agent="printer.py", logConfiguration=kept)
    for part in (range(PAGE), range(PAGE, MANY)):
        text = "".join(f"w{number} said\n" for number in part)
        assert endpoint.ask(f"/?text={quote(text)}").status == 200
    key = Credentials(server.access_key_id, server.access_key_secret)
    services = Services(server.region, server.control_url, lambda: server.account_id)
    logs = SlsLogs(services, lambda: key, time.time, time.sleep)
    return Written(logs, STORE, function_of(endpoint.runtime.rpartition("/")[2]), MANY)


class TestEmbedded(LogsSuite):
    @pytest.fixture(autouse=True)
    def _have(self, written: Written) -> None:
        self._written = written

    def written(self) -> AbstractContextManager[Written]:
        return entered(self._written)

"""A real Prometheus on a free port that scrapes every second."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit

import pytest

SCRAPE_SECONDS = 1.0


def binary() -> str:
    """Its path; where it is missing the test is skipped, but in CI that is a failure."""
    found = shutil.which("prometheus")
    if found:
        return found
    told = (
        "prometheus is not on PATH: the evidence is tested against the real one; install Debian's"
        " package prometheus, or a release of github.com/prometheus/prometheus"
    )
    if os.environ.get("CI"):
        pytest.fail(told, pytrace=False)
    pytest.skip(told)


@contextlib.contextmanager
def scraping(folder: Path, *targets: str) -> Iterator[str]:
    """Its address; ``targets`` are addresses whose /metrics it reads."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = folder / "prometheus.yml"
    config.write_text(json.dumps(_config(targets)))  # JSON is YAML too
    with (folder / "prometheus.log").open("wb") as log, _started(folder, address, log) as process:
        url = f"http://{address}"
        try:
            _wait(url, process, folder / "prometheus.log", targets)
            yield url
        finally:
            process.kill()


def _config(targets: tuple[str, ...]) -> dict[str, object]:
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [
            {
                "job_name": "tested",
                "static_configs": [{"targets": [urlsplit(target).netloc for target in targets]}],
            }
        ],
    }


def _started(folder: Path, address: str, log: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [
            binary(),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
        ],
        cwd=folder,
        stdout=log,
        stderr=subprocess.STDOUT,
    )


def _wait(
    url: str, process: "subprocess.Popen[bytes]", log: Path, targets: tuple[str, ...]
) -> None:
    """Until every target was scraped once."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(URLError, ConnectionError):
            query = urlencode({"query": "sum(up)"})
            with urllib.request.urlopen(f"{url}/api/v1/query?{query}") as answer:
                result = json.load(answer)["data"]["result"]
            if result and int(result[0]["value"][1]) == len(targets):
                return
        time.sleep(0.1)
    pytest.fail(f"Prometheus did not scrape all targets:\n{log.read_text()}")

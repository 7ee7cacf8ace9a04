"""How much memory the resting platform and a build take."""

import time
from urllib.parse import urlsplit

import psutil

from bench.figures import BenchError, Figure, at_most
from bench.processes import MEGABYTE
from bench.workshop import ROOT, Workshop, release, running_platform, said

REST_SECONDS = 2.0
AT_REST = at_most(100)
GROWTH = at_most(20)
"""The names of 3,400 more files may be held, the 86 MB in them may not."""


def measure(workshop: Workshop) -> list[Figure]:
    return [*_server(workshop), *_build(workshop)]


def _server(workshop: Workshop) -> list[Figure]:
    home = workshop.fresh_home()
    with running_platform(home) as started:
        server = _listening_on(said(started, "control_url"))
        empty = _resting_mb(server)
        release(home, ROOT / "bench" / "trivial")
        serving = _resting_mb(server)
    how = f"resident set after {REST_SECONDS:g} s of rest"
    return [
        Figure("server, nothing deployed", empty, "MB", AT_REST, how),
        Figure("server, one agent serving", serving, "MB", AT_REST, how),
    ]


def _listening_on(url: str) -> psutil.Process:
    port = urlsplit(url).port
    for connection in psutil.net_connections("tcp"):
        listens = connection.status == psutil.CONN_LISTEN
        if listens and connection.laddr and connection.laddr.port == port:
            return psutil.Process(connection.pid)
    raise BenchError(f"no process listens on {url}, which `local start` gave as control_url.")


def _resting_mb(server: psutil.Process) -> float:
    time.sleep(REST_SECONDS)
    return float(server.memory_info().rss) / MEGABYTE


def _build(workshop: Workshop) -> list[Figure]:
    peaks = {}
    for project in (workshop.quarter_project, workshop.large_project):
        where = ("--platform", "local", "--output-dir", workshop.fresh_folder("built"))
        peaks[project.name] = workshop.fresh_home().peak_mb("build", project, *where)
    quarter, large = peaks["quarter"], peaks["large"]
    how = "peak resident set, whole process"
    return [
        Figure("build of a quarter of the tree", quarter, "MB", at_most(150), how),
        Figure("build of the whole tree", large, "MB", at_most(150), how),
        Figure("growth from quarter to whole", large - quarter, "MB", GROWTH, "the tree: 86 MB"),
    ]

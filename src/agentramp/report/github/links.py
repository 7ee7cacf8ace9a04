"""Where a run is to be found: what the runner's environment says of it.

Names are those of "Variables reference" in GitHub's documentation. What is not of their form, as
on a laptop that only pretends to be a runner, links nowhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SERVER = re.compile(r"https?://[\w.-]+(?::\d+)?", re.ASCII)
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_NUMBER = re.compile(r"\d+", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_SHORT = 7


@dataclass(frozen=True)
class Links:
    """Markdown; ``run`` and ``commit`` are empty where nothing is known of them."""

    run: str = ""
    commit: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Links":
        home, page = _home(environ), run_page(environ)
        commit = environ.get("GITHUB_SHA", "")
        known = home and _COMMIT.fullmatch(commit)
        return cls(
            run=f"[run {environ['GITHUB_RUN_ID']}]({page})" if page else "",
            commit=f"[commit {commit[:_SHORT]}]({home}/commit/{commit})" if known else "",
        )


NOWHERE = Links()


def run_page(environ: Mapping[str, str]) -> str:
    """The address of the run's page; empty where this is no run."""
    home, run = _home(environ), environ.get("GITHUB_RUN_ID", "")
    return f"{home}/actions/runs/{run}" if home and _NUMBER.fullmatch(run) else ""


def _home(environ: Mapping[str, str]) -> str:
    server, repository = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
    known = _SERVER.fullmatch(server) and _REPOSITORY.fullmatch(repository)
    return f"{server}/{repository}" if known else ""

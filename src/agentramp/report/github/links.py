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
        server, repository = (
            environ.get("GITHUB_SERVER_URL", ""),
            environ.get("GITHUB_REPOSITORY", ""),
        )
        if not (_SERVER.fullmatch(server) and _REPOSITORY.fullmatch(repository)):
            return cls()
        home = f"{server}/{repository}"
        run, commit = environ.get("GITHUB_RUN_ID", ""), environ.get("GITHUB_SHA", "")
        return cls(
            run=f"[run {run}]({home}/actions/runs/{run})" if _NUMBER.fullmatch(run) else "",
            commit=f"[commit {commit[:_SHORT]}]({home}/commit/{commit})"
            if _COMMIT.fullmatch(commit)
            else "",
        )


NOWHERE = Links()

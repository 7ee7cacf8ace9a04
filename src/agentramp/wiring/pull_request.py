"""The pull request that a workflow's run is for, and the comment with the plan on it."""

import argparse
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from agentramp.bookkeeping.port import BookkeepingError, Comment
from agentramp.errors import AgentrampError
from agentramp.report.github.page import Page
from agentramp.report.result import Failure, Result

_PLACE: Final = ("path", "template", "env", "resource", "runtime", "region", "endpoint", "platform")
_FILE: Final = "GITHUB_EVENT_PATH"


def number(environ: Mapping[str, str]) -> int:
    """Raises BookkeepingError, which says why this run has no pull request of its own."""
    event = environ.get("GITHUB_EVENT_NAME", "")
    told = _event(environ)
    if event == "workflow_run":
        return _of_run(told)
    found = told.get("pull_request")
    issue = told.get("issue")
    if isinstance(issue, dict) and issue.get("pull_request"):
        found = issue
    if isinstance(found, dict) and isinstance(found.get("number"), int):
        return int(found["number"])
    raise BookkeepingError(
        f"no comment is written: the event {event or '(none)'} is of no pull request",
        advice="let the job run on: pull_request, or leave comment out",
    )


def _of_run(event: Mapping[str, Any]) -> int:
    run = event.get("workflow_run")
    listed = run.get("pull_requests") if isinstance(run, dict) else None
    numbers = [
        one["number"]
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and isinstance(one.get("number"), int)
    ]
    if len(numbers) == 1:
        return int(numbers[0])
    raise BookkeepingError(
        f"no comment is written: the run that this one follows is of {len(numbers)} pull requests",
        advice="usual cause: it came from a fork, of which GitHub names none here; comment from"
        " on: pull_request",
    )


def _event(environ: Mapping[str, str]) -> Mapping[str, Any]:
    name = environ.get(_FILE)
    try:
        found = json.loads(Path(name).read_text(encoding="utf-8")) if name else {}
    except (OSError, ValueError) as error:
        raise BookkeepingError(
            f"no comment is written: {_FILE} cannot be read",
            advice="a runner writes it; leave comment out elsewhere",
        ) from error
    return found if isinstance(found, dict) else {}


def comment(
    args: argparse.Namespace,
    verb: str,
    page: Page,
    pull_request: int,
    end: Result | AgentrampError,
) -> Comment:
    """The plan as the job's summary has it; where there is none, why."""
    if isinstance(end, AgentrampError):
        text = page.of_failure(Failure(verb, end, page.reproduce))
    else:
        text = page.of(end)
    return Comment(pull_request, marker(args, verb), text)


def marker(args: argparse.Namespace, verb: str) -> str:
    """One for each verb and place: two agents of one repository have a comment each.

    A digest, so that nothing that a user wrote stands inside the markup.
    """
    place = [verb, *(str(getattr(args, name, None)) for name in _PLACE)]
    digest = hashlib.sha256(json.dumps(place).encode()).hexdigest()[:16]
    return f"<!-- agentramp plan {digest} -->"

"""GitHub's JSON of deployments and comments, as far as it is looked at here.

What is not as GitHub describes it is passed over: it cannot be ours.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from agentramp.bookkeeping.port import BookkeepingError, Comment, Deployment, Stand, State
from agentramp.fences import open_fence

TASK: Final = "agentramp"
SENTENCE, BODY = 140, 65_536
"""Characters that GitHub takes of a description, and of a comment."""
_LONGEST_FENCE: Final = 64
_MORE: Final = "\n\n*The rest is too long for a comment; the summary of the run has all of it.*\n"


@dataclass(frozen=True)
class Recorded:
    """A deployment on GitHub. ``subject`` and ``version`` are None where it is not ours."""

    id: int
    task: str
    sha: str
    subject: str | None = None
    version: int | None = None
    runtime_id: str | None = None


@dataclass(frozen=True)
class Status:
    """``state`` may be one that agentramp never sets."""

    id: int
    state: str
    description: str
    log: str


@dataclass(frozen=True)
class Posted:
    """A comment; ``author`` is empty where its account is gone."""

    id: int
    body: str
    author: str


def deployments(items: Iterable[Any]) -> Iterator[Recorded]:
    for item in items:
        if isinstance(item, dict) and isinstance(item.get("id"), int):
            said = _payload(item.get("payload"))
            version = said.get("version")
            yield Recorded(
                item["id"],
                _text(item, "task"),
                _text(item, "sha"),
                _text(said, "subject") or None,
                version if isinstance(version, int) else None,
                _text(said, "runtime") or None,
            )


def _payload(value: object) -> Mapping[str, Any]:
    """An object, or the same as a text: GitHub keeps what it was given, and users see both."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def statuses(items: Iterable[Any]) -> list[Status]:
    return [
        Status(item["id"], _text(item, "state"), _text(item, "description"), _log(item))
        for item in items
        if isinstance(item, dict) and isinstance(item.get("id"), int)
    ]


def _log(item: Mapping[str, Any]) -> str:
    return _text(item, "log_url") or _text(item, "target_url")


def comments(items: Iterable[Any]) -> Iterator[Posted]:
    for item in items:
        if isinstance(item, dict) and isinstance(item.get("id"), int):
            yield Posted(item["id"], _text(item, "body"), author(item))


def author(item: object) -> str:
    return login(item.get("user")) if isinstance(item, dict) else ""


def login(value: object) -> str:
    return _text(value, "login") if isinstance(value, dict) else ""


def made(value: object) -> int:
    """The id of what was made; raises BookkeepingError where the answer has none."""
    if isinstance(value, dict) and isinstance(value.get("id"), int):
        return int(value["id"])
    raise BookkeepingError("GitHub's API said that it made something, and not what")


def new_deployment(about: Deployment, ref: str) -> dict[str, Any]:
    """Nothing is merged into the commit, and no check of it is waited for: it is built already.

    ``ref`` is another commit where GitHub does not know the version's own.
    """
    said = f"version {about.version} on {about.subject}"
    runtime = {"runtime": about.runtime_id} if about.runtime_id else {}
    return {
        "ref": ref,
        "task": TASK,
        "auto_merge": False,
        "required_contexts": [],
        "environment": about.environment,
        "description": cut(said if ref == about.commit else f"{said}, not of this commit"),
        "payload": {"subject": about.subject, "version": about.version, **runtime},
        "transient_environment": False,
        "production_environment": about.environment.lower().startswith("prod"),
    }


def new_status(stand: Stand) -> dict[str, Any]:
    """Others are retired one by one and not by ``auto_inactive``.

    That would take in other agents that share the environment, and it leaves out production ones.
    """
    addresses = {"environment_url": stand.url, "log_url": stand.log}
    return {
        "state": stand.state.value,
        "description": cut(stand.description),
        "auto_inactive": False,
        **{name: url for name, url in addresses.items() if url},
    }


def is_news(last: Status | None, stand: Stand) -> bool:
    if last is None or last.state != stand.state.value:
        return True
    return stand.news and last.description != cut(stand.description)


def is_in(last: Status | None, states: Iterable[State]) -> bool:
    return last is not None and last.state in {state.value for state in states}


def cut(text: str) -> str:
    return text if len(text) <= SENTENCE else f"{text[: SENTENCE - 1].rstrip()}…"


def body(comment: Comment) -> str:
    """At most as long as GitHub takes; a fence that was cut is closed again."""
    whole = f"{comment.marker}\n{comment.text}"
    if len(whole) <= BODY:
        return whole
    kept = whole[: BODY - len(_MORE) - _LONGEST_FENCE].rpartition("\n")[0]
    return f"{kept}\n{open_fence(kept)[:_LONGEST_FENCE]}{_MORE}"


def first_line(text: str) -> str:
    return text.partition("\n")[0].strip()


def same(one: str, other: str) -> bool:
    """GitHub may end lines in its own way."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""

"""The log service (SLS) as a source of an agent's lines.

Function Compute writes what a function's instances print under the topic ``FCLogs:<function>``.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import tenacity

from agentramp.logs.port import LogError, LogFilter, LogLine
from agentramp.logs.service import LogService, Rows, ThereAlreadyError, senseless
from agentramp.model import LogStore
from agentramp.platform.agentrun.services import Services
from agentramp.platform.agentrun.signing import Credentials

PAGE: Final = 100
"""Lines one request may ask for."""
NEW_PROJECT_TURNS, NEW_PROJECT_WAIT = 10, 3.0
"""A project that was made just now is not known everywhere at once; seconds between two looks."""
KEPT_DAYS: Final = 30

_TEXT: Final = {"type": "text", "doc_value": True, "caseSensitive": False, "token": [" ", "/", ":"]}
_NUMBER: Final = {"type": "double", "doc_value": True}
_INDEX: Final = {
    "line": {"token": list(", '\";=()[]{}?@&<>/:\n\t\r"), "caseSensitive": False, "chn": True},
    "keys": {
        **dict.fromkeys(("functionName", "qualifier", "versionId", "instanceID"), _TEXT),
        **dict.fromkeys(("requestId", "operation", "hasFunctionError", "errorType"), _TEXT),
        **dict.fromkeys(("durationMs", "memoryUsageMB", "invocationStartTimestamp"), _NUMBER),
    },
}


@dataclass(frozen=True)
class SlsLogs:
    """``now`` is seconds since 1970-01-01 UTC."""

    services: Services
    credentials: Callable[[], Credentials]
    now: Callable[[], float]
    sleep: Callable[[float], None] = field(repr=False)
    renew: Callable[[Credentials], None] | None = field(default=None, repr=False)
    _known: dict[str, LogService] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """By project, each with a connection that is kept open: a tail asks often."""

    def read(self, store: LogStore, function: str, wanted: LogFilter) -> Iterator[LogLine]:
        """Goes on from the second of the last line, past those of that second that were read.

        So a line that comes late into a second that is done moves no other, and no offset grows
        past the lines of one second.
        """
        service, text = self._at(store), _query(function, wanted)
        start, passed = wanted.start, 0
        while True:
            asked = {"from": start, "to": wanted.end, "query": text, "reverse": False}
            rows = service.query(store.logstore, {**asked, "line": PAGE, "offset": passed})
            page = _lines(rows)
            yield from (one for one in page if wanted.version in {None, one.version})
            if len(page) < PAGE:
                return
            last = page[-1].at
            if last > start and page == sorted(page, key=_second):
                start, passed = last, sum(one.at == last for one in page)
            else:
                passed += len(page)

    def prepare(self, store: LogStore) -> bool:
        service = self._at(store)
        about = {"projectName": store.project, "description": "logs of agents"}
        kept = {"logstoreName": store.logstore, "ttl": KEPT_DAYS, "shardCount": 2}
        index = f"/logstores/{quote(store.logstore, safe='')}/index"
        made = self._made(service, "/", about)
        made |= self._made(service, "/logstores", kept)
        return made | self._made(service, index, _INDEX)

    def _made(self, service: LogService, path: str, body: Mapping[str, object]) -> bool:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(NEW_PROJECT_TURNS),
            wait=tenacity.wait_fixed(NEW_PROJECT_WAIT),
            retry=tenacity.retry_if_exception(_is_not_there_yet),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            retrying(service.send, path, json.dumps(body).encode())
        except ThereAlreadyError:
            return False
        return True

    def _at(self, store: LogStore) -> LogService:
        if store.project not in self._known:
            url = self.services.logs(store.project)
            self._known[store.project] = LogService(
                url, self.credentials, self.now, self.sleep, renew=self.renew
            )
        return self._known[store.project]


def _is_not_there_yet(error: BaseException) -> bool:
    return isinstance(error, LogError) and "NotExist" in error.message


def _query(function: str, wanted: LogFilter) -> str:
    topics = [f"FCLogs:{function}"]
    if wanted.instance:
        topics.append(f"FCInstanceEvents:/{function}")
    topic = " or ".join(f"__topic__:{_quoted(name)}" for name in topics)
    words = [word for word in (wanted.search, wanted.instance, wanted.request_id) if word]
    return " and ".join([f"({topic})" if len(topics) > 1 else topic, *map(_quoted, words)])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _lines(rows: Rows) -> list[LogLine]:
    try:
        return [_line(row) for row in rows]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise senseless(repr(error)) from error


def _line(row: Mapping[str, Any]) -> LogLine:
    """The service writes every value as text."""
    return LogLine(
        at=int(row["__time__"]),
        message=_message(row).rstrip("\r\n"),
        instance=str(row.get("instanceID", "")),
        request_id=str(row.get("requestId", "")),
        version=str(row.get("versionId", "")),
        qualifier=str(row.get("qualifier", "")),
    )


def _message(row: Mapping[str, Any]) -> str:
    """An instance's event has no message; then its own fields are all there is to tell."""
    told = row.get("message")
    if told is not None:
        return str(told)
    return " ".join(f"{name}={value}" for name, value in row.items() if not name.startswith("__"))


def _second(line: LogLine) -> int:
    return line.at

"""An agent's lines as they are read: for people with the moment before them, or as JSON lines."""

import json
from dataclasses import dataclass

from agentramp.logs.port import LogLine
from agentramp.report.moments import stamp
from agentramp.report.plain import cannot_act

_MARK, _PLAIN = "\x1b[1;33m", "\x1b[0m"


@dataclass(frozen=True)
class LogStyle:
    """``match`` is painted where ``color`` allows it."""

    as_json: bool
    match: str | None = None
    color: bool = False


def shown(line: LogLine, style: LogStyle) -> str:
    moment = stamp(line.at)
    if style.as_json:
        document = {
            "time": moment,
            "message": line.message,
            "version": line.version,
            "instance": line.instance,
            "request_id": line.request_id,
            "qualifier": line.qualifier,
        }
        return json.dumps(document)
    version = f"v{line.version}" if line.version.isdigit() else line.version
    head = " ".join(part for part in (moment, version, line.instance) if part)
    return f"{head}  {_marked(cannot_act(line.message), style)}"


def _marked(message: str, style: LogStyle) -> str:
    if not (style.color and style.match):
        return message
    return message.replace(style.match, f"{_MARK}{style.match}{_PLAIN}")

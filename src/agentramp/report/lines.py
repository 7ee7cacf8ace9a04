"""Answers that are written as they come, one JSON object on each line."""

import json
from dataclasses import dataclass
from typing import TextIO

from agentramp.judge.docket import Said


@dataclass
class Lines:
    """Flushes after each line, so that a program on the other side may wait for its answer."""

    stream: TextIO

    def write(self, said: Said) -> None:
        document = {
            "ramp": said.ramp,
            "window": said.window,
            "verdict": said.decision.value,
            "e": said.e,
            "canary_sessions": said.canary_sessions,
            "reason": said.reason,
        }
        try:
            self.stream.write(_encode(document) + "\n")
        except UnicodeEncodeError:  # half a surrogate pair, or an output that is not UTF-8
            self.stream.write(_escape(document) + "\n")
        self.stream.flush()


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_escape = json.JSONEncoder(allow_nan=False).encode

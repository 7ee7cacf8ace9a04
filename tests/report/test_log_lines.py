import json

from agentramp.logs.port import LogLine
from agentramp.report.log_lines import LogStyle, shown

LINE = LogLine(1_800_000_000, "an error, an error", "c-1", "req-1", "3", "production")


def test_for_people_with_its_moment_version_and_instance() -> None:
    assert shown(LINE, LogStyle(as_json=False)) == "2027-01-15T08:00:00Z v3 c-1  an error, an error"


def test_what_is_matched_is_painted_where_there_is_color() -> None:
    painted = shown(LINE, LogStyle(as_json=False, match="error", color=True))
    assert painted.endswith("an \x1b[1;33merror\x1b[0m, an \x1b[1;33merror\x1b[0m")
    assert shown(LINE, LogStyle(as_json=False, match="error")).endswith("  an error, an error")


def test_what_an_agent_writes_cannot_act_on_a_terminal() -> None:
    line = LogLine(0, "\x1b[2Jgone\x07")
    assert "\x1b" not in shown(line, LogStyle(as_json=False, match="gone"))


def test_as_json_nothing_is_lost() -> None:
    document = json.loads(shown(LogLine(0, 'a "b"\x1b\n'), LogStyle(as_json=True, match="a")))
    assert document["message"] == 'a "b"\x1b\n'
    assert document["time"] == "1970-01-01T00:00:00Z"

import io
import json

import pytest

from agentramp.errors import UsageError
from agentramp.report.channel import Channel
from agentramp.report.result import Facts, Result

DONE = Result("deploy", "runtime agent: its head is READY", changed=True, next="agentramp x")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def channel(
    *words: str, stream: type[io.StringIO] = io.StringIO, **environ: str
) -> tuple[Channel, io.StringIO, io.StringIO]:
    out, err = stream(), stream()
    return Channel.open("deploy", words, environ, out, err), out, err


def test_the_result_stands_alone_on_standard_output() -> None:
    told, out, err = channel()
    told.console.say("working")
    told.report(DONE)
    assert out.getvalue() == "runtime agent: its head is READY\nnext: agentramp x\n"
    assert err.getvalue() == "  working\n"


@pytest.mark.parametrize("words", [("--output", "json"), ("--output=json",)])
def test_json_is_one_object_for_success_and_failure(words: tuple[str, ...]) -> None:
    told, out, _ = channel(*words)
    told.report(DONE)
    assert json.loads(out.getvalue())["ok"] is True
    told, out, err = channel(*words)
    told.fail(UsageError("no such thing", advice="do this"))
    assert json.loads(out.getvalue())["ok"] is False
    assert err.getvalue() == "agentramp deploy: no such thing; do this\n"


@pytest.mark.parametrize(
    ("environ", "painted"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colour_only_on_a_terminal_that_wants_it(environ: dict[str, str], *, painted: bool) -> None:
    told, out, err = channel(stream=Terminal, **environ)
    told.report(DONE)
    told.fail(UsageError("no"))
    assert ("\x1b[1m" in out.getvalue()) is painted
    assert ("\x1b[31m" in err.getvalue()) is painted


def test_no_colour_in_a_log() -> None:
    told, out, err = channel()
    told.report(DONE)
    told.fail(UsageError("no"))
    assert "\x1b" not in out.getvalue() + err.getvalue()


def test_a_folder_named_json_asks_for_nothing() -> None:
    assert channel("json")[0].output == "text"


def test_an_interrupt_is_one_json_object_too() -> None:
    told, out, _ = channel("--output", "json")
    told.interrupted()
    assert json.loads(out.getvalue())["exit_code"] == 130


def test_a_secret_fact_is_for_programs_only() -> None:
    facts = Facts("local", "it runs", False, (("key", "hush"),), frozenset({"key"}))  # noqa: FBT003
    told, out, _ = channel()
    told.report(facts)
    assert "hush" not in out.getvalue()
    told, out, _ = channel("--output", "json")
    told.report(facts)
    assert json.loads(out.getvalue())["key"] == "hush"


def test_inside_actions_a_failure_is_an_annotation_too() -> None:
    told, _, err = channel(GITHUB_ACTIONS="true")
    told.fail(UsageError("no such thing"))
    assert err.getvalue().startswith("::error title=agentramp deploy::no such thing\n")
    assert err.getvalue().endswith("agentramp deploy: no such thing\n")

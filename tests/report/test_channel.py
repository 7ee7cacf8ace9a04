import io
import json
import re
import sys
from pathlib import Path

import pytest

from agentramp.errors import Interrupted, RefusedError, UsageError
from agentramp.report.channel import Channel
from agentramp.report.lines import Lines
from agentramp.report.result import Answer, Facts, Result
from agentramp.report.streams import Streams

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


def test_what_a_failure_quotes_does_not_act_on_a_terminal() -> None:
    told, _, err = channel()
    told.fail(UsageError("it says \x1b[2J\x07no\nand \x1bmore", advice="mend it"))
    said = "  and \\x1bmore\nagentramp deploy: it says \\x1b[2J\\x07no; mend it\n"
    assert err.getvalue() == said


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


def workflow(tmp_path: Path) -> tuple[Channel, io.StringIO, io.StringIO]:
    out, page = str(tmp_path / "out"), str(tmp_path / "page")
    return channel(GITHUB_ACTIONS="true", GITHUB_OUTPUT=out, GITHUB_STEP_SUMMARY=page)


def test_the_command_is_told_before_the_verb_begins_and_on_one_line(tmp_path: Path) -> None:
    told, _, err = workflow(tmp_path)
    told.reproduced_by(["agent", "--reason=two\n::error::lines ##[x]"])
    assert err.getvalue() == (
        "  the same on a laptop: agentramp deploy agent"
        " $'--reason=two\\012::error::lines ##\\133x]'\n"
    )
    told, _, err = channel()
    told.reproduced_by(["agent"])
    assert err.getvalue() == "", "who typed it knows it"


def test_no_word_of_anybody_is_a_command_in_a_workflow(tmp_path: Path) -> None:
    told, out, err = workflow(tmp_path)
    hostile = "x\n::set-output name=a::b\r##[error]y"
    told.console.say(hostile)
    told.console.grouped(hostile)
    told.report(Answer("verify", hostile, (hostile,), ()))
    Lines(told.stdout).put(hostile)
    Streams(told.stdout, told.stderr, None).out(b"")
    told.fail(UsageError(hostile, advice=hostile))
    told.bug()
    lines = re.split(r"[\r\n]", out.getvalue() + err.getvalue())
    assert [line for line in lines if re.match(r"\s*::(?!error title=)|.*##\[", line)] == []
    assert sum(line.startswith("::error title=agentramp deploy::") for line in lines) == 2


def test_a_failure_has_outputs_and_a_page(tmp_path: Path) -> None:
    told, _, err = workflow(tmp_path)
    told.fail(UsageError("no such thing", advice="do this"))
    given = (tmp_path / "out").read_text()
    assert re.search(r"^changed<<(\w{32})\nfalse\n\1\n", given)
    assert re.search(r"^reason<<(\w{32})\nno such thing\n\1\n", given, re.MULTILINE)
    assert (tmp_path / "page").read_text().startswith("### deploy: failed (exit 2)\n")
    assert err.getvalue().splitlines()[-1] == "agentramp deploy: no such thing; do this"


def test_an_interrupt_and_a_bug_have_outputs_and_a_page(tmp_path: Path) -> None:
    told, _, _ = workflow(tmp_path)
    told.interrupted()
    told.bug()
    given = (tmp_path / "out").read_text()
    assert "changed" not in given
    assert '"exit_code": 130' in given
    assert '"exit_code": 1' in given
    assert "### deploy: failed (exit 130)" in (tmp_path / "page").read_text()


def test_an_interrupt_that_knows_where_traffic_is_says_so_everywhere(tmp_path: Path) -> None:
    told, _, err = workflow(tmp_path)
    told.interrupted(Interrupted("interrupted: production serves v1", advice="run it again"))
    *_, annotation, last = err.getvalue().splitlines()
    assert annotation.endswith("::interrupted: production serves v1; run it again")
    assert annotation.startswith("::error title=agentramp ")
    assert last.endswith(": interrupted: production serves v1; run it again")
    assert "interrupted: production serves v1" in (tmp_path / "page").read_text()


def test_a_step_that_ends_red_by_what_was_asked_says_why_on_its_last_line(tmp_path: Path) -> None:
    told, _, err = workflow(tmp_path)
    told.report(Result("release", "version 6 gets no traffic", next="agentramp x", exit_code=4))
    *_, annotation, last = err.getvalue().splitlines()
    assert annotation == (
        "::error title=agentramp deploy::version 6 gets no traffic; next: agentramp x"
    )
    assert last == "agentramp deploy: version 6 gets no traffic; next: agentramp x"


def test_a_secret_fact_is_in_no_output_and_on_no_page(tmp_path: Path) -> None:
    told, _, _ = workflow(tmp_path)
    told.report(Facts("local", "it runs", False, (("key", "hush"),), frozenset({"key"})))  # noqa: FBT003
    assert list(tmp_path.iterdir()) == []


def test_half_a_character_is_written_as_its_escape(tmp_path: Path) -> None:
    told, _, _ = workflow(tmp_path)
    told.report(Answer("verify", "it answers \udc80", ("\udc80",), (("said", '"\\udc80"'),)))
    assert "\\udc80" in (tmp_path / "out").read_text()


def test_a_step_has_a_megabyte_of_pages(tmp_path: Path) -> None:
    told, _, _ = workflow(tmp_path)
    (tmp_path / "page").write_text("x" * (1024 * 1024 - 1000))
    told.report(Answer("verify", "it answers", tuple("y" * 80 for _ in range(100)), ()))
    written = (tmp_path / "page").read_text()
    assert len(written.encode()) <= 1024 * 1024
    assert "Cut here" in written.splitlines()[-1]
    told.report(DONE)
    assert len((tmp_path / "page").read_text().encode()) <= 1024 * 1024


def test_a_file_of_the_runner_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    told, out, err = channel(GITHUB_ACTIONS="true", GITHUB_OUTPUT=str(tmp_path / "no" / "out"))
    told.report(DONE)
    assert "GITHUB_OUTPUT could not be written" in err.getvalue()
    assert out.getvalue().startswith("runtime agent")


def test_a_runner_that_debugs_hears_of_each_call() -> None:
    told, _, err = channel(GITHUB_ACTIONS="true", RUNNER_DEBUG="1")
    assert told.console.debug
    told.console.count_calls()
    assert err.getvalue() == "::debug::0 API calls\n"
    assert not channel(RUNNER_DEBUG="1")[0].console.debug, "a laptop has no runner"


def test_what_a_library_prints_is_no_command_either(tmp_path: Path) -> None:
    told, out, err = workflow(tmp_path)
    before = sys.stdout, sys.stderr
    with told.alone():
        sys.stdout.write("::error::x\n")
        sys.stderr.write("::error::x\n")
    assert out.getvalue() == err.getvalue() == ": :error::x\n"
    assert (sys.stdout, sys.stderr) == before
    with channel()[0].alone():
        assert (sys.stdout, sys.stderr) == before


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_an_answer_that_cannot_be_written_takes_back_no_output(tmp_path: Path) -> None:
    out = tmp_path / "out"
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(out)}
    with FULL.open("w") as full:
        told = Channel.open("deploy", [], environ, full, io.StringIO())
        with pytest.raises(RefusedError, match="standard output cannot be written") as caught:
            told.report(DONE)
        told.fail(caught.value)
        told.interrupted()
    assert re.findall(r"^changed<<\w+\n(\w+)$", out.read_text(), re.MULTILINE) == ["true"]
    assert out.read_text().count("result-json<<") == 1


@pytest.mark.parametrize("name", ["x" * 300, "no/such/folder", ""])
def test_a_summary_that_cannot_be_written_is_told(tmp_path: Path, name: str) -> None:
    told, out, err = channel(GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(tmp_path / name))
    told.report(DONE)
    assert "GITHUB_STEP_SUMMARY could not be written" in err.getvalue()
    assert out.getvalue().startswith("runtime agent")


SECRETS = ["hunter2-Top*Secret_", "it's|a`key`<1>%2", '@me "and" #you\\:1,2']


@pytest.mark.parametrize("secret", SECRETS)
def test_what_the_log_masks_is_hidden_in_all_that_does_not_pass_it(
    tmp_path: Path, secret: str
) -> None:
    told, _, err = workflow(tmp_path)
    told.mask(secret)
    masks = err.getvalue()
    told.reproduced_by([f"--reason={secret}", f"--description={secret}\u00a0"])
    told.console.say(f"warning: {secret}")
    told.report(Answer("verify", secret, (f"{secret}  {secret}",), (("of", json.dumps(secret)),)))
    told.fail(UsageError(f"no {secret}, {secret!r}", advice=f"leave {secret} out"))
    told.interrupted()
    page, output = (tmp_path / "page").read_text(), (tmp_path / "out").read_text()
    commands = [line for line in err.getvalue()[len(masks) :].splitlines() if line[:2] == "::"]
    assert len(commands) == 3
    assert commands.pop().endswith("::interrupted; run it again to go on")
    for text in (page, output, *commands):
        assert "***" in text
        assert bare(secret) not in bare(text)


def bare(text: str) -> str:
    """Letters and digits alone, however the rest is spelled."""
    named = re.sub(r"&\w+;|&#\d+;|%[0-9A-F]{2}", "", text)
    return re.sub(r"[^A-Za-z0-9]", "", named)


def test_a_login_in_an_address_is_in_no_command_that_is_printed() -> None:
    told, _, err = channel(GITHUB_ACTIONS="true")
    told.reproduced_by(["--remote=https://x-access-token:t0k3n@git.example/a", "ssh://git@h/a@b"])
    assert err.getvalue() == (
        "  the same on a laptop: agentramp deploy"
        " '--remote=https://***@git.example/a' ssh://git@h/a@b\n"
    )

"""history reads the journal, and nothing else."""

import argparse
import io
import itertools
import json
import shutil
from pathlib import Path

import pytest

from agentramp.errors import RefusedError, UsageError
from agentramp.journal.file import FileJournal
from agentramp.plan import Subject
from agentramp.record import Record
from agentramp.report import json as documents
from agentramp.report import text
from agentramp.report.channel import Channel
from agentramp.report.console import Console
from agentramp.report.lines import Lines
from agentramp.verbs import history
from agentramp.wiring.context import Context
from tests.report import ramps

SUBJECT = Subject("agent", "production")
REGION = "cn-hangzhou"
QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart" / "s.yaml"


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A machine without a key and without a platform: no part of this may look for one."""
    numbers = itertools.count()
    return Context(
        environ={"PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        home=tmp_path / "home",
        console=Console(io.StringIO(), terminal=False, clock=lambda: 0.0),
        clock=lambda: ramps.START,
        sleep=lambda _: None,
        nonce=lambda: f"{next(numbers):032x}",
        jitter=lambda: 0.0,
        stdin=io.BytesIO,
        lines=Lines(io.StringIO()),
    )


def keep(context: Context, records: list[Record], folder: str = f"agentrun/{REGION}") -> None:
    FileJournal(context.home / "journal" / folder).append(SUBJECT, *records, expected=0)


def parsed(*words: str, platform: str = "agentrun") -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    history.add_arguments(parser)
    named = ["--runtime", "agent", "--journal", "file", "--platform", platform]
    return parser.parse_args([*named, *(["--region", REGION] * (platform != "local")), *words])


def test_the_journal_is_read_without_a_key_or_a_platform(context: Context) -> None:
    story = ramps.rolled_back()
    keep(context, story.records)
    said = history.run(parsed(), context)
    count = len(story.records)
    assert said.message == f"agent/production: {count} records; it serves v7 100 %"
    lines = list(text.history(said, context.cwd))
    assert lines[0] == said.message
    assert any("! rolled back: " in line for line in lines)


def test_the_embedded_platform_is_not_started(context: Context) -> None:
    keep(context, ramps.first_release().records, folder="local")
    said = history.run(parsed(platform="local"), context)
    assert len(said.records) == 2
    assert [path.name for path in context.home.iterdir()] == ["journal"]


def test_json_has_every_field_of_every_record(context: Context) -> None:
    keep(context, ramps.hostile().records)
    document = json.loads(documents.history(history.run(parsed(), context)))
    assert (document["verb"], document["ok"]) == ("history", True)
    assert document["subject"] == "agent/production"
    begun, _, _, judged, *_ = document["records"]
    assert begun["policy"]["rungs"][0] == {
        "weight": 10,
        "bake": 600.0,
        "min_sessions": 50,
        "approval": False,
    }
    assert judged["reason"] == f"hold: {ramps.HOSTILE}"
    assert judged["windows"][0]["canary"]["errors"][0] > 0


def test_the_last_records_are_the_last_and_the_page_has_all(context: Context) -> None:
    story = ramps.healthy()
    keep(context, story.records)
    said = history.run(parsed("--last", "2", "--html", "ramps.html"), context)
    assert [one.event for one in said.records] == [one.event for one in story.records[-2:]]
    assert len(said.lines) == 2
    assert "the last 2 of them" in said.message
    assert said.page == context.cwd / "ramps.html"
    html = said.page.read_text(encoding="utf-8")
    assert html.count("<tr><td><time>") == len(story.records)
    assert "  page    ramps.html" in list(text.history(said, context.cwd))
    assert {path.name for path in context.cwd.iterdir()} == {"home", "ramps.html"}


def test_an_empty_journal_is_told_with_a_page_too(context: Context) -> None:
    said = history.run(parsed("--html", "empty.html"), context)
    assert said.message == "the journal of agent/production has no records yet"
    assert said.exit_code == 0
    assert said.page
    assert "no records yet" in said.page.read_text(encoding="utf-8")


def test_an_empty_journal_of_a_project_names_the_next_command(context: Context) -> None:
    project = context.cwd / "s.yaml"
    shutil.copy(QUICKSTART, project)
    (context.cwd / "code").mkdir()
    parser = argparse.ArgumentParser()
    history.add_arguments(parser)
    said = history.run(parser.parse_args([str(project), "--platform", "local"]), context)
    assert said.subject == "quickstart/production"
    assert said.next == f"agentramp release {project} --platform=local"


def test_while_a_ramp_is_in_progress_promote_is_next(context: Context) -> None:
    keep(context, ramps.one_window().records)
    following = history.run(parsed(), context).next
    assert following
    assert following.startswith("agentramp promote ")
    assert "--runtime=agent" in following


@pytest.mark.parametrize(
    ("file", "says", "advice"),
    [
        ("there is/none.html", "there is no folder .*/there is for none.html", "mkdir -p '/"),
        ("home", "home is a folder", "home/ramps.html"),
    ],
)
def test_a_place_where_no_page_can_be_is_a_fault_of_the_words(
    context: Context, file: str, says: str, advice: str
) -> None:
    keep(context, ramps.one_window().records)
    with pytest.raises(UsageError, match=says) as caught:
        history.run(parsed("--html", file), context)
    assert advice in caught.value.advice
    assert [path.name for path in context.cwd.iterdir()] == ["home"]


@pytest.mark.parametrize("letters", [250, 300])
def test_a_page_that_cannot_be_written_is_told(context: Context, letters: int) -> None:
    """A name too long for any file system, or with what is put around it until it is whole."""
    keep(context, ramps.one_window().records)
    with pytest.raises(RefusedError, match="could not be written") as caught:
        history.run(parsed("--html", "x" * letters), context)
    assert "folder" in caught.value.advice
    assert [path.name for path in context.cwd.iterdir()] == ["home"]


def test_a_terminal_is_not_driven_by_what_people_wrote(context: Context) -> None:
    keep(context, ramps.hostile().records)
    out, err = io.StringIO(), io.StringIO()
    Channel.open("history", [], {}, out, err).report(history.run(parsed(), context))
    assert "\x1b" not in out.getvalue()
    assert "\u202e" not in out.getvalue()
    out.getvalue().encode("utf-8")


@pytest.mark.parametrize("count", ["0", "-1", "all", "1.5", "٣"])
def test_a_count_is_a_whole_number(count: str) -> None:
    with pytest.raises(SystemExit):
        parsed(f"--last={count}")

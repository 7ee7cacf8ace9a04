"""site create, resume and status at the boundary: words, exit codes, links and tokens."""

import fcntl
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from agentramp.errors import Interrupted, RefusedError, SupersededError, UsageError
from agentramp.report.console import Console
from agentramp.report.result import Answer
from agentramp.site.session import FileBook
from agentramp.verbs import site
from agentramp.wiring.context import Context
from agentramp.wiring.site import buying, tokens
from agentramp.wiring.site.tokens import Browser
from tests.site.emulator import TOKEN, Emulator, running
from tests.verbs.scene import arguments, context


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with running() as one:
        yield one


@pytest.fixture
def where(tmp_path: Path, emulator: Emulator) -> Context:
    environ = {
        "DOC_SMITH_PUBLISH_ACCESS_TOKEN": TOKEN,
        "DOC_SMITH_BASE_URL": emulator.url,
        "HOME": str(tmp_path),
    }
    return context(tmp_path, environ)


def run(where: Context, *words: str) -> Answer:
    return site.run(arguments("site", *words, "--file"), where)


def fields(answer: Answer) -> dict[str, object]:
    return {name: json.loads(text) for name, text in answer.fields}


def said(where: Context) -> str:
    assert isinstance(where.console.stream, io.StringIO)
    return where.console.stream.getvalue()


def test_without_a_terminal_it_ends_with_a_link_and_resume_goes_on(
    where: Context, emulator: Emulator
) -> None:
    made = run(where, "create")
    link = f"{emulator.url}/s/cs_1"
    assert (made.exit_code, made.changed, made.next) == (3, True, "agentramp site resume")
    assert fields(made)["state"] == "awaiting-payment"
    assert fields(made)["verdict"] == "hold"
    assert fields(made)["payment_url"] == link
    assert f"pay here: {link}" in made.lines
    assert f"pay here: {link}" in said(where)
    looked = run(where, "status")
    assert (looked.exit_code, fields(looked)["state"]) == (0, "installing")
    resumed = run(where, "resume", "--language", "zh")
    assert (resumed.exit_code, resumed.changed) == (0, True)
    assert resumed.message.startswith("您的文档网站已就绪")
    assert fields(resumed)["state"] == "done"
    assert fields(resumed)["url"] == f"{emulator.url}/apps/cs_1"
    again = run(where, "create", "--language", "en")
    assert (again.exit_code, again.changed) == (0, False)
    assert again.message == f"your documentation site is ready: {emulator.url}/apps/cs_1"
    assert fields(run(where, "status"))["state"] == "done"
    assert emulator.sessions == ["cs_1"]
    everything = repr([made, looked, resumed, again]) + said(where)
    assert TOKEN not in everything
    assert "blkt-of-cs_1" not in everything
    kept = tokens.keeper(where).find(f"{emulator.url}/apps/cs_1")
    assert kept is not None
    assert kept.sent_to(emulator.url) == "blkt-of-cs_1"


def test_in_a_workflow_the_link_is_in_the_summary(where: Context, emulator: Emulator) -> None:
    environ = {
        **os.environ,
        **where.environ,
        "AGENTRAMP_HOME": str(where.home),
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(where.cwd / "summary.md"),
        "GITHUB_OUTPUT": str(where.cwd / "outputs"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "agentramp", "site", "create", "--file"],
        cwd=where.cwd,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 3, done.stderr
    link = f"pay here: {emulator.url}/s/cs_1"
    summary = (where.cwd / "summary.md").read_text()
    assert link in summary
    assert "agentramp site resume" in summary
    outputs = (where.cwd / "outputs").read_text()
    assert "\nhold\n" in outputs
    assert '"session": "cs_1"' in outputs
    assert link in done.stdout
    mask = f"::add-mask::{TOKEN}"
    assert mask in done.stderr
    assert TOKEN not in summary + outputs + done.stdout + done.stderr.replace(mask, "")


def test_a_broker_that_is_not_there(where: Context) -> None:
    with pytest.raises(RefusedError, match="cannot be reached") as caught:
        run(where, "create", "--broker", "http://127.0.0.1:9")
    assert "no checkout was begun; run it again" in caught.value.advice
    assert fields(run(where, "status"))["state"] == "none"


def test_a_link_alone_can_be_all_that_is_asked_for(where: Context, emulator: Emulator) -> None:
    emulator.unpaid = 9
    assert run(where, "create", "--no-wait").exit_code == 0
    again = run(where, "create", "--no-wait")
    assert (again.exit_code, again.changed) == (0, False)
    assert fields(run(where, "status"))["state"] == "awaiting-payment"
    assert run(where, "create", "--wait").changed
    assert emulator.sessions == ["cs_1"]


def test_at_a_terminal_a_browser_opens_once(where: Context, emulator: Emulator) -> None:
    shown: list[str] = []
    there = replace(where, console=Console(io.StringIO(), terminal=True, clock=lambda: 0.0))

    def opened(url: str) -> bool:
        shown.append(url)
        return True

    browser = Browser(opened)
    emulator.unpaid = 3
    answer = buying.create(arguments("site", "create", "--file"), there, browser)
    assert fields(answer)["state"] == "done"
    assert shown == [f"{emulator.url}/s/cs_1"]
    words = ("create", "--no-browser", "--start-another", "--file")
    buying.create(arguments("site", *words), there, browser)
    assert len(shown) == 1
    assert f"pay here: {emulator.url}/s/cs_2" in said(there)


@pytest.mark.parametrize(
    ("course", "told", "advice"),
    [
        ("expired", "cs_1 expired before it was paid; nothing was charged", "site create"),
        ("cancelled", "cs_1 was cancelled before it was paid", "site create"),
        ("failed", "cs_1 failed: the installation failed: launcher failed", "site resume"),
        ("error", "cs_1 failed: the broker says: no room on the server", "site resume"),
        ("broken-app", "cs_1 failed: the new site does not start: /docs failed", "site resume"),
        ("stopped", "cs_1 failed: the new site was stopped", "site resume"),
    ],
)
def test_each_bad_end_is_exit_code_3_in_its_own_words(
    where: Context, emulator: Emulator, course: str, told: str, advice: str
) -> None:
    emulator.course = course
    with pytest.raises(RefusedError, match=told) as caught:
        run(where, "create", "--wait")
    assert caught.value.exit_code == 3
    assert advice in caught.value.advice
    state = {"expired": "expired", "cancelled": "cancelled"}.get(course)
    assert fields(run(where, "status"))["state"] in {state, "failed", "starting"} - {None}


def test_too_late_tells_which_step_and_where_to_pay(where: Context, emulator: Emulator) -> None:
    emulator.unpaid = 1000
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    there = replace(where, timer=lambda: now[0], sleep=sleep)
    with pytest.raises(RefusedError, match="waiting for the payment took longer than 60 s") as late:
        run(there, "create", "--wait", "--step-timeout", "1m")
    assert f"pay at {emulator.url}/s/cs_1" in late.value.advice
    assert now[0] == pytest.approx(60)


def test_an_interrupt_says_how_to_go_on(where: Context, emulator: Emulator) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        run(replace(where, sleep=interrupt), "create", "--wait")
    assert "site resume" in caught.value.advice
    assert emulator.sessions == ["cs_1"]


def test_two_runs_at_once_make_one_checkout(where: Context, emulator: Emulator) -> None:
    with FileBook(where.cwd / ".agentramp").held(), pytest.raises(SupersededError):
        run(where, "create")
    assert emulator.calls == []


def test_the_environment_s_token_does_not_follow_what_a_file_says(
    where: Context, emulator: Emulator
) -> None:
    """A project's file may come from anybody: the broker in it was not asked for in words."""
    run(where, "create")
    environ = {name: text for name, text in where.environ.items() if "BASE_URL" not in name}
    there = replace(where, environ=environ)
    calls = list(emulator.calls)
    with pytest.raises(UsageError, match=r"named by site\.json alone"):
        run(there, "resume")
    status = run(there, "status")
    assert (status.exit_code, fields(status)["state"]) == (3, "open")
    assert emulator.calls == calls
    of_another = {**where.environ, "DOC_SMITH_PUBLISH_URL": "https://docs.example.com"}
    with pytest.raises(UsageError, match="there is no token"):
        run(replace(where, environ=of_another), "resume")


def test_a_broker_that_does_not_tell_is_no_success(where: Context, emulator: Emulator) -> None:
    run(where, "create")
    emulator.fail("order", "503")
    looked = run(where, "status")
    assert looked.exit_code == 3
    assert "does not tell" in looked.lines[0]


def test_what_makes_no_sense(where: Context, emulator: Emulator) -> None:
    assert fields(run(where, "status"))["state"] == "none"
    for words in (
        ("resume",),
        ("resume", "--session", "../x"),
        ("create", "--broker", "http://broker.example"),
        ("create", "--wait", "--no-wait"),
        ("create", "--language", "fr"),
        ("login",),
        ("logout",),
        ("login", "--site", "https://docs.example.com"),
    ):
        with pytest.raises(UsageError):
            run(where, *words)
    assert emulator.calls == []


def test_a_session_from_another_machine(where: Context, emulator: Emulator, tmp_path: Path) -> None:
    run(where, "create")
    there = replace(where, cwd=tmp_path / "elsewhere", home=tmp_path / "other")
    with pytest.raises(UsageError, match="nothing to go on with"):
        run(there, "resume")
    assert fields(run(there, "resume", "--session", "cs_1"))["state"] == "done"
    assert emulator.sessions == ["cs_1"]


def test_a_token_is_read_from_standard_input_and_masked(where: Context) -> None:
    masked: list[str] = []
    there = replace(where, stdin=lambda: io.BytesIO(b"blkt-given\n"), mask=masked.append)
    words = ("--site", "https://docs.example.com/a", "--from-stdin")
    assert run(there, "login", *words).changed
    assert masked == ["blkt-given"]
    kept = tokens.keeper(where).find("https://docs.example.com")
    assert kept is not None
    assert run(where, "logout", "--site", "https://docs.example.com").changed
    assert not run(where, "logout", "--site", "https://docs.example.com").changed


@pytest.mark.parametrize(
    ("words", "fits"),
    [
        (("create", "--session", "cs_1"), "site resume, site publish --resume"),
        (("publish", "--new", "--session", "cs_1"), "site resume, site publish --resume"),
        (("resume", "--start-another"), "site create, site publish --new"),
        (("status", "--from-stdin"), "site login"),
        (("create", "docs"), "site publish"),
        (("create", "--site", "https://docs.example.com"), "site login"),
        (("publish", "--site", "https://docs.example.com", "--wait"), "site create"),
    ],
)
def test_an_option_of_another_action_is_not_passed_over(
    where: Context, emulator: Emulator, words: tuple[str, ...], fits: str
) -> None:
    with pytest.raises(UsageError, match="does not go with") as caught:
        run(where, *words)
    assert fits in caught.value.advice
    assert emulator.calls == []


def test_on_a_fresh_runner_each_time_there_is_one_checkout(
    where: Context, emulator: Emulator, tmp_path: Path
) -> None:
    """What is installed is told; what is not finished is taken by nobody without words."""
    emulator.unpaid = 3
    there = [
        replace(where, cwd=tmp_path / name, home=tmp_path / name / "home")
        for name in ("a", "b", "c")
    ]
    run(there[0], "create")
    with pytest.raises(RefusedError, match="not begun here: cs_1 waits for its payment") as caught:
        run(there[1], "create")
    assert "site resume --session cs_1" in caught.value.advice
    emulator.polls["cs_1"] = 9
    found = run(there[2], "create")
    assert (found.exit_code, found.changed) == (0, False)
    assert fields(found)["url"] == f"{emulator.url}/apps/cs_1"
    assert emulator.sessions == ["cs_1"]


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        *product(("find", "order"), ("400", "403", "empty", "html")),
        ("find", "404-html"),
        ("order", "404"),
    ],
)
def test_an_answer_that_tells_nothing_begins_nothing(
    where: Context, emulator: Emulator, call: str, fault: str
) -> None:
    emulator.unpaid = 0
    emulator.start({})
    emulator.fail(call, *[fault] * 9)
    with pytest.raises(RefusedError, match="no second one is begun") as caught:
        run(where, "create")
    assert "--start-another" in caught.value.advice
    assert emulator.sessions == ["cs_1"]


def test_a_plain_word_that_there_is_none_begins_the_first(
    where: Context, emulator: Emulator
) -> None:
    emulator.unpaid = 0
    emulator.fail("find", "404")
    assert run(where, "create").exit_code == 0
    assert emulator.sessions == ["cs_1"]


def test_what_a_file_names_is_not_followed(where: Context, emulator: Emulator) -> None:
    """Neither its broker, at a terminal too, nor its site."""
    site = {"url": "https://evil.example", "home_url": "", "dashboard_url": ""}
    entries: list[dict[str, object]] = [
        {"state": "open"},
        {"state": "done", "site": {**site, "subscription_url": "", "locale": ""}},
    ]
    book = FileBook(where.cwd / ".agentramp")
    book.folder.mkdir()
    shown: list[str] = []

    def opened(url: str) -> bool:
        shown.append(url)
        return True

    terminal = Console(io.StringIO(), terminal=True, clock=lambda: 0.0)
    there = replace(where, console=terminal, environ={"HOME": str(where.cwd)})
    for entry in entries:
        said = {**entry, "broker": emulator.url, "session": "cs_1", "at": 1}
        book.path.write_text(json.dumps({"format": 2, "sessions": [said]}))
        with pytest.raises(UsageError, match=r"named by site\.json alone"):
            buying.create(arguments("site", "create"), there, Browser(opened))
    assert (shown, emulator.calls) == ([], [])


def test_a_site_on_another_host_gets_its_own_token_and_no_other_s(
    where: Context, emulator: Emulator
) -> None:
    """The second time a token is kept for that place by hand: it stays."""
    with running() as host:
        host.polls["app cs_1"] = host.polls["app cs_2"] = 1
        emulator.unpaid = -5
        emulator.sites = host.url
        assert run(where, "create").exit_code == 0
        kept = tokens.keeper(where).find(host.url)
        assert kept is not None
        assert kept.sent_to(host.url) == "blkt-of-cs_1"
        assert {token for _, token in host.tokens} == {""}
        mine = replace(where, stdin=lambda: io.BytesIO(b"blkt-mine"))
        run(mine, "login", "--site", host.url, "--from-stdin")
        assert run(where, "create", "--start-another").exit_code == 0
        kept = tokens.keeper(where).find(host.url)
        assert kept is not None
        assert kept.sent_to(host.url) == "blkt-mine"
        assert "token is not kept" in said(where)


def test_another_run_at_the_tokens_is_not_waited_for_for_ever(
    where: Context, emulator: Emulator
) -> None:
    """The site is bought, and its token is kept by the next run."""
    emulator.unpaid, emulator.polls["app cs_1"] = -5, 1
    where.home.mkdir()
    with (where.home / "site-tokens.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="being changed by another run"):
            run(where, "create", "--timeout", "1s", "--step-timeout", "1s")
    assert run(where, "create").exit_code == 0
    assert emulator.sessions == ["cs_1"]

"""What site says, to whom, and what it never says: secrets, wrong commands, a second bill."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from agentramp.errors import AgentrampError, RefusedError, UsageError
from agentramp.report.console import Console
from agentramp.report.result import Answer
from agentramp.site.session import FileBook
from agentramp.site.tokens import Token
from agentramp.verbs import site
from agentramp.wiring.context import Context
from agentramp.wiring.site import buying, publishing, tokens
from agentramp.wiring.site.tokens import Browser
from tests.site import signin_door
from tests.site.emulator import TOKEN, Emulator, Said, running
from tests.verbs.scene import arguments, context

SESSION = "cs_" + "a1B2" * 15
"""As long as the vendor's own."""


@dataclass
class Odd(Emulator):
    """``name`` is each session's; ``odd`` is what every look at an order is answered with."""

    name: str = SESSION
    odd: Said = field(default_factory=dict)

    def start(self, body: Said) -> Said:
        self.orders.append({"id": self.name, "body": body})
        url = f"{self.url}/s/{self.name}"
        return {"checkoutSession": {"id": self.name}, "paymentUrl": url}

    def order(self, id_: str, *, asked: bool = True) -> Said:
        return self.odd or super().order(id_, asked=asked)


@pytest.fixture
def emulator() -> Iterator[Odd]:
    one = Odd()
    with running(one):
        yield one


@pytest.fixture
def where(tmp_path: Path, emulator: Odd) -> Context:
    environ = {
        "DOC_SMITH_PUBLISH_ACCESS_TOKEN": TOKEN,
        "DOC_SMITH_BASE_URL": emulator.url,
        "HOME": str(tmp_path),
    }
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return replace(context(tmp_path, environ, sleep), timer=lambda: now[0])


def at_a_terminal(where: Context) -> Context:
    return replace(where, console=Console(io.StringIO(), terminal=True, clock=lambda: 0.0))


def run(where: Context, *words: str) -> Answer:
    return site.run(arguments("site", *words, "--file"), where)


def refused(where: Context, *words: str) -> AgentrampError:
    with pytest.raises(RefusedError) as caught:
        run(where, *words)
    return caught.value


def said(where: Context) -> str:
    assert isinstance(where.console.stream, io.StringIO)
    return where.console.stream.getvalue()


def no_browser(_: str) -> bool:
    raise AssertionError("a browser was opened")


def write_done(where: Context, broker: str, url: str) -> None:
    """A file as anybody may put it into a repository."""
    book = FileBook(where.cwd / ".agentramp")
    book.folder.mkdir(exist_ok=True)
    names = ("home_url", "dashboard_url", "subscription_url", "locale")
    entry = {"state": "done", "broker": broker, "session": "cs_1", "at": 1}
    place = {"url": url, **dict.fromkeys(names, "")}
    book.path.write_text(json.dumps({"format": 2, "sessions": [{**entry, "site": place}]}))


def test_what_is_paid_and_not_closed_asks_nobody_to_pay(where: Context, emulator: Odd) -> None:
    emulator.odd = {"payment_status": "paid", "session_status": "open", "vendors": []}
    emulator.start({})
    there = at_a_terminal(where)
    args = arguments("site", "resume", "--session", SESSION, "--file")
    with pytest.raises(RefusedError, match="installing the site took longer") as caught:
        buying.resume(args, there, Browser(no_browser))
    status = run(where, "status")
    assert dict(status.fields)["state"] == '"installing"'
    assert "pay" not in said(there) + caught.value.advice + "".join(status.lines)
    again = refused(replace(where, cwd=where.cwd / "fresh"), "create")
    assert "is paid, and being installed" in again.message


def test_a_bought_token_is_masked_before_it_is_kept(where: Context, emulator: Odd) -> None:
    emulator.unpaid, emulator.name = -5, "cs_1"
    there: list[tuple[str, bool]] = []

    def mask(secret: str) -> None:
        there.append((secret, (where.home / "site-tokens.json").exists()))

    run(replace(where, mask=mask), "create")
    assert ("blkt-of-cs_1", False) in there
    assert (where.home / "site-tokens.json").exists()


def test_who_signs_in_is_masked_and_opens_no_browser_unasked(where: Context) -> None:
    there: list[tuple[str, bool]] = []

    def mask(secret: str) -> None:
        there.append((secret, (where.home / "site-tokens.json").exists()))

    shown: list[str] = []

    def opened(page: str) -> bool:
        shown.append(page)
        return True

    terminal = replace(at_a_terminal(where), mask=mask)
    with signin_door.running("blkt-signed-in") as url:
        words = ("login", "--site", url, "--file")
        args = arguments("site", *words, "--no-browser")
        assert tokens.login(args, terminal, Browser(no_browser)).changed
        assert there == [("blkt-signed-in", False)]
        assert f"sign in here: {url}/.well-known/service/" in said(terminal)
        assert "blkt-signed-in" not in said(terminal)
        kept = tokens.keeper(where).find(url)
        assert kept == Token.of(url, "blkt-signed-in")
        tokens.login(arguments("site", *words), terminal, Browser(opened))
    assert len(shown) == 1
    assert shown[0].startswith(f"{url}/.well-known/service/")


@pytest.mark.parametrize("shown", ["\x1b]0;pwned\x07\x1b[2J", "no\n::error::pwned\n", "a\u202eb"])
def test_what_a_broker_says_cannot_act(where: Context, emulator: Odd, shown: str) -> None:
    """In an end, in a state, in the way of an earlier checkout, and of an attempt to pay."""
    paid = {"payment_status": "paid", "session_status": "complete", "vendors": []}
    vendors = [{"vendorType": shown, "status": "failed", "progress": 1}]
    waits = {"payment_status": "unpaid", "session_status": "open", "vendors": []}
    texts: list[str] = []
    for odd in ({**paid, "error": shown}, {**paid, "vendors": vendors}, {**waits, "error": shown}):
        emulator.odd = odd
        emulator.orders.clear()
        there = replace(at_a_terminal(where), cwd=where.cwd / str(len(texts)))
        texts += [refused(there, "create", "--wait", "--no-browser").message]
        texts += run(there, "status").lines
        texts += [refused(replace(there, cwd=where.cwd / "fresh"), "create").message]
        texts += said(there).splitlines()
    for text in texts:
        assert text.isprintable(), ascii(text)
        assert not text.lstrip().startswith("::")


@pytest.mark.parametrize("variable", ["CI", "GITHUB_ACTIONS"])
def test_another_runner_is_told_all_that_it_needs(
    where: Context, emulator: Odd, variable: str
) -> None:
    """Wherever a command stands: in what is next, in advice after any end, in status."""
    there = replace(where, environ={**where.environ, variable: "true"})
    emulator.unpaid = 10**6
    on = f"agentramp site resume --broker {emulator.url} --session {SESSION}"
    assert run(there, "create").next == on
    assert run(there, "status").next == on
    assert on in refused(there, "resume", "--wait").advice
    emulator.fail("describe", *["503"] * 9)
    assert on in refused(there, "resume").advice
    emulator.faults.clear()
    fresh = replace(there, cwd=where.cwd / "fresh")
    told = refused(fresh, "create").advice
    assert on in told
    assert f"agentramp site create --broker {emulator.url} --start-another" in told
    emulator.odd = {"payment_status": "paid", "session_status": "complete", "error": "no room"}
    assert on in refused(there, "resume").advice


def test_a_session_that_cannot_be_written_down_is_told_with_its_page(
    where: Context, emulator: Odd
) -> None:
    """Whole, on a line of its own: an error is wrapped, and it is told now or never."""

    def spoil(call: str, when: str) -> None:
        if (call, when) == ("start", "after"):
            shutil.rmtree(where.cwd / ".agentramp")
            (where.cwd / ".agentramp").write_text("")

    emulator.hook = spoil
    error = refused(where, "create")
    assert f"the checkout {SESSION} was begun, and could not be written down" in error.message
    assert f"agentramp site resume --session {SESSION}" in error.advice
    assert f"  pay here: {emulator.url}/s/{SESSION}\n" in said(where)
    assert emulator.sessions == [SESSION]


def test_after_publish_its_own_form_is_named(where: Context, emulator: Odd) -> None:
    for name in ("docs", "x"):
        (where.cwd / name).mkdir()
    (where.cwd / "docs" / "a.md").write_text("# A\n\nx\n")
    emulator.unpaid = 10**6
    words = ("docs", "--title", "A title", "--project", "x")
    form = "agentramp site publish docs {} --title 'A title' --project x"
    assert run(where, "publish", *words, "--new").next == form.format("--resume")
    resume = run(where, "publish", *words, "--resume")
    assert (resume.next, resume.exit_code) == (form.format("--resume"), 3)
    emulator.odd = {"payment_status": "unpaid", "session_status": "expired", "vendors": []}
    advice = refused(where, "publish", *words, "--resume").advice
    assert form.format("--new") in advice
    assert emulator.sessions == [SESSION]


def test_a_named_broker_is_named_again(where: Context, emulator: Odd) -> None:
    """On the same machine too: what a file alone names is not followed."""
    environ = {name: text for name, text in where.environ.items() if "BASE_URL" not in name}
    there = replace(where, environ=environ)
    made = run(there, "create", "--broker", emulator.url)
    assert made.next == f"agentramp site resume --broker {emulator.url}"


def test_a_terminal_s_lines_fit_but_for_the_link(where: Context, emulator: Odd) -> None:
    there = at_a_terminal(where)
    emulator.fail("start", "cut-after")
    emulator.unpaid = 10**6
    answer = run(there, "create", "--no-wait", "--no-browser")
    second = replace(there, cwd=where.cwd / "fresh")
    emulator.odd = {"payment_status": "unpaid", "session_status": "open", "error": "why " * 90}
    refused(second, "resume", "--session", SESSION, "--wait", "--no-browser")
    book = FileBook(there.cwd / ".agentramp")
    ledger = json.loads(book.path.read_text())
    ledger["sessions"].insert(0, {**ledger["sessions"][0], "session": "cs_2"})
    book.path.write_text(json.dumps(ledger))
    status = run(there, "status")
    emulator.fail("order", "404")
    lost = run(there, "status")
    assert "finds nothing when asked" in " ".join(lost.lines)
    assert "may hold money" in " ".join(status.lines)
    lines = [*said(there).splitlines(), *answer.lines, *status.lines, *lost.lines]
    long = {line for line in lines if len(line) > 80}
    assert {line.split(": ")[0].strip() for line in long} <= {"pay here"}
    assert any("asking the broker" in line for line in lines)
    assert any("why why" in line for line in lines)


def test_a_site_that_a_file_names_gets_no_pages(where: Context, emulator: Odd) -> None:
    """Nor a sign-in: as with a broker, unless it is named in words or a token of it is kept."""
    (where.cwd / "a.md").write_text("# A\n\nx\n")
    memory = where.cwd / ".agentramp" / "site-published.json"
    args = arguments("site", "publish", "--file")
    there = replace(at_a_terminal(where), environ={"HOME": str(where.cwd)})
    write_done(where, "https://docsmith.aigne.io", emulator.url)
    for file in ("site.json", memory.name):
        if file == memory.name:
            folders = {".": emulator.url}
            memory.write_text(json.dumps({"version": 1, "folders": folders}))
        with pytest.raises(UsageError, match=rf"is named by {file} alone") as caught:
            publishing.publish(args, there, Browser(no_browser))
        assert f"--site {emulator.url}" in caught.value.advice
    assert emulator.calls == []
    assert "sign in here" not in said(there)
    rehearsed = run(there, "publish", "--dry-run")
    assert emulator.url in rehearsed.message
    assert emulator.calls == []
    tokens.keeper(there).keep(Token.of(emulator.url, "blkt-mine"), in_file=True)
    with pytest.raises(AgentrampError) as none:  # it is asked now, and has no Discuss Kit
        publishing.publish(args, there, Browser(no_browser))
    assert "alone" not in str(none.value)
    assert emulator.calls != []


def test_chinese_on_a_terminal_that_has_none_is_no_fault(where: Context, emulator: Odd) -> None:
    emulator.unpaid, emulator.name, emulator.polls["app cs_1"] = -5, "cs_1", 1
    environ = {**os.environ, **where.environ, "AGENTRAMP_HOME": str(where.home)}
    done = subprocess.run(
        [sys.executable, "-m", "agentramp", "site", "create", "--file", "--language", "zh"],
        cwd=where.cwd,
        env={**environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    first, *others = done.stdout.decode("ascii").splitlines()
    assert first.startswith(r"\u60a8")
    assert first.endswith(f"{emulator.url}/apps/cs_1")
    assert others[0] == f"home          {emulator.url}/apps/cs_1/docs"
    assert b"Traceback" not in done.stderr

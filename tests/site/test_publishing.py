"""A folder on a site: the verb, before the protocol of Discuss Kit and a real TUS server."""

import contextlib
import io
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agentramp.cli import main
from agentramp.errors import AgentrampError, RefusedError, UsageError
from agentramp.report.result import Answer
from agentramp.site.published import Published
from agentramp.site.purchase import Site
from agentramp.site.session import FileBook, Finished, Ledger
from agentramp.site.tokens import Token
from agentramp.verbs import site as verb
from agentramp.wiring.site import tokens
from tests.node.installed import HERE, node_modules, run
from tests.site import emulator as broker
from tests.site import kit_emulator, tus_server
from tests.site.kit_emulator import ME, TOKEN, Emulator, Fault
from tests.site.pages.folder_of_pages import PNG, write
from tests.verbs.scene import arguments, context

POST, PUT, PATCH = "POST", "PUT", "PATCH"
BOARDS, COLLECTION, UPLOADS = "/talk/api/boards", "create-docs-collection", "/media/api/uploads"
PICTURE = PNG + bytes(range(256)) * 40
PAGES: dict[str, str | bytes] = {
    "docs/_sidebar.md": "* [Home](/index.md)\n* [Guide](/guide/a.md)\n  * [Sub](/guide/sub.md)\n",
    "docs/index.md": "# Home\n\nSee ![p](p.png) and [the guide](guide/a.md#x).\n",
    "docs/index.zh.md": "# 家\n\n看[指南](guide/a.md)。\n",
    "docs/guide/a.md": "---\nlabels: [New]\n---\n# A\n\n- x\n- y\n",
    "docs/guide/sub.md": "# Sub\n\n**b**\n",
    "docs/p.png": PICTURE,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, Path]]:
    kept = tmp_path_factory.mktemp("kept")
    with tus_server.running(kept) as tus, kit_emulator.running(tus.start) as site:
        yield site, kept


@dataclass
class Project:
    folder: Path
    site: Emulator
    kept: Path
    said: str = ""

    def publish(self, *words: str, token: str = TOKEN) -> Answer:
        self.site.asked.clear()
        environ = {"DOC_DISCUSS_KIT_ACCESS_TOKEN": token, "DOC_DISCUSS_KIT_URL": self.site.url}
        args = arguments("site", "publish", *(words or ("docs",)))
        here = context(self.folder, environ)
        answer = verb.run(args, here)
        assert isinstance(answer, Answer)
        assert isinstance(here.console.stream, io.StringIO)
        self.said = here.console.stream.getvalue()
        return answer

    def refused(self, *words: str, token: str = TOKEN) -> AgentrampError:
        with pytest.raises(AgentrampError) as refused:
            self.publish(*words, token=token)
        return refused.value

    def write(self, name: str, content: str | bytes) -> None:
        write(self.folder, {name: content})

    @property
    def docs(self) -> dict[str, Any]:
        (board,) = self.site.boards
        docs = self.site.docs[board["id"]]
        return {slug.rpartition("-")[0]: doc for slug, doc in docs.items()}

    @property
    def pictures(self) -> list[bytes]:
        return [file.read_bytes() for file in self.kept.iterdir() if file.suffix != ".json"]


@pytest.fixture
def project(whole: tuple[Emulator, Path], tmp_path: Path) -> Project:
    site, kept = whole
    for part in (site.boards, site.docs, site.faults, site.asked):
        part.clear()
    for file in kept.iterdir():
        file.unlink()
    site.keeps_meta = True
    site.arrived = lambda size: until(
        lambda: [one.stat().st_size for one in kept.glob("*.png")] == [size]
    )
    folder = tmp_path / "project"
    return Project(write(folder, PAGES), site, kept)


def until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.01)


def fields(answer: Answer) -> dict[str, Any]:
    return {name: json.loads(text) for name, text in answer.fields}


def test_twice_is_once(project: Project) -> None:
    first = project.publish()
    assert first.changed
    (board,) = project.site.boards
    assert (board["title"], board["type"], board["id"]) == ("project", "doc", "b1")
    told = fields(first)
    assert told["url"] == f"{project.site.url}/talk/docs/b1"
    assert (told["pages"], told["languages"], told["pictures_sent"]) == (3, ["zh"], 1)
    assert project.site.changes() == [
        *(f"POST {UPLOADS}", f"PATCH {UPLOADS}/{next(project.kept.glob('*.png')).name}"),
        *("POST /talk/api/boards", "PUT /talk/api/boards/b1"),
        *("POST /talk/api/docs/create-docs-collection", "PUT /talk/api/boards/b1"),
    ]
    home = project.docs["index"]
    assert (home["h1"], home["i18n"]["zh"]["h1"]) == ("Home", "家")
    (name,) = (one.name for one in project.kept.glob("*.png"))
    assert f'"src":"{project.site.url}/media/uploads/{name}"' in home["content"]
    assert project.docs["guide-a"]["slug"] + "#x" in home["content"]
    assert project.docs["guide-a"]["labels"] == ["New"]
    assert [one["title"] for one in project.docs["guide-a"]["children"]] == ["Sub"]
    assert project.pictures == [PICTURE]

    second = project.publish()
    assert not second.changed
    assert project.site.changes() == []
    assert fields(second)["url"] == told["url"]
    shutil.rmtree(project.folder / ".agentramp")
    third = project.publish()
    assert not third.changed, "a runner remembers nothing, and the site does"
    assert project.site.sent() == [], "the site has the picture, and says so"
    assert project.publish("docs", "--force").changed
    assert len(project.site.boards) == 1


def test_what_changed_is_sent_to_the_same_board(project: Project) -> None:
    project.publish()
    project.write("docs/guide/sub.md", "# Sub\n\nnew words\n")
    assert project.publish("docs", "--description", "About").changed
    assert "new words" in project.docs["guide-sub"]["content"]
    assert project.publish("docs", "--title", "project").changed is False
    assert project.site.boards[0]["desc"] == "About"
    project.write("docs/p.png", PICTURE + b"more")
    assert fields(project.publish())["pictures_sent"] == 1


def test_the_vendors_publisher_and_ours_end_at_the_same_pages(project: Project) -> None:
    project.write("docs/index.md", "# Home\n\nSee ![p](p.png) and [the guide](guide/a.md).\n")
    options = {
        "folder": str(project.folder / "docs"),
        "sidebarPath": str(project.folder / "docs/_sidebar.md"),
        "appUrl": project.site.url,
        "accessToken": TOKEN,
        "autoCreateBoard": True,
        "boardName": "project",
    }
    modules = str(node_modules("lexical"))
    told = json.loads(run(HERE / "publish_docs.mjs", modules, text=json.dumps(options)))
    assert told["success"]
    theirs, docs = project.docs, project.site.docs
    announced = [method for method, path, _ in project.site.asked if path.startswith(UPLOADS)]
    assert (announced, project.pictures) == ([POST, PATCH], [PICTURE])
    assert project.publish().changed
    assert project.site.sent() == [], "it is the same picture under the same name"
    assert len(docs) == len(project.site.boards) == 1
    assert project.docs.keys() == theirs.keys()
    for slug, doc in project.docs.items():
        other = theirs[slug]
        for name in ("title", "link", "slug", "h1", "labels"):
            assert doc.get(name) == other.get(name), (slug, name)
        assert said(doc["content"]) == said(other["content"]), slug
        assert doc.get("i18n", {}).keys() == other.get("i18n", {}).keys()


def said(content: str) -> list[object]:
    """Kinds, words, links and pictures of a state, in their order; spaces aside."""
    found: list[object] = []

    def walk(node: dict[str, Any]) -> None:
        found.append(node["type"])
        found.extend(str(node[one]).strip() for one in ("text", "url", "src", "tag") if one in node)
        for child in node.get("children", ()):
            walk(child)

    walk(json.loads(content)["root"])
    return found


def test_an_upload_that_is_cut_goes_on_where_it_was(project: Project) -> None:
    project.site.faults.append(Fault(PATCH, UPLOADS, cut=4000))
    assert project.publish().changed
    assert project.site.sent() == [4000, len(PICTURE) - 4000]
    assert project.pictures == [PICTURE]


def test_a_run_that_ends_in_the_middle_of_an_upload_is_gone_on_with(project: Project) -> None:
    project.site.faults.append(Fault(PATCH, UPLOADS, cut=4000))
    project.site.faults.extend(Fault("HEAD", UPLOADS, 503) for _ in range(5))
    error = project.refused()
    assert (error.exit_code, project.site.sent()) == (3, [4000])
    assert project.site.boards == [], "a failed picture fails all of it"
    project.site.faults.clear()
    assert project.publish().changed
    assert project.site.sent() == [len(PICTURE) - 4000]
    assert project.site.changes()[0].startswith("PATCH"), "it was announced before"
    assert project.pictures == [PICTURE]


def test_a_picture_whose_last_answer_is_lost_is_not_sent_again(project: Project) -> None:
    project.site.faults.append(Fault(PATCH, UPLOADS, lost=True))
    assert project.publish().changed
    assert project.site.sent() == [len(PICTURE)]


@pytest.mark.parametrize("status", [401, 413, 422])
def test_a_picture_that_is_refused_fails_the_publishing(project: Project, status: int) -> None:
    project.site.faults.append(Fault(POST, UPLOADS, status))
    error = project.refused()
    assert (error.exit_code, project.site.boards, project.site.docs) == (3, [], {})
    assert str(status) in error.message


STEPS = [(POST, UPLOADS), (PATCH, UPLOADS), (POST, BOARDS), (POST, COLLECTION), (PUT, BOARDS)]


@pytest.mark.parametrize("how", ["lost", "refused"])
@pytest.mark.parametrize(("method", "path"), STEPS)
def test_whatever_breaks_the_next_run_mends(
    project: Project, method: str, path: str, how: str
) -> None:
    fault = Fault(method, path, lost=True) if how == "lost" else Fault(method, path, 500)
    project.site.faults.append(fault)
    with contextlib.suppress(RefusedError):
        project.publish()
    assert not project.site.faults, "it struck"
    project.publish()
    assert len(project.site.boards) == 1
    assert project.docs.keys() == {"index", "guide-a", "guide-sub"}
    assert project.pictures == [PICTURE]
    assert not project.publish().changed


def test_a_board_that_may_have_been_made_is_looked_for_and_not_asked_for_again(
    project: Project,
) -> None:
    project.site.faults.append(Fault(POST, BOARDS, lost=True))
    assert project.publish().changed
    assert project.site.changes().count("POST /talk/api/boards") == 1
    assert len(project.site.boards) == 1
    project.site.boards.clear()
    project.site.faults.append(Fault(POST, BOARDS, 502))
    error = project.refused()
    assert "whether the board 'project' was made is not known" in error.message
    assert (project.site.boards, project.site.changes()) == ([], ["POST /talk/api/boards"])


def test_pages_that_may_not_have_come_are_not_taken_for_there(project: Project) -> None:
    """What was there before must not pass for what is there now."""
    project.publish()
    project.write("docs/guide/sub.md", "# Sub\n\nother\n")
    project.site.faults.append(Fault(POST, COLLECTION, lost=True))
    error = project.refused()
    assert "whether the pages arrived is not known" in error.message
    project.write("docs/guide/sub.md", PAGES["docs/guide/sub.md"])
    assert project.publish().changed
    assert "other" not in project.docs["guide-sub"]["content"]


def test_somebody_elses_publishing_is_noticed(project: Project) -> None:
    project.publish()
    project.site.boards[0]["meta"] = {"category": ["x"]}  # as the vendor's tool leaves it
    assert project.publish().changed
    assert project.site.boards[0]["meta"]["category"] == ["x"]
    project.site.keeps_meta = False
    project.site.boards[0]["meta"] = {}
    assert project.publish().changed
    assert project.publish().changed, "a site that keeps no mark is sent all of it each time"


def test_a_board_of_anothers_is_not_written_over(project: Project) -> None:
    project.site.boards.append({"id": "x1", "title": "project", "createdBy": "z1other"})
    error = project.refused()
    assert (error.exit_code, "--board x1" in error.advice) == (2, True)
    assert project.publish("docs", "--board", "x1").changed, "unless it was named"
    project.site.boards.append({"id": "x2", "title": "twin", "createdBy": ME})
    project.site.boards.append({"id": "x3", "title": "twin", "createdBy": f"did:abt:{ME}"})
    error = project.refused("docs", "--title", "twin")
    assert (error.exit_code, "--board x1 or --board x2" in error.advice) == (2, True)
    shutil.rmtree(project.folder / ".agentramp")
    error = project.refused("docs", "--title", "twin")
    assert (error.exit_code, "--board x2 or --board x3" in error.advice) == (2, True)
    assert project.refused("docs", "--board", "x9").exit_code == 2


def test_a_board_that_was_removed_is_made_anew(project: Project) -> None:
    project.publish()
    project.site.boards.clear()
    project.site.boards.append({"id": "y", "title": "unrelated"})
    assert fields(project.publish())["board_made"]
    assert [board["title"] for board in project.site.boards] == ["unrelated", "project"]


def test_a_dry_run_asks_nobody_and_needs_no_token(project: Project) -> None:
    args = arguments("site", "publish", "docs", "--site", project.site.url, "--dry-run")
    answer = verb.run(args, context(project.folder))
    assert not answer.changed
    assert fields(answer)["pictures_new"] == 1
    assert "page     guide/a.md: Guide" in answer.lines
    assert any("docs/p.png" in line and "to be sent" in line for line in answer.lines)
    project.publish()
    project.site.asked.clear()
    answer = verb.run(args, context(project.folder))
    assert any("docs/p.png, sent before" in line for line in answer.lines)
    assert project.site.asked == []


def test_pages_that_are_left_out_are_told_and_those_that_stay_on_the_site(
    project: Project,
) -> None:
    project.publish()
    (project.folder / "docs/guide/sub.md").unlink()
    project.write("docs/_sidebar.md", "* [Home](/index.md)\n\n**Guides**\n\n* [G](guide/a.md)\n")
    for number in range(12):
        project.write(f"docs/left{number:02}.md", "")
    answer = project.publish()
    told = fields(answer)
    assert (told["pages"], told["warnings"], len(told["pages_not_published"])) == (2, 12, 12)
    assert [one.rpartition("-")[0] for one in told["pages_left_on_site"]] == ["guide-sub"]
    assert any("still on the site" in line and "guide-sub" in line for line in answer.lines)
    assert project.said.count("warning: left") == 10
    assert "and 2 more" in project.said


def test_a_port_that_is_none_is_told(project: Project) -> None:
    for port in ("99999", "x", "0"):
        error = project.refused("docs", "--site", f"https://docs.example.com:{port}")
        assert (error.exit_code, "port" in error.message) == (2, True)


def test_a_remembered_picture_that_nobody_shows_is_asked_for_again(project: Project) -> None:
    project.publish()
    memory = project.folder / ".agentramp/site-published.json"
    said = json.loads(memory.read_text())
    (digest,) = said["sites"][project.site.url]["pictures"]
    said["sites"][project.site.url]["pictures"][digest] = "http://127.0.0.1:9/p.png"
    memory.write_text(json.dumps(said))
    assert not project.publish().changed, "announced, and there"
    assert project.site.sent() == []
    assert "127.0.0.1:9" not in project.docs["index"]["content"]


def test_one_publishing_at_a_time_from_one_folder(project: Project) -> None:
    published = Published(project.folder / ".agentramp/site-published.json")
    waits: list[str] = []
    thread = threading.Thread(target=project.publish)
    with published.alone(lambda: waits.append("first")):
        thread.start()
        until(lambda: ("GET", "/__blocklet__.js", 0) in project.site.asked)
        assert project.site.changes() == []
    thread.join()
    assert (waits, len(project.site.boards)) == ([], 1)


def test_where_to_is_asked_for_in_words(project: Project) -> None:
    bare = arguments("site", "publish", "docs")
    with pytest.raises(UsageError) as unknown:
        verb.run(bare, context(project.folder))
    for way in ("--official", "--site URL", "--new", "--resume"):
        assert way in unknown.value.advice
    for words in (("--official", "--new"), ("--site", "https://x", "--resume")):
        with pytest.raises(UsageError, match="not allowed with"):
            arguments("site", "publish", "docs", *words)
    with pytest.raises(UsageError, match="cannot be looked at"):
        verb.run(
            arguments("site", "publish", "docs", "--new", "--dry-run"), context(project.folder)
        )
    with pytest.raises(UsageError, match="neither https"):
        verb.run(
            arguments("site", "publish", "docs", "--site", "http://docs.example.com"),
            context(project.folder, {"DOC_DISCUSS_KIT_ACCESS_TOKEN": TOKEN}),
        )


def test_a_site_that_a_file_names_gets_no_token_of_the_environment(project: Project) -> None:
    """Whoever may write into a project could else have the token sent to them."""
    project.publish()
    project.site.asked.clear()
    only = context(project.folder, {"DOC_DISCUSS_KIT_ACCESS_TOKEN": TOKEN})
    with pytest.raises(UsageError, match=r"named by site-published\.json alone"):
        verb.run(arguments("site", "publish", "docs"), only)
    assert project.site.asked == []


def test_every_fault_is_told_before_anything_is_sent(project: Project) -> None:
    project.write("docs/guide/sub.md", "# Sub\n\n[x](none.md) ![y](../none.png)\n")
    project.write("docs/guide/a.zh.md", "# A\n\n![y](/etc/passwd)\n")
    error = project.refused()
    assert [str(fault).partition(": ")[0] for fault in getattr(error, "diagnostics", ())] == [
        *("guide/a.zh.md:3:6", "guide/sub.md:3:5", "guide/sub.md:3:19"),
    ]
    assert (error.exit_code, project.site.asked) == (2, [])


def test_a_token_that_ended_is_a_refusal(project: Project) -> None:
    assert project.refused(token="another").exit_code == 3
    assert project.site.changes() == []


def test_a_site_without_media_kit_takes_words(tmp_path: Path) -> None:
    with kit_emulator.running() as site:
        project = Project(write(tmp_path / "project", PAGES), site, tmp_path)
        assert "has no Media Kit" in project.refused().message
        assert site.boards == []
        project.write("docs/index.md", "# Home\n\n[g](guide/a.md)\n")
        assert project.publish().changed


def test_a_site_that_was_made_here_is_published_to_with_the_token_that_was_kept(
    project: Project,
) -> None:
    book = FileBook(project.folder / ".agentramp")
    with book.held():
        book.write(
            Ledger((Finished("http://127.0.0.1:9", "cs_1", Site(f"{project.site.url}/"), 1.0),))
        )
    here = context(project.folder)
    tokens.keeper(here).keep(Token.of(project.site.url, TOKEN), in_file=True)
    first, second = (verb.run(arguments("site", "publish", "docs"), here) for _ in range(2))
    assert (first.changed, second.changed) == (True, False)
    assert fields(first)["site"] == project.site.url


def test_a_site_that_waits_to_be_paid_is_no_success(project: Project) -> None:
    with broker.running() as shop:
        shop.unpaid = 1000
        environ = {"DOC_SMITH_PUBLISH_ACCESS_TOKEN": broker.TOKEN}
        words = ("docs", "--new", "--broker", shop.url, "--no-wait")
        answer = verb.run(arguments("site", "publish", *words), context(project.folder, environ))
        assert (answer.exit_code, fields(answer)["state"]) == (3, "awaiting-payment")
        words = ("docs", "--resume", "--broker", shop.url, "--no-wait")
        answer = verb.run(arguments("site", "publish", *words), context(project.folder, environ))
        assert answer.exit_code == 3
        assert len(shop.orders) == 1
    assert project.site.boards == []


def test_a_fault_in_a_page_is_told_before_anything_is_bought(project: Project) -> None:
    project.write("docs/index.md", "[x](none.md)")
    with broker.running() as shop:
        words = ("docs", "--new", "--broker", shop.url)
        with pytest.raises(UsageError):
            verb.run(
                arguments("site", "publish", *words),
                context(project.folder, {"DOC_SMITH_PUBLISH_ACCESS_TOKEN": broker.TOKEN}),
            )
        assert shop.calls == []


def test_the_command_line_and_the_summary_of_a_job(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = project.folder / "summary.md"
    monkeypatch.chdir(project.folder)
    for name, value in {
        "DOC_DISCUSS_KIT_ACCESS_TOKEN": TOKEN,
        "AGENTRAMP_HOME": str(project.folder / "home"),
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(summary),
    }.items():
        monkeypatch.setenv(name, value)
    words = ["site", "publish", "docs", "--site", project.site.url, "--output", "json"]
    assert main(words) == 0
    out = capsys.readouterr()
    told = json.loads(out.out.splitlines()[-1])
    assert (told["changed"], told["pages"], told["board"]) == (True, 3, "b1")
    assert told["url"] in summary.read_text()
    shown = (out.out + out.err + summary.read_text()).replace(f"::add-mask::{TOKEN}\n", "")
    assert TOKEN not in shown

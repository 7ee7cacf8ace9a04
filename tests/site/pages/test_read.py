"""A folder of Markdown read: its tree, its titles, its languages, and all that is wrong with it."""

import time
from pathlib import Path

import pytest

from agentramp.diagnostics import ConfigError, Diagnostic
from agentramp.errors import UsageError
from agentramp.site.pages.document import Collection, Page
from agentramp.site.pages.folder import find
from agentramp.site.pages.read import read
from agentramp.site.pages.render import documents
from agentramp.site.pages.slugs import slug, suffix
from tests.site.pages.folder_of_pages import PNG, write
from tests.unprivileged import open_folder, unprivileged


def tree(pages: tuple[Page, ...]) -> list[object]:
    return [[page.title, *tree(page.children)] if page.children else page.title for page in pages]


def faults(root: Path, within: Path | None = None) -> list[str]:
    with pytest.raises(ConfigError) as wrong:
        read(root, within or root)
    assert "publish again" in wrong.value.advice
    return [str(fault) for fault in wrong.value.diagnostics]


def test_folders_are_branches_in_a_clear_order(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "README.md": "# Start",
            "zeta.md": "---\norder: 1\n---\nx",
            "10-ten.md": "",
            "9_nine.md": "",
            "Beta.md": "",
            "alpha.md": "# Alpha *told*",
            "guide/index.md": "---\norder: 2\ntitle: The guide\n---\n# Guide",
            "guide/b.md": "",
            "guide/README.md": "# Read",
            "guide/deep/er/x.md": "",
            "02-more/a-b.md": "",
            "node_modules/x.md": "",
            ".hidden/x.md": "",
            "_draft.md": "",
            "gone.md": "---\ndraft: true\n---\n# Gone",
        },
    )
    collection = read(tmp_path, tmp_path)
    assert tree(collection.pages) == [
        "Start",
        "Zeta",
        ["The guide", "B", ["Deep", ["Er", "X"]], "Read"],
        ["More", "A b"],
        "Nine",
        "Ten",
        "Alpha told",
        "Beta",
    ]
    guide = collection.pages[2]
    assert guide.writing
    assert (guide.link, guide.writing.h1) == ("guide/index.md", "Guide")


def test_a_sidebar_says_it_all(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "_sidebar.md": "# Pages\n\n* [Second](/b.md)\n* Group\n  * [One **of** it](x/a.md)\n",
            "b.md": "# B",
            "x/a.md": "# A",
            "left.md": "# Left",
        },
    )
    collection = read(tmp_path, tmp_path)
    assert tree(collection.pages) == ["Second", ["Group", "One of it"]]
    assert collection.notices == ("left.md: not in _sidebar.md, and not published",)
    docs = documents(collection, "b", {})
    assert [one.slug for one in docs] == [f"b-{suffix('b')}", f"group-{suffix('b')}"]
    assert '"subpage-listing"' in docs[1].content
    write(tmp_path, {"left.md": "[x](none.md) ![p](left.png)", "left.png": PNG})
    assert read(tmp_path, tmp_path).pictures == (), "what is left out sends nothing"
    write(tmp_path, {"b.md": "# B\n\n[left](left.md)", "_sidebar.md": "* [B](b.md)\n"})
    assert faults(tmp_path) == ["b.md:3:8: left.md: the page left.md is not published [link]"]
    write(tmp_path, {"b.md": "", "_sidebar.md": "* [B](b.md)\n* [B](b.md)\n  * [C](c.md)\n"})
    assert faults(tmp_path) == [
        "_sidebar.md:2:1: b.md: the page b.md stands in the list twice [sidebar]",
        "_sidebar.md:3:3: c.md: the page c.md is not there [sidebar]",
    ]
    write(tmp_path, {"_sidebar.md": "words"})
    assert "there is no list of pages" in faults(tmp_path)[0]


def test_a_sidebar_of_several_lists_loses_no_page(tmp_path: Path) -> None:
    write(tmp_path, {f"{name}.md": f"# {name.upper()}" for name in "abcdg"})
    lists = (
        "* [A](a.md)\n- [B](b.md)\n\n**Guides**\n\n1. [C](c.md)\n   * [D](d.md)\n\n> * [G](g.md)\n"
    )
    write(tmp_path, {"_sidebar.md": lists})
    collection = read(tmp_path, tmp_path)
    assert tree(collection.pages) == ["A", "B", ["C", "D"]]
    assert collection.unlisted == ("g.md",)


def test_a_heading_and_an_address_elsewhere_in_a_sidebar(tmp_path: Path) -> None:
    sidebar = "* G\n  * [A](a.md)\n  * [There](https://x.example/y.md)\n* G\n* [G](g.md)\n"
    write(tmp_path, {"_sidebar.md": sidebar, "a.md": "", "g.md": ""})
    collection = read(tmp_path, tmp_path)
    assert tree(collection.pages) == [["G", "A"], "G", "G"]
    names = [one.slug.rpartition("-")[0] for one in documents(collection, "b", {})]
    assert names == ["g-section", "g-section-2", "g"], "the page keeps its address"
    assert collection.notices == (
        "_sidebar.md:3:3: https://x.example/y.md is no page of this folder, and left out",
    )


def test_a_page_beside_a_folder_of_its_name_speaks_for_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "guide.md": "# The guide",
            "guide/a.md": "[up](../guide/)",
            "guide/deep.md": "# Deep",
            "guide/deep/b.md": "",
            "own.md": "# Beside",
            "own/index.md": "# Own",
            "own/c.md": "",
        },
    )
    collection = read(tmp_path, tmp_path)
    assert tree(collection.pages) == [
        ["The guide", "A", ["Deep", "B"]],
        ["Own", "C"],
        "Beside",
    ]
    page = next(one for one in collection.every if one.link == "guide/a.md")
    assert page.writing
    assert page.writing.links["../guide/"].link == "guide.md"


def test_a_folder_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    """A file where a folder is listed fails as one does that is closed to this user."""
    write(tmp_path, {"a.md": "", "sub/b.md": ""})
    found: list[Diagnostic] = []
    assert [one.file for one in find(tmp_path / "a.md", found)] == []
    assert [str(one) for one in found] == [
        ".:1:1: this folder cannot be read: Not a directory [folder]"
    ]


def test_a_folder_that_is_closed_is_a_fault() -> None:
    with open_folder() as root:
        write(root, {"a.md": "", "sub/b.md": ""})
        (root / "sub").chmod(0)
        with unprivileged():
            told = faults(root)
        (root / "sub").chmod(0o700)
    assert told == ["sub:1:1: this folder cannot be read: Permission denied [folder]"]


def test_letters_that_name_no_language(tmp_path: Path) -> None:
    names = ("users.md", "users.get.md", "users.del.md", "vue.md", "vue.js.md", "node.js.md")
    write(tmp_path, dict.fromkeys((*names, "vue.yue-Hant.md"), ""))
    collection = read(tmp_path, tmp_path)
    assert {page.link for page in collection.every} == set(names)
    assert collection.languages == ("yue-Hant",)


def test_a_title_is_what_is_written(tmp_path: Path) -> None:
    heads = ("title: 1.10", "title: No", "title: 2024-01-01", "title: 'null'", "title: null")
    texts = {f"p{at}.md": f"---\n{head}\n---\n" for at, head in enumerate(heads)}
    h1 = "# Title *x* <!-- omit in toc --> <a name='y'></a>List<T>\n\n<br>\n"
    html = "---\n---\n<!-- x -->\nand <b>bold</b>"
    write(tmp_path, {**texts, "q.md": h1, "r.md": html})
    collection = read(tmp_path, tmp_path)
    assert tree(collection.pages) == [
        *("1.10", "No", "2024-01-01", "null", "P4", "Title x  List<T>", "R"),
    ]
    assert collection.notices == (
        "q.md:3:1: HTML is shown as it is written: <br>",
        "r.md:4:1: HTML is shown as it is written: <b>, and 1 more",
    )


@pytest.mark.parametrize("said", ["'true'", "true", "yes", '"Yes"', "on", "1"])
def test_what_may_be_meant_as_a_draft(tmp_path: Path, said: str) -> None:
    write(tmp_path, {"a.md": "", "d.md": f"---\ndraft: {said}\n---\n"})
    assert tree(read(tmp_path, tmp_path).pages) == ["A"]
    write(tmp_path, {"d.md": "---\ndraft: 'false'\n---\n", "e.md": "---\ndraft: later\n---\n"})
    (fault,) = faults(tmp_path)
    assert fault == "e.md:2:1: draft: draft is neither true nor false [front-matter]"


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    long = "y" * 300
    write(tmp_path, {"a.md": f"[x]({long}.md) ![y]({long}.png)"})
    assert [fault.rsplit(": ", 1)[1] for fault in faults(tmp_path)] == [
        f"the page {long}.md is not there [link]",
        "there is no such picture [image]",
    ]


def test_a_picture_that_cannot_be_read_is_a_fault() -> None:
    with open_folder() as root:
        write(root, {"a.md": "![y](y.png)", "y.png": "y"})
        (root / "y.png").chmod(0)
        with unprivileged():
            (fault,) = faults(root)
    assert fault.endswith("the picture cannot be read: Permission denied [image]")


def test_translations_belong_to_their_page(tmp_path: Path) -> None:
    names = ("a.md", "a.zh.md", "a.zh-TW.md", "a.pt-BR.md", "config.dev.md", "v1.2.md")
    write(tmp_path, {name: f"# {name}\n\n[x](a.zh.md)" for name in names})
    collection = read(tmp_path, tmp_path)
    assert [page.link for page in collection.every] == ["a.md", "config.dev.md", "v1.2.md"]
    assert collection.languages == ("pt-BR", "zh", "zh-TW")
    document = documents(collection, "b", {})[0]
    assert [one.language for one in document.translations] == ["pt-BR", "zh", "zh-TW"]
    link = f'"url":"{document.slug}"'
    contents = [document.content, *(one.content for one in document.translations)]
    assert all(link in content for content in contents)
    write(tmp_path, {"b.zh.md": "# B"})
    assert faults(tmp_path) == [
        "b.zh.md:1:1: a translation of b.md, which is not there [translation]"
    ]


def test_links_to_pages_are_found_and_others_left(tmp_path: Path) -> None:
    text = (
        "[1](b.md) [2](./sub/../b.md?x#y) [3](/sub/c.md) [4](sub/) [5](../b.md)\n"
        "[6](b.txt) [7](/api) [8](#here) [9](mailto:x@y) [10](//x/b.md) [11](HTTPS://x/b.md)\n"
        "[12][ref] [13](my%20page.md)\n\n[ref]: b.md#z\n"
    )
    write(tmp_path, {"a.md": text.replace("[5](../b.md)", "")})
    write(
        tmp_path, {"b.md": "", "sub/c.md": "[up](../b.md)", "sub/README.md": "", "my page.md": ""}
    )
    collection = read(tmp_path, tmp_path)
    page = next(one for one in collection.every if one.link == "a.md")
    assert page.writing
    assert {href: one.link for href, one in page.writing.links.items()} == {
        "b.md": "b.md",
        "./sub/../b.md?x#y": "b.md",
        "/sub/c.md": "sub/c.md",
        "sub/": "sub/README.md",
        "b.md#z": "b.md",
        "my%20page.md": "my page.md",
    }
    assert collection.notices == ("a.md:2:5: b.txt is no page, and stays as it is written",)
    write(tmp_path, {"sub/c.md": "x\n\n - [out](../../b.md) [no](no.md)"})
    (tmp_path.parent / "b.md").write_text("")
    outside, missing = faults(tmp_path)
    assert outside.startswith("sub/c.md:3:10: ../../b.md: the page ../b.md is not among the pages")
    assert missing == "sub/c.md:3:27: no.md: the page sub/no.md is not there [link]"


def test_pictures_are_found_and_none_is_sent_from_elsewhere(tmp_path: Path) -> None:
    root = tmp_path / "project" / "docs"
    write(
        root,
        {
            "a.md": "![x](p.png) ![y](../art/q%20r.PNG) ![](https://x/y.png) ![](data:image/png;a)",
            "sub/b.md": "![x](/p.png) ![x](../p.png)",
            "p.png": PNG,
            "../art/q r.PNG": PNG + b"2",
        },
    )
    collection = read(root, root.parent)
    assert [one.name for one in collection.pictures] == ["docs/p.png", "art/q r.PNG"]
    assert [one.kind for one in collection.pictures] == ["image/png"] * 2
    write(root, {"../../secret.png": PNG, "key.pem": "x", "empty.png": ""})
    (root / "link.png").symlink_to("../../secret.png")
    (root / "dir.png").mkdir()
    names = (
        "../../secret.png",
        "link.png",
        "key.pem",
        "empty.png",
        "dir.png",
        "none.png",
        "%00.png",
    )
    write(root, {"a.md": "".join(f"![x]({name})\n" for name in names)})
    found = faults(root, root.parent)
    assert [fault.split(":")[1] for fault in found] == ["1", "2", "3", "4", "5", "6", "7"]
    told = [fault.split(": ", 2)[2] for fault in found]
    assert [one.split(" ")[0] for one in told[:2]] == ["the", "the"]
    assert all("lies outside" in one for one in told[:2])
    assert told[2].startswith("no picture that a site shows")
    assert [one.removesuffix(" [image]") for one in told[3:]] == [
        *("the picture is empty", "the picture is no file"),
        *("there is no such picture", "there is no such picture"),
    ]


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("a: [", "a.md:3:1: this is not valid YAML"),
        ("- x", "a.md:2:1: the front matter is no mapping"),
        ("title: [x]", "a.md:2:1: title: title is no text"),
        ("labels: x", "a.md:2:1: labels: labels is no list"),
        ("order: first", "a.md:2:1: order: order is no number"),
        ("order: .nan", "a.md:2:1: order: order is no number"),
        ("x: " + "[" * 5000, "a.md:2:1: the front matter is nested deeper"),
        ("a: &a [1]\nb: [*a, *a]", "a.md:2:1: the front matter has an alias"),
        ("x: " + "y" * 20000, "a.md:2:1: the front matter is longer"),
        ("x: !!python/object/apply:os.system [ls]", "a.md:2:4: this is not valid YAML"),
        ("x: \x07", "a.md:2:1: this is not valid YAML"),
        ("title: 2024-13-45T99:00:00Z", "a.md:2:1: this is not valid YAML"),
    ],
)
def test_front_matter_that_is_none(tmp_path: Path, head: str, told: str) -> None:
    write(tmp_path, {"a.md": f"---\n{head}\n---\n# A\n"})
    (fault,) = faults(tmp_path)
    assert fault.startswith(told), fault


def test_front_matter_is_said_and_not_shown(tmp_path: Path) -> None:
    write(
        tmp_path, {"a.md": "---\ntitle: 7\nicon: lucide:x\nlabels: [A, B]\n---\r\n# One\n\n# Two\n"}
    )
    (document,) = documents(read(tmp_path, tmp_path), "b", {})
    assert (document.title, document.h1, document.icon) == ("7", "One", "lucide:x")
    assert document.labels == ("A", "B")
    assert "Two" in document.content
    assert "lucide" not in document.content
    write(tmp_path, {"a.md": "---\nwords that never end"})
    assert read(tmp_path, tmp_path).pages[0].title == "A"


def test_files_that_are_no_pages(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"a.md": b"x\n\xff", "big.md": b"x" * (1024 * 1024 + 1), "bom.md": b"\xef\xbb\xbf# B"},
    )
    (tmp_path / "link.md").symlink_to("/etc/hostname")
    (tmp_path / "lost.md").symlink_to("nowhere")
    found = faults(tmp_path)
    assert [fault.split(": ")[0] for fault in found] == [
        *("a.md:2:1", "big.md:1:1", "link.md:1:1", "lost.md:1:1"),
    ]
    for folder, told in ((tmp_path / "none", "is no folder"), (tmp_path / "void", "has no page")):
        (tmp_path / "void").mkdir(exist_ok=True)
        with pytest.raises(UsageError, match=told):
            read(folder, tmp_path)


def test_a_folder_in_a_folder_in_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {"x/" * 40 + "a.md": ""})
    with pytest.raises(UsageError, match="deeper than 32"):
        read(tmp_path, tmp_path)


def test_a_draft_is_nowhere(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "[d](d.md)", "d.md": "---\ndraft: true\n---\n[x](none.md)"})
    assert faults(tmp_path) == ["a.md:1:5: d.md: the page d.md is not published [link]"]
    write(tmp_path, {"a.md": "x"})
    assert tree(read(tmp_path, tmp_path).pages) == ["A"]


def test_two_pages_never_have_one_address(tmp_path: Path) -> None:
    write(tmp_path, {"a-b.md": "", "a/b.md": "", "指南.md": "", "说明.md": ""})
    (fault,) = faults(tmp_path)
    assert (
        fault == "a-b.md:1:1: would have the address of a/b.md, a-b: rename one of them [address]"
    )


def test_addresses_are_those_of_the_vendors_publisher() -> None:
    assert slug("guide/Getting Started.md") == "guide-getting-started"
    assert slug("/index.md") == "index"
    assert suffix("board") == "859169"
    assert slug("指南.md") != slug("说明.md")
    assert slug("guide/指南.md").startswith("guide-")
    assert slug("---.md") == slug("---.md") != ""


HOSTILE = {
    "brackets": "[" * 10_000,
    "images": "![" * 5_000,
    "quotes": ">" * 200_000,
    "lists": "- " * 100_000,
    "stars": "*a " * 10_000,
    "backticks": "".join("`" * number + "a" for number in range(1, 300)),
    "comments": "a <!--" * 10_000,
    "tags": "<a " * 20_000,
    "table": "|a" * 100 + "\n" + "|-" * 100 + "\n" + "|b\n" * 50,
    "links": "[a](b" * 10_000,
    "definitions": "[a]: b\n" * 10_000,
    "entities": "&a" * 20_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_page_ends_in_time(tmp_path: Path, text: str) -> None:
    """Seconds, where a machine is busy: what grows faster than the page would take hours."""
    write(tmp_path, {"a.md": text})
    began = time.monotonic()
    collection: Collection = read(tmp_path, tmp_path)
    documents(collection, "b", {})
    assert time.monotonic() - began < 60

"""What is sent is what the editor reads: Lexical 0.33 itself, with the vendor's own image node."""

import json
import random
import re
from pathlib import Path
from typing import Any

from agentramp.site.pages.lexical import listing
from agentramp.site.pages.read import read
from agentramp.site.pages.render import documents
from agentramp.site.pages.slugs import suffix
from tests.node.installed import HERE, node_modules, run
from tests.site.pages.folder_of_pages import PNG, write

WHOLE = """\
# Title `with` code

One *slanted* **bold ~~and struck~~** `code` [a **link**](other.md#there "T") end\\
next line
soft.

![A *picture* here](p.png) and [![inner](p.png)](https://example.com/)

## Second

- one
- two

  more of two
  - deep
    1. deeper
  - deep again
- three

7. seven
8. eight

> quoted
>
> again
> - in it
>
> after

```py title="x"
def f():
\treturn 1

```

    indented

```mermaid
graph TD
```

| a | **b** |
|---|---|
| 1 | `2` |
| 3 |   |

---

<div>raw *html*</div>

in <b>line</b> <!-- gone --> &amp; &copy;
<!-- gone
too -->

<https://auto.example/>
"""
TEXT = """\
One slanted bold and struck code a link end
next line soft.

{space}and{space}

Second

one

two
more of two

deep

deeper

deep again

three

seven

eight

quoted
again

in it

after

def f():
\treturn 1


indented

a

b

1

2

3




<div>raw *html*</div>

in <b>line</b>  & ©

https://auto.example/""".replace("{space}", " ")


def states(root: Path) -> list[str]:
    collection = read(root, root)
    urls = {one.sha256: "https://site.example/p.png" for one in collection.pictures}
    return [one.content for one in documents(collection, "board", urls)]


def editor(found: list[str]) -> list[dict[str, Any]]:
    modules = node_modules("lexical")
    told: list[dict[str, Any]] = json.loads(
        run(HERE / "lexical_states.mjs", str(modules), text=json.dumps(found))
    )
    return told


def test_the_editor_holds_the_words_and_writes_the_very_state_again(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": WHOLE, "empty.md": "", "other.md": "# O", "p.png": PNG})
    found = [*states(tmp_path), listing("x")]
    told = editor(found)
    assert [one["state"] for one in told] == [json.loads(one) for one in found]
    assert told[0]["text"] == TEXT
    kinds = set(re.findall(r'"type":"([a-z-]+)"', found[0]))
    assert kinds == {
        *("root", "paragraph", "heading", "text", "linebreak", "list", "listitem", "quote", "link"),
        *("code", "code-highlight", "image", "mermaid", "horizontalrule"),
        *("table", "tablerow", "tablecell"),
    }


def test_blocks_in_blocks_as_deep_as_they_come(tmp_path: Path) -> None:
    """Each is one that an editor would put in order if we had not."""
    chance = random.Random(7)
    texts = {f"p{number}.md": _nested(chance, 4) for number in range(150)}
    write(tmp_path, {**texts, "deep.md": "> - " * 500 + "x", "list.md": _stairs(300)})
    found = states(tmp_path)
    told = editor(found)
    for ours, theirs in zip(found, told, strict=True):
        assert theirs["state"] == json.loads(ours)


def _nested(chance: random.Random, depth: int) -> str:
    if not depth:
        return chance.choice(["words *here*", "```\ncode\n```", "# Head", "---", "|a|\n|-|\n|b|"])
    blocks = []
    for _ in range(chance.randint(1, 3)):
        inner = _nested(chance, depth - 1)
        first, rest = chance.choice([("", ""), ("> ", "> "), ("- ", "  "), ("1. ", "   ")])
        lines = inner.split("\n")
        blocks.append("\n".join((rest if at else first) + line for at, line in enumerate(lines)))
    return chance.choice(["\n", "\n\n"]).join(blocks)


def _stairs(depth: int) -> str:
    return "\n".join("  " * number + "- step" for number in range(depth))


def test_what_a_link_and_an_image_point_to(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": WHOLE, "other.md": "# O", "p.png": PNG})
    (content, _) = states(tmp_path)
    urls = re.findall(r'"url":"([^"]+)"', content)
    other = f"other-{suffix('board')}#there"
    assert urls == [other, "https://example.com/", "https://auto.example/"]
    assert re.findall(r'"src":"([^"]+)"', content) == ["https://site.example/p.png"] * 2
    assert re.findall(r'"altText":"([^"]+)"', content) == ["A picture here", "inner"]


def test_a_script_is_words(tmp_path: Path) -> None:
    text = "<script>alert(1)</script>\n\n[x](javascript:alert(1)) <img src=x onerror=y>\n"
    write(tmp_path, {"a.md": text})
    (content,) = states(tmp_path)
    assert '"url"' not in content
    assert '"src"' not in content
    assert "<script>alert(1)</script>" in content


def test_numbers_are_those_that_the_editor_would_give(tmp_path: Path) -> None:
    """A list within an item takes none; a list may begin at 0."""
    text = "1. a\n   - x\n2. b\n   - y\n3. c\n\nend\n\n0. zero\n1. one\n"
    write(tmp_path, {"a.md": text})
    (content,) = states(tmp_path)
    first, _, second = json.loads(content)["root"]["children"]
    values = [(one["children"][0]["type"], one["value"]) for one in first["children"]]
    assert values == [("text", 1), ("list", 2), ("text", 2), ("list", 3), ("text", 3)]
    assert (second["start"], [one["value"] for one in second["children"]]) == (0, [0, 1])


def test_no_words_of_a_page_pass_for_an_address(tmp_path: Path) -> None:
    text = "[x](b.md) &#xD800;0&#xD800; `\\ud8000\\ud800` <https://x.example/%ED%A0%800%ED%A0%80>\n"
    write(tmp_path, {"a.md": text + '\n[q](<https://x.example/"%22\\>)\n', "b.md": ""})
    content, _ = states(tmp_path)
    urls = re.findall(r'"url":"([^"]+)"', content)
    assert urls[0] == f"b-{suffix('board')}"
    assert len(urls) == 3
    assert "\ud800" not in content
    assert "\\\\ud8000" in content

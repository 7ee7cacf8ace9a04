"""Pages that repeat what the code says are held to it."""

import re
from pathlib import Path

from agentramp import cli
from agentramp.local import assumptions
from tests.house import commands

DOCS = Path(__file__).parents[2] / "docs"
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \| .+ \|$", re.MULTILINE)
MODULE = Path(assumptions.__file__).read_text()
LOCAL_LIMITS = "# --- limits of this machine"


def test_every_assumption_is_listed_with_its_value() -> None:
    assumed = re.findall(r"^([A-Z_]+) = ", MODULE.split(LOCAL_LIMITS)[0], re.MULTILINE)
    page = (DOCS / "reference" / "assumptions.md").read_text()
    assert ROW.findall(page) == [(name, str(getattr(assumptions, name))) for name in assumed]


def test_every_assumption_is_used() -> None:
    room = Path(assumptions.__file__).parent
    code = "".join(p.read_text() for p in room.rglob("*.py") if p.name != "assumptions.py")
    unused = [
        name for name in re.findall(r"^([A-Z_]+) = ", MODULE, re.MULTILINE) if name not in code
    ]
    assert unused == []


def test_the_readme_names_every_verb() -> None:
    readme = (DOCS.parent / "README.md").read_text()
    assert [verb for verb in cli.VERBS if verb not in readme] == []


def test_the_page_of_the_commands_is_what_the_parsers_say() -> None:
    assert commands.PAGE.read_text() == commands.page(), "it is out of date: make docs"


def test_every_difference_to_the_vendor_s_tool_has_a_test_of_its_number() -> None:
    page = (DOCS / "how-to" / "move-from-serverless-devs.md").read_text()
    tests = (DOCS.parent / "tests" / "release" / "test_vendor_traps.py").read_text()
    told = re.findall(r"^\| (\d+) \|", page, re.MULTILINE)
    names = re.findall(r"^def test_trap_(\d+)(?:_and_(\d+))?_", tests, re.MULTILINE)
    assert told == [number for pair in names for number in pair if number]


def test_links_between_pages_lead_somewhere() -> None:
    for page in [DOCS.parent / "README.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_queue_of_the_pages_is_that_of_the_reusable_workflows() -> None:
    """A job of its own and the schedule that goes on with its ramp must wait for each other."""
    pages = "".join(page.read_text() for page in DOCS.rglob("*.md"))
    queues = re.findall(r"^ +group: (\S+)\n.*\n( +queue: max)?", pages, re.MULTILINE)
    form = re.compile(r"agentramp-[a-z]+-[\w./]+-[\w/]*-\w*")
    assert len(queues) >= 3
    assert [one for one, queue in queues if not (queue and form.fullmatch(one))] == []


def test_a_reader_finds_every_page() -> None:
    pages = [DOCS.parent / "README.md", *DOCS.rglob("*.md")]
    linked = {
        (page.parent / target).resolve()
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    }
    assert [page.name for page in pages[1:] if page.resolve() not in linked] == []

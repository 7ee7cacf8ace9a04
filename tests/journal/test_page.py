"""The page on the journal is held to the code."""

import re
import subprocess
from dataclasses import fields, replace
from pathlib import Path

import pytest

from agentramp.journal.lines import ENVELOPE, KINDS, SCHEMA
from agentramp.judge.verdict import Rules
from agentramp.judge.window import Arm, Spread, Window
from agentramp.policy import Policy, Rung
from tests.conformance.journal_suite import EVERY_KIND, SUBJECT
from tests.journal.gits import Place

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "journal.md").read_text()
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


def named(text: str) -> list[str]:
    return re.findall(r"`(\w+)`", text)


def test_every_phase_is_listed_with_its_fields() -> None:
    table = PAGE.split("| `phase` | what it says | fields |")[1]
    rows = re.findall(r"^\| `(\w+)` \| .+? \| ?(.*) \|$", table, re.MULTILINE)
    assert {phase: named(cells) for phase, cells in rows} == {
        phase.value: [field.name for field in fields(kind)] for phase, kind in KINDS.items()
    }
    assert len(rows) == len(KINDS)
    assert f"`schema` ({SCHEMA})" in PAGE
    assert all(f"`{name}`" in PAGE for name in ENVELOPE)


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ("policy", Policy),
        ("rung", Rung),
        ("rules", Rules),
        ("window", Window),
        ("arm", Arm),
        ("spread", Spread),
    ],
)
def test_every_part_is_listed_with_its_fields(part: str, kind: type) -> None:
    (cells,) = re.findall(rf"^\| {part} \| (.+) \|$", PAGE, re.MULTILINE)
    assert named(cells) == [field.name for field in fields(kind)]


def test_the_commands_do_what_the_page_says(place: Place) -> None:
    reading, clearing = COMMANDS
    clone = place.clone()
    journal = replace(place.journal(clone), prefix="cn-hangzhou")
    journal.append(SUBJECT, *EVERY_KIND, expected=0)
    printed = run(place, clone, reading).splitlines()
    assert len(printed) == 2 * len(EVERY_KIND)
    opened = "begins to move: a new endpoint -> LATEST 100 % (a first release)"
    assert printed[0] == f"2023-11-14 22:13:20 +0000 shift-traffic: {opened}"
    assert printed[-1].startswith('{"schema":1,"phase":"uninstalled"')
    run(place, clone, clearing)
    assert place.refs() == []
    assert journal.read(SUBJECT) == ()


def run(place: Place, clone: Path, script: str) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=clone,
        env=place.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

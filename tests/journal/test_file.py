import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentramp.journal.file import FileJournal
from agentramp.journal.port import HeldError, Journal, JournalError
from agentramp.model import LATEST, Split
from agentramp.record import Moved, Moving, Record, Undone
from tests.conformance.journal_suite import (
    DONE,
    INTENT,
    SUBJECT,
    Another,
    HoldingSuite,
    LastingSuite,
)

FIRST_EDITION = """\
{"phase": "intent", "verb": "shift-traffic", "at": 1.5, "before": null, "after": [["LATEST", 100]]}
{"phase": "done", "verb": "shift-traffic", "at": 2, "before": null, "after": [[1, 90], [2, 10]]}
{"phase": "undone", "verb": "x", "at": 3.0, "before": [[1, 90], [2, 10]], "after": [[1, 100]]}
"""


class TestFile(HoldingSuite, LastingSuite):
    @pytest.fixture
    def journal(self, another: Another) -> Journal:
        return another()

    @pytest.fixture
    def another(self, tmp_path: Path) -> Another:
        return lambda: FileJournal(tmp_path / "journal" / "local")


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    (tmp_path / "agent").mkdir()
    return tmp_path / "agent" / "production.jsonl"


@pytest.mark.parametrize("torn", ['{"phase": "do', '[{"schema":1},', "\N{BULLET}", "{}"])
def test_a_writer_that_died_in_the_middle(tmp_path: Path, lines: Path, torn: str) -> None:
    journal = FileJournal(tmp_path)
    journal.append(SUBJECT, INTENT, expected=0)
    with lines.open("ab") as file:
        file.write(torn.encode()[:13])
    assert journal.read(SUBJECT) == (INTENT,)
    journal.append(SUBJECT, DONE, INTENT, expected=1)
    assert journal.read(SUBJECT) == (INTENT, DONE, INTENT)


def test_however_much_of_several_was_written_all_are_in_or_none(
    tmp_path: Path, lines: Path
) -> None:
    journal = FileJournal(tmp_path)
    journal.append(SUBJECT, INTENT, DONE, expected=0)
    whole = lines.read_bytes()
    for length in range(0, len(whole), 7):
        lines.write_bytes(whole[:length])
        assert journal.read(SUBJECT) == ()


def test_a_disk_that_is_full_leaves_none(tmp_path: Path, lines: Path) -> None:
    """The system's bound on the size of a file cuts the write, as a full disk does."""
    code = (
        "import pathlib, resource, signal, sys\n"
        "from agentramp.journal.file import FileJournal\n"
        "from agentramp.journal.port import JournalError\n"
        "from tests.conformance.journal_suite import DONE, INTENT, SUBJECT\n"
        "journal = FileJournal(pathlib.Path(sys.argv[1]))\n"
        "journal.append(SUBJECT, INTENT, expected=0)\n"
        "size = pathlib.Path(sys.argv[2]).stat().st_size\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, size + 20))\n"
        "try:\n"
        "    journal.append(SUBJECT, DONE, DONE, expected=1)\n"
        "except JournalError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(lines)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cannot be used" in done.stdout
    assert lines.read_bytes().count(b"\n") == 1
    assert lines.read_bytes().endswith(b"\n")
    assert FileJournal(tmp_path).read(SUBJECT) == (INTENT,)


def test_what_the_first_edition_wrote(tmp_path: Path, lines: Path) -> None:
    lines.write_text(FIRST_EDITION)
    journal = FileJournal(tmp_path)
    split = Split(1, ((2, 10),))
    old = (
        Record("shift-traffic", 1.5, Moving(None, Split(LATEST))),
        Record("shift-traffic", 2.0, Moved(None, split)),
        Record("x", 3.0, Undone(split, Split(1))),
    )
    assert journal.read(SUBJECT) == old
    journal.append(SUBJECT, INTENT, expected=3)
    assert journal.read(SUBJECT) == (*old, INTENT)
    assert lines.read_text().startswith(FIRST_EDITION)


def test_a_journal_changed_by_hand(tmp_path: Path, lines: Path) -> None:
    lines.write_text('{"phase": "hope"}\n')
    with pytest.raises(JournalError, match=r"production\.jsonl:1: not a journal record"):
        FileJournal(tmp_path).read(SUBJECT)


def test_what_a_newer_one_wrote_is_left_alone(tmp_path: Path, lines: Path) -> None:
    newer = json.dumps({"schema": 2, "phase": "dreamt"}) + "\n"
    lines.write_text(newer)
    journal = FileJournal(tmp_path)
    with pytest.raises(JournalError, match=r"production\.jsonl:1: a newer agentramp") as told:
        journal.read(SUBJECT)
    assert told.value.exit_code == 3
    assert "update" in told.value.advice
    with pytest.raises(JournalError, match="a newer agentramp"):
        journal.append(SUBJECT, INTENT, expected=1)
    assert lines.read_text() == newer


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path, lines: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff")
    journal = FileJournal(tmp_path / "file" / "below")
    with pytest.raises(JournalError, match="cannot be used"):
        journal.append(SUBJECT, INTENT, expected=0)
    with pytest.raises(JournalError), journal.hold(SUBJECT):
        pass
    lines.write_bytes(b"\xff\n")
    with pytest.raises(JournalError, match="cannot be used"):
        FileJournal(tmp_path).read(SUBJECT)


def test_another_process_holds_until_it_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, time\n"
        "from agentramp.journal.file import FileJournal\n"
        "from agentramp.plan import Subject\n"
        "with FileJournal(pathlib.Path(sys.argv[1])).hold(Subject('agent', 'production')):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    journal = FileJournal(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, env=os.environ
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(HeldError), journal.hold(SUBJECT):
            pass
        other.kill()
        other.wait()
    with journal.hold(SUBJECT):
        pass

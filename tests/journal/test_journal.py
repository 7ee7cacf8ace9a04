import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentramp.journal.file import FileJournal
from agentramp.journal.memory import MemoryJournal
from agentramp.journal.port import HeldError, Journal, JournalError, Phase, Record, served
from agentramp.model import LATEST, Split
from tests.conformance.journal_suite import DONE, INTENT, SUBJECT, JournalSuite


class TestMemory(JournalSuite):
    @pytest.fixture
    def journal(self) -> Journal:
        return MemoryJournal()


class TestFile(JournalSuite):
    @pytest.fixture
    def journal(self, tmp_path: Path) -> Journal:
        return FileJournal(tmp_path / "journal" / "local")

    def test_a_writer_that_died_in_the_middle(self, tmp_path: Path) -> None:
        journal = FileJournal(tmp_path)
        journal.append(SUBJECT, INTENT, expected=0)
        with (tmp_path / "agent" / "production.jsonl").open("a") as file:
            file.write('{"phase": "do')
        assert journal.read(SUBJECT) == (INTENT,)
        journal.append(SUBJECT, DONE, expected=1)
        assert journal.read(SUBJECT) == (INTENT, DONE)

    def test_a_journal_changed_by_hand(self, tmp_path: Path) -> None:
        (tmp_path / "agent").mkdir()
        (tmp_path / "agent" / "production.jsonl").write_text('{"phase": "hope"}\n')
        with pytest.raises(JournalError, match=r"production\.jsonl:1: not a journal record"):
            FileJournal(tmp_path).read(SUBJECT)

    def test_a_folder_that_cannot_be_used_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"\xff")
        journal = FileJournal(tmp_path / "file" / "below")
        with pytest.raises(JournalError, match="cannot be used"):
            journal.append(SUBJECT, INTENT, expected=0)
        with pytest.raises(JournalError), journal.hold(SUBJECT):
            pass
        (tmp_path / "agent").mkdir()
        (tmp_path / "agent" / "production.jsonl").write_bytes(b"\xff\n")
        with pytest.raises(JournalError, match="cannot be used"):
            FileJournal(tmp_path).read(SUBJECT)

    def test_another_process_holds_until_it_is_killed(self, tmp_path: Path) -> None:
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


def history(*splits: Split) -> tuple[int, ...]:
    """The versions that served, after each split was followed by the next."""
    before: Split | None = None
    records = []
    for split in splits:
        records.append(Record(Phase.INTENT, "x", 0, before, split))
        records.append(Record(Phase.DONE, "x", 0, before, split))
        before = split
    return served(records)


@pytest.mark.parametrize(
    ("splits", "path"),
    [
        ((), ()),
        ((Split(1),), (1,)),
        ((Split(1), Split(1, ((2, 10),)), Split(2)), (1, 2)),
        ((Split(1), Split(1, ((2, 10),)), Split(1)), (1,)),
        ((Split(1), Split(2), Split(3), Split(2)), (1, 2)),
        ((Split(1), Split(2), Split(1), Split(2)), (1, 2)),
        ((Split(LATEST), Split(1)), (1,)),
    ],
)
def test_what_served_is_a_path(splits: tuple[Split, ...], path: tuple[int, ...]) -> None:
    assert history(*splits) == path


def test_what_was_only_meant_or_undone_never_served() -> None:
    records = [
        Record(Phase.DONE, "x", 0, None, Split(1)),
        Record(Phase.INTENT, "x", 0, Split(1), Split(2)),
        Record(Phase.UNDONE, "x", 0, Split(2), Split(1)),
        Record(Phase.INTENT, "x", 0, Split(1), Split(3)),
    ]
    assert served(records) == (1,)

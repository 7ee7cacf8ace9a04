"""What every journal must do. An implementation joins with a fixture ``journal``."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeAlias

import pytest

from agentramp.component import Installation
from agentramp.journal.port import HeldError, Journal
from agentramp.judge.verdict import Decision
from agentramp.judge.window import Arm, Spread, Tally, Window
from agentramp.model import LATEST, Split
from agentramp.plan import Subject
from agentramp.policy import Policy
from agentramp.record import (
    Adopted,
    Approved,
    Begun,
    Installed,
    Installing,
    Judged,
    Moved,
    Moving,
    Paused,
    Queued,
    Record,
    Refused,
    Removed,
    Removing,
    Resumed,
    Undone,
    Uninstalled,
)

SUBJECT = Subject("agent", "production")
SUBJECTS = (
    SUBJECT,
    Subject("agent", "staging"),
    Subject("agent"),
    Subject("agent-2", "production"),
)
FIRST, LAST = Split(LATEST), Split(7, ((8, 10),))
INTENT = Record("shift-traffic", 1_700_000_000.5, Moving(None, FIRST, "a first release"), "ada")
DONE = Record("shift-traffic", 1_700_000_001.0, Moved(FIRST, LAST))
WINDOW = Window(
    start=1_700_000_000,
    end=1_700_000_300.25,
    canary=Arm(Tally(20, 1), Spread((0.5, 1.0), (3, 4, 13), 22.5, 30.125), quality=Tally(3, 1)),
    stable=Arm(Tally(180, 2), cost=Spread((), (180,))),
    weight=10,
)
OLDER = Installation("z2qa", "0.1.0", "/shop", "a" * 64, "b" * 64)
NEWER = Installation("z2qa", "0.1.1", "/shop", "c" * 64, "")
EVERY_KIND = (
    INTENT,
    DONE,
    Record("promote", 2.0, Undone(LAST, FIRST)),
    Record("deploy", 2.0, Removing(FIRST)),
    Record("deploy", 2.0, Removed(FIRST)),
    Record("release", 3.0, Begun("r-1", 7, 8, Policy(max_blind=3)), "ci: run 7"),
    Record("promote", 4.0, Judged("r-1", Decision.HOLD, "12 more", 0.5, 100, 300.0, (WINDOW,))),
    Record("promote", 5.0, Judged("r-1", Decision.HOLD, "no answer", 0.5, 100, 300.0, blind=True)),
    Record("pause", 6.0, Paused("a “freeze”,\nuntil Monday\0")),
    Record("resume", 7.0, Resumed()),
    Record("approve", 8.0, Approved(30), "Grace <grace@example.org>"),
    Record("adopt", 9.0, Adopted(LAST)),
    Record("release", 10.0, Queued(9)),
    Record("release", 11.0, Refused(9, "3 of 20 prompts")),
    Record("deploy", 12.0, Installing(OLDER, NEWER, "a “release”")),
    Record("deploy", 13.0, Installing(None, OLDER)),
    Record("deploy", 14.0, Installed(NEWER)),
    Record("remove", 15.0, Uninstalled(OLDER)),
)
Another: TypeAlias = Callable[[], Journal]


def note(number: int, by: str = "") -> Record:
    return Record("release", float(number), Queued(number), by)


class JournalSuite:
    """``another`` opens the same journal as another run would."""

    def test_an_empty_journal(self, journal: Journal) -> None:
        assert journal.read(SUBJECT) == ()

    def test_records_come_back_as_they_were(self, journal: Journal, another: Another) -> None:
        for number, record in enumerate(EVERY_KIND):
            journal.append(SUBJECT, record, expected=number)
        assert journal.read(SUBJECT) == EVERY_KIND
        assert another().read(SUBJECT) == EVERY_KIND

    def test_several_are_added_at_once_in_their_order(
        self, journal: Journal, another: Another
    ) -> None:
        journal.append(SUBJECT, *EVERY_KIND[:4], expected=0)
        journal.append(SUBJECT, EVERY_KIND[4], expected=4)
        journal.append(SUBJECT, *EVERY_KIND[5:], expected=5)
        assert journal.read(SUBJECT) == another().read(SUBJECT) == EVERY_KIND

    @pytest.mark.parametrize("expected", [0, 2])
    def test_records_are_added_only_to_what_was_read(self, journal: Journal, expected: int) -> None:
        journal.append(SUBJECT, INTENT, expected=0)
        with pytest.raises(HeldError, match="agent/production") as told:
            journal.append(SUBJECT, DONE, INTENT, expected=expected)
        assert told.value.exit_code == 6
        assert journal.read(SUBJECT) == (INTENT,)

    def test_nothing_is_added_after_records_that_are_not_there(self, journal: Journal) -> None:
        with pytest.raises(HeldError):
            journal.append(SUBJECT, INTENT, expected=1)
        assert journal.read(SUBJECT) == ()

    def test_to_add_nothing_is_to_ask_whether_it_is_as_it_was(self, journal: Journal) -> None:
        journal.append(SUBJECT, expected=0)
        assert journal.read(SUBJECT) == ()
        with pytest.raises(HeldError):
            journal.append(SUBJECT, expected=1)

    def test_what_another_run_wrote_since_is_seen(self, journal: Journal, another: Another) -> None:
        journal.append(SUBJECT, INTENT, expected=0)
        other = another()
        assert other.read(SUBJECT) == (INTENT,)
        other.append(SUBJECT, DONE, expected=1)
        with pytest.raises(HeldError):
            journal.append(SUBJECT, INTENT, DONE, expected=1)
        assert journal.read(SUBJECT) == (INTENT, DONE)
        journal.append(SUBJECT, INTENT, expected=2)
        assert other.read(SUBJECT) == (INTENT, DONE, INTENT)

    def test_subjects_do_not_share_a_journal(self, journal: Journal) -> None:
        for number, subject in enumerate(SUBJECTS):
            journal.append(subject, note(number), expected=0)
        assert [journal.read(subject) for subject in SUBJECTS] == [
            (note(number),) for number in range(len(SUBJECTS))
        ]

    def test_of_two_equal_writers_one_wins_each_position(self, another: Another) -> None:
        """Both write the very same records at the same moment, and none believes a lost one in."""
        rounds, writers = 5, 3
        start = Barrier(writers)

        def write(journal: Journal) -> list[int]:
            won = []
            for number in range(rounds):
                start.wait()
                try:
                    journal.append(SUBJECT, note(number), note(number), expected=2 * number)
                    won.append(number)
                except HeldError:
                    pass
            return won

        with ThreadPoolExecutor(writers) as pool:
            won = list(pool.map(write, [another() for _ in range(writers)]))
        assert sorted(number for one in won for number in one) == list(range(rounds))
        expected = [note(number) for number in range(rounds) for _ in range(2)]
        assert list(another().read(SUBJECT)) == expected

    def test_a_subject_may_be_held_while_others_are(self, journal: Journal) -> None:
        with journal.hold(SUBJECTS[0]), journal.hold(SUBJECTS[1]), journal.hold(SUBJECTS[2]):
            journal.append(SUBJECT, INTENT, expected=0)
        with journal.hold(SUBJECT):
            assert journal.read(SUBJECT) == (INTENT,)


class HoldingSuite(JournalSuite):
    """For journals that know of other holders."""

    def test_one_holder_at_a_time(self, journal: Journal, another: Another) -> None:
        with (
            journal.hold(SUBJECT),
            pytest.raises(HeldError, match="agent/production"),
            another().hold(SUBJECT),
        ):
            pass
        with another().hold(SUBJECT):
            pass


class LastingSuite(JournalSuite):
    """For journals that outlive the run."""

    def test_a_number_that_is_none_is_not_written(self, journal: Journal) -> None:
        nan = Record("promote", float("nan"), Resumed())
        with pytest.raises(ValueError, match="JSON compliant"):
            journal.append(SUBJECT, INTENT, nan, expected=0)
        assert journal.read(SUBJECT) == ()

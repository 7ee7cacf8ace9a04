"""What every journal must do. An implementation joins with a fixture ``journal``."""

import pytest

from agentramp.journal.port import HeldError, Journal, Phase, Record
from agentramp.model import LATEST, Split
from agentramp.plan import Subject

SUBJECT = Subject("agent", "production")
OTHER = Subject("agent", "staging")
INTENT = Record(Phase.INTENT, "shift-traffic", 1_700_000_000.5, None, Split(1))
DONE = Record(Phase.DONE, "shift-traffic", 1_700_000_001.0, Split(LATEST), Split(1, ((2, 10),)))


class JournalSuite:
    def test_an_empty_journal(self, journal: Journal) -> None:
        assert journal.read(SUBJECT) == ()

    def test_records_come_back_as_they_were(self, journal: Journal) -> None:
        journal.append(SUBJECT, INTENT, expected=0)
        journal.append(SUBJECT, DONE, expected=1)
        assert journal.read(SUBJECT) == (INTENT, DONE)
        assert journal.read(OTHER) == ()

    @pytest.mark.parametrize("expected", [0, 2])
    def test_a_record_is_added_only_to_what_was_read(self, journal: Journal, expected: int) -> None:
        journal.append(SUBJECT, INTENT, expected=0)
        with pytest.raises(HeldError) as told:
            journal.append(SUBJECT, DONE, expected=expected)
        assert told.value.exit_code == 6
        assert journal.read(SUBJECT) == (INTENT,)

    def test_one_holder_at_a_time(self, journal: Journal) -> None:
        with (
            journal.hold(SUBJECT),
            pytest.raises(HeldError, match="agent/production"),
            journal.hold(SUBJECT),
        ):
            pass
        with journal.hold(SUBJECT), journal.hold(OTHER), journal.hold(Subject("agent")):
            pass

"""The journal against real git and real bare repositories; failures come from a git on PATH."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentramp.journal.commits import message
from agentramp.journal.git import ATTEMPTS
from agentramp.journal.port import HeldError, Journal, JournalError
from agentramp.judge.verdict import Decision
from agentramp.model import Split
from agentramp.plan import Subject
from agentramp.record import Adopted, Begun, Judged, Moved, Moving, Paused, Record, Resumed, Undone
from tests.conformance.journal_suite import (
    DONE,
    EVERY_KIND,
    INTENT,
    SUBJECT,
    Another,
    LastingSuite,
    note,
)
from tests.journal.gits import REF, Place


class TestGit(LastingSuite):
    @pytest.fixture
    def journal(self, another: Another) -> Journal:
        return another()

    @pytest.fixture
    def another(self, place: Place) -> Another:
        return place.journal


class TestRunsThatShareAShallowClone(LastingSuite):
    @pytest.fixture
    def journal(self, another: Another) -> Journal:
        return another()

    @pytest.fixture
    def another(self, place: Place) -> Another:
        clone = place.shallow()
        return lambda: place.journal(clone)


# --- answers that are lost


def test_a_push_that_arrived_though_it_failed(place: Place) -> None:
    journal = place.journal(PATH=place.failing('"$GIT" "$@"; exit 1'))
    journal.append(SUBJECT, INTENT, DONE, expected=0)
    journal.append(SUBJECT, note(1), expected=2)
    assert place.journal().read(SUBJECT) == journal.read(SUBJECT) == (INTENT, DONE, note(1))
    assert place.pushes() == 2
    assert place.slept == []


def test_a_push_that_arrived_and_never_ends_is_stopped(place: Place) -> None:
    journal = place.journal(PATH=place.failing('"$GIT" "$@"; sleep 60'))
    journal.timeout = 3
    journal.append(SUBJECT, INTENT, DONE, expected=0)
    assert place.journal().read(SUBJECT) == (INTENT, DONE)
    assert place.pushes() == 1


def test_a_push_that_fails_twice_is_tried_again(place: Place) -> None:
    script = '(( $(wc -l < "$HERE/pushes") < 3 )) && exit 128; exec "$GIT" "$@"'
    journal = place.journal(PATH=place.failing(script))
    journal.append(SUBJECT, INTENT, DONE, expected=0)
    assert place.journal().read(SUBJECT) == (INTENT, DONE)
    assert place.pushes() == 3
    assert len(place.slept) == 2
    assert place.slept[0] < place.slept[1]


def test_a_push_that_never_arrives_is_told_and_leaves_nothing(place: Place) -> None:
    clone = place.clone()
    lost = place.journal(clone, PATH=place.failing('echo "no route to host" >&2; exit 128'))
    with pytest.raises(JournalError, match="no route to host") as told:
        lost.append(SUBJECT, INTENT, DONE, expected=0)
    assert told.value.exit_code == 3
    assert place.pushes() == ATTEMPTS
    assert place.refs() == []
    assert lost.read(SUBJECT) == ()
    place.journal(clone).append(SUBJECT, INTENT, expected=0)


@pytest.mark.parametrize(
    ("command", "told", "slept"),
    [
        ("ls-remote", "cannot be read from origin: broken", ATTEMPTS - 1),
        ("fetch", "cannot be read from origin: broken", ATTEMPTS - 1),
        ("log", "only in part: broken", 0),
        ("mktree", "no record can be made in .*: broken", 0),
        ("commit-tree", "no record can be made in .*: broken", 0),
    ],
)
def test_a_git_that_fails_changes_nothing(
    place: Place, command: str, told: str, slept: int
) -> None:
    place.journal().append(SUBJECT, INTENT, expected=0)
    journal = place.journal(PATH=place.failing("echo broken >&2; exit 128", command))
    with pytest.raises(JournalError, match=told):
        journal.append(SUBJECT, DONE, expected=1)
    assert len(place.slept) == slept
    assert place.journal().read(SUBJECT) == (INTENT,)


def test_another_run_that_was_first_between_reading_and_pushing(place: Place) -> None:
    theirs = place.commit(message(note(9), "aa"))
    script = f'"$GIT" -C {place.bare} update-ref {REF} {theirs}; exec "$GIT" "$@"'
    journal = place.journal(PATH=place.failing(script))
    assert journal.read(SUBJECT) == ()
    with pytest.raises(HeldError):
        journal.append(SUBJECT, INTENT, DONE, expected=0)
    assert place.journal().read(SUBJECT) == (note(9),)
    assert place.pushes() == 1
    assert place.slept == []


def test_another_run_that_went_on_from_a_push_whose_answer_was_lost(place: Place) -> None:
    """The records are in, once; but the subject is the other run's now."""
    (place.folder / "text").write_text(message(note(9), "aa"))
    script = (
        f'"$GIT" "$@"; cd {place.bare}\n'
        f'tree=$("$GIT" mktree < /dev/null)\n'
        f'theirs=$("$GIT" commit-tree -p {REF} -F {place.folder}/text "$tree")\n'
        f'"$GIT" update-ref {REF} "$theirs"; exit 1'
    )
    journal = place.journal(PATH=place.failing(script))
    with pytest.raises(HeldError):
        journal.append(SUBJECT, INTENT, DONE, expected=0)
    assert place.journal().read(SUBJECT) == (INTENT, DONE, note(9))


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("kill -9 $PPID; exit 1", ()),
        ('"$GIT" "$@"; kill -9 $PPID; exit 1', (INTENT, DONE)),
        ('kill -9 $PPID; "$GIT" "$@"', (INTENT, DONE)),
    ],
)
def test_a_run_that_is_killed_leaves_all_or_none(
    place: Place, script: str, found: tuple[Record, ...]
) -> None:
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from agentramp.journal.git import GitJournal\n"
        "from tests.conformance.journal_suite import DONE, INTENT, SUBJECT\n"
        "journal = GitJournal(Path(sys.argv[1]), 'origin', 'cn-test', dict(os.environ))\n"
        "journal.append(SUBJECT, INTENT, DONE, expected=0)\n"
    )
    clone = place.clone()
    done = subprocess.run(
        [sys.executable, "-c", code, str(clone)],
        cwd=Path(__file__).parents[2],
        env={
            **place.environ,
            "PATH": place.failing(script),
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        check=False,
    )
    assert done.returncode == -9
    place.await_push()
    again = place.journal(clone)
    assert again.read(SUBJECT) == found
    again.append(SUBJECT, note(1), expected=len(found))


# --- what others may have done to the ref


@pytest.mark.parametrize(
    "text",
    ["hello", "a: b\n\nno json\n", 'a: b\n\n{"schema":1}\n', "a: b\n\n{}\n{}\n", 'a: b\n{"x":1}\n'],
)
def test_a_commit_that_is_none_of_ours_is_named(place: Place, text: str) -> None:
    journal = place.journal()
    journal.append(SUBJECT, INTENT, expected=0)
    sha = place.commit(text, place.git("rev-parse", REF))
    place.git("update-ref", REF, sha)
    for reader in (journal, place.journal()):
        with pytest.raises(JournalError, match=f"commit {sha} on {REF}"):
            reader.read(SUBJECT)
    with pytest.raises(JournalError, match=sha):
        place.journal().append(SUBJECT, DONE, expected=2)
    assert place.git("rev-parse", REF) == sha


def test_a_merge_is_none_of_ours(place: Place) -> None:
    one, two = (place.commit(message(note(number), "aa")) for number in range(2))
    sha = place.commit(message(note(2), "aa"), one, two)
    place.git("update-ref", REF, sha)
    with pytest.raises(JournalError, match=r"commit \w+ on refs/agentramp"):
        place.journal().read(SUBJECT)


def test_what_a_newer_one_wrote_is_left_alone(place: Place) -> None:
    sha = place.commit('dream: dreamt\n\n{"schema":2,"phase":"dreamt"}\n')
    place.git("update-ref", REF, sha)
    with pytest.raises(JournalError, match=f"{sha}.*a newer agentramp wrote this"):
        place.journal().append(SUBJECT, INTENT, expected=1)
    assert place.git("rev-parse", REF) == sha


def test_a_ref_that_was_cleared_begins_anew(place: Place) -> None:
    journal = place.journal()
    journal.append(SUBJECT, INTENT, DONE, expected=0)
    place.git("push", "--quiet", "origin", "--delete", REF, at=place.clone())
    assert journal.read(SUBJECT) == ()
    journal.append(SUBJECT, note(1), expected=0)
    assert place.journal().read(SUBJECT) == (note(1),)


def test_objects_that_were_collected_are_fetched_again(place: Place) -> None:
    clone = place.clone()
    place.journal(clone).append(SUBJECT, *EVERY_KIND, expected=0)
    place.git("gc", "--quiet", "--prune=now", at=clone)
    assert place.journal(clone).read(SUBJECT) == EVERY_KIND


def test_a_journal_that_lost_its_objects_finds_them_again(place: Place) -> None:
    clone = place.clone()
    journal = place.journal(clone)
    journal.append(SUBJECT, INTENT, expected=0)
    place.git("gc", "--quiet", "--prune=now", at=clone)
    with pytest.raises(JournalError, match="no record can be made"):
        journal.append(SUBJECT, DONE, expected=1)
    assert journal.read(SUBJECT) == (INTENT,)
    journal.append(SUBJECT, DONE, expected=1)
    assert place.journal().read(SUBJECT) == (INTENT, DONE)


def test_a_chain_that_is_cut_off_is_never_taken_for_whole(place: Place) -> None:
    place.journal().append(SUBJECT, *EVERY_KIND, expected=0)
    clone = place.shallow()
    place.git("fetch", "--quiet", "--depth=1", "origin", f"+{REF}:{REF}", at=clone)
    with pytest.raises(JournalError, match="only in part"):
        place.journal(clone).read(SUBJECT)


# --- the audit trail


def test_git_log_of_the_ref_reads_as_the_audit_trail(place: Place) -> None:
    ramping, further = Split(7, ((8, 10),)), Split(7, ((8, 30),))
    judged = Judged("r-1", Decision.HOLD, "12 more\nsessions", 0.5, 100, 60.0)
    begun = next(record.event for record in EVERY_KIND if isinstance(record.event, Begun))
    at = 1_700_000_000.75
    journal = place.journal()
    journal.append(SUBJECT, Record("release", at, Moving(None, Split(7), "first")), expected=0)
    journal.append(
        SUBJECT,
        Record("release", at + 1, begun, "ci"),
        Record("promote", at + 60, judged),
        Record("promote", at + 120, Moving(ramping, further)),
        Record("promote", at + 121, Moved(ramping, further)),
        Record("abort", at + 180, Undone(further, Split(7))),
        Record("pause", at + 240, Paused("freeze" * 99)),
        Record("resume", at + 300, Resumed()),
        Record("adopt", at + 360, Adopted(ramping)),
        expected=1,
    )
    log = place.git("log", "--reverse", "--format=%aI %an <%ae> %s", REF).splitlines()
    assert [line.split(" agentramp <agentramp@invalid> ")[1] for line in log] == [
        "release: begins to move: a new endpoint -> v7 100 % (first)",
        "release: puts version 8 on trial against version 7: 10, 30, 50, 100 %, alpha 0.01",
        "promote: 12 more sessions",
        "promote: begins to move: v7 90 %, v8 10 % -> v7 70 %, v8 30 %",
        "promote: done: serves v7 70 %, v8 30 %",
        "abort: undone: serves v7 100 % again",
        f"pause: paused: {('freeze' * 99)[:284]}…",
        "resume: resumed",
        "adopt: took over what was found: v7 90 %, v8 10 %",
    ]
    assert log[0].startswith("2023-11-14T22:13:20+00:00 ")
    body = place.git("log", "-1", "--format=%b", REF).splitlines()[0]
    assert body.startswith('{"schema":1,"phase":"adopted","verb":"adopt","at":17')
    assert place.git("ls-tree", REF) == ""


@pytest.mark.parametrize("at", [-1.0, 0.0, 1e300])
def test_any_time_can_be_recorded(place: Place, at: float) -> None:
    record = Record("pause", at, Paused("\ud800 half a character"))
    place.journal().append(SUBJECT, record, expected=0)
    assert place.journal().read(SUBJECT) == (record,)


def test_a_ref_for_each_subject(place: Place) -> None:
    journal = place.journal()
    for subject in (SUBJECT, Subject("agent"), Subject("a_B-2", "x")):
        journal.append(subject, INTENT, expected=0)
    assert place.refs() == [
        "refs/agentramp/cn-test/a_B-2/x",
        "refs/agentramp/cn-test/agent/_runtime",
        "refs/agentramp/cn-test/agent/production",
    ]


@pytest.mark.parametrize("name", ["a/b", "..", "a.lock", "a b", "-x", "a:b", "a\n"])
def test_what_cannot_be_a_ref_is_refused(place: Place, name: str) -> None:
    with pytest.raises(JournalError, match="name of a git ref"):
        place.journal().append(Subject("agent", name), INTENT, expected=0)
    assert place.refs() == []

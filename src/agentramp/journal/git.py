"""The journal as one git ref for each subject, on a remote that every runner can reach.

A record is a commit without files that follows on the one before it. Records are added by a push
without force, which git refuses where another run was first: that is the compare-and-swap. An
intent is pushed before any traffic is moved, so a run that may not write the journal ends before
it advances, and never finds out half-way that it cannot record its way back.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import tenacity

from agentramp.journal.commits import LOG_FORMAT, commits, message, records
from agentramp.journal.gitremote import Answer, GitRemote
from agentramp.journal.port import HeldError, JournalError
from agentramp.plan import Subject
from agentramp.record import Record

NAMESPACE: Final = "refs/agentramp"
ATTEMPTS: Final = 4
_HEAD = "_runtime"  # no endpoint can have this name: they begin with a letter
_LAST_DATE = 1 << 40
_ONE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_NOBODY = {
    "GIT_AUTHOR_NAME": "agentramp",
    "GIT_AUTHOR_EMAIL": "agentramp@invalid",
    "GIT_COMMITTER_NAME": "agentramp",
    "GIT_COMMITTER_EMAIL": "agentramp@invalid",
}


class _UnsettledError(JournalError):
    """It failed in a way that may pass."""


@dataclass(frozen=True)
class _Known:
    tip: str = ""
    records: tuple[Record, ...] = ()


@dataclass
class GitJournal:
    """``prefix`` is the region: two accounts that share a repository need two prefixes.

    ``remote`` is a configured remote's name, a URL or a path; ``repository`` is any clone, also a
    shallow one, and gets nothing but objects. ``timeout`` is seconds for each call of git.
    """

    repository: Path
    remote: str
    prefix: str
    environ: Mapping[str, str]
    sleep: Callable[[float], None] = time.sleep
    append_id: Callable[[], str] = lambda: secrets.token_hex(8)
    timeout: float = 60.0
    _known: dict[str, _Known] = field(default_factory=dict, init=False, repr=False)

    @contextmanager
    def hold(self, subject: Subject) -> Iterator[None]:  # noqa: ARG002 - the port's signature
        """Holds nobody back: runs on two machines know of each other by ``append`` alone."""
        yield

    def read(self, subject: Subject) -> tuple[Record, ...]:
        return self._retrying()(self._look, self.ref(subject)).records

    def append(self, subject: Subject, *records: Record, expected: int) -> None:
        """As the port says; after a JournalError that tells of no answer nobody knows yet.

        The records may then still arrive, all of them; the next run reads whether they did.
        """
        append_id = self.append_id()
        texts = [message(record, append_id) for record in records]
        ref = self.ref(subject)
        known = self._known.pop(ref, None)
        if known is None or len(known.records) != expected:
            known = self._retrying()(self._look, ref)
        if len(known.records) != expected:
            raise _held(subject)
        tip = known.tip
        for record, text in zip(records, texts, strict=True):
            tip = self._commit(record, text, tip)
        if records:
            self._retrying()(self._push, subject, ref, known.tip, tip)
        self._known[ref] = _Known(tip, (*known.records, *records))

    def ref(self, subject: Subject) -> str:
        names = (*self.prefix.split("/"), subject.runtime, subject.endpoint or _HEAD)
        if not all(_ONE_NAME.fullmatch(name) for name in names):
            raise JournalError(
                f"{'/'.join(names)} cannot be the name of a git ref",
                advice="use names of letters, digits, - and _",
            )
        return f"{NAMESPACE}/{'/'.join(names)}"

    def _look(self, ref: str) -> _Known:
        tip = self._tip(ref)
        known = self._known.get(ref, _Known())
        if known.tip != tip:
            known = _Known(tip, self._records(ref, tip))
        self._known[ref] = known
        return known

    def _tip(self, ref: str) -> str:
        answer = self._git.tip(ref)
        if not answer.ok:
            raise self._unreadable(ref, answer)
        return answer.out

    def _records(self, ref: str, tip: str) -> tuple[Record, ...]:
        if not tip:
            return ()
        log = self._git.log(tip, LOG_FORMAT)
        if not log.ok:
            fetched = self._git.fetch(ref)
            if not fetched.ok:
                raise self._unreadable(ref, fetched)
            log = self._git.log(tip, LOG_FORMAT)
        if not log.ok:
            raise JournalError(
                f"{ref} lies in {self.repository} only in part: {log.why}",
                advice=f"run 'git fetch --unshallow' there, or delete its own {ref}",
            )
        return records(commits(log.out), ref)

    def _commit(self, record: Record, text: str, parent: str) -> str:
        date = f"@{int(min(max(record.at, 0), _LAST_DATE))} +0000"
        who = {**_NOBODY, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        answer = self._git.commit(text, parent, who)
        if not answer.ok:
            raise JournalError(
                f"no record can be made in {self.repository}: {answer.why}",
                advice="run this in a clone you may write to; git 2.31 or newer is needed",
            )
        return answer.out

    def _push(self, subject: Subject, ref: str, before: str, after: str) -> None:
        """Where the push fails, the remote is asked whether it arrived all the same.

        If another run went on from our records before we asked, they are in, but this run is not
        the one to act on them: that is a HeldError too.
        """
        answer = self._git.push(after, ref)
        if answer.ok:
            return
        tip = self._tip(ref)
        if tip == after:
            return
        if tip != before:
            raise _held(subject)
        raise self._unwritable(ref, answer)

    def _unwritable(self, ref: str, answer: Answer) -> JournalError:
        if answer.is_denied:
            return JournalError(
                f"{self._git} lets nobody write {ref} with these rights: {answer.why}",
                advice="give the job 'permissions: contents: write', or a login that may push",
            )
        return _UnsettledError(
            f"{ref} cannot be pushed to {self._git}: {answer.why}",
            advice="see whether the remote can be reached, then run this again",
        )

    def _unreadable(self, ref: str, answer: Answer) -> JournalError:
        kind = JournalError if answer.is_denied else _UnsettledError
        return kind(
            f"{ref} cannot be read from {self._git}: {answer.why}",
            advice="see that this is a git clone whose remote can be reached (git 2.31 or newer)",
        )

    def _retrying(self) -> tenacity.Retrying:
        return tenacity.Retrying(
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=tenacity.wait_exponential(multiplier=0.5, max=8) + tenacity.wait_random(0, 0.5),
            retry=tenacity.retry_if_exception_type(_UnsettledError),
            sleep=self.sleep,
            reraise=True,
        )

    @cached_property
    def _git(self) -> GitRemote:
        return GitRemote(self.repository, self.remote, self.environ, self.timeout)


def _held(subject: Subject) -> HeldError:
    return HeldError(
        f"another run wrote to the journal of {subject} in the meantime",
        advice="look at what serves now, then run this again",
    )

"""Chat traffic for an endpoint, with sessions that live on, and a record of every answer.

The tests and the demo use the same traffic, so that what the demo shows is what is tested.
"""

import http.client
import json
import random
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from typing_extensions import Self

CHAT = "/openai/v1/chat/completions"
SESSION_HEADER = "x-agentrun-session-id"
VERSION_HEADER = "x-agentramp-version"
TIMEOUT: Final = 30.0


@dataclass(frozen=True)
class Answer:
    """One request's end: ``problem`` is empty if it went well, ``began`` is monotonic seconds."""

    session: str
    version: int
    phase: str
    first: bool
    streamed: bool
    began: float
    problem: str = ""


@dataclass
class Traffic:
    """``workers`` clients that each talk over one kept connection until ``stop``.

    Half of the requests open a session, the others go on with an old one; a third stream.
    """

    url: str
    workers: int = 8
    seed: int = 1
    phase: str = "start"
    answers: list[Answer] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        for number in range(self.workers):
            worker = _Worker(self, number, random.Random(f"{self.seed}-{number}"))  # noqa: S311
            self._threads.append(threading.Thread(target=worker.run))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def let_flow(self, phase: str, sessions: int, *, timeout: float = 120) -> dict[int, int]:
        """Wait for ``sessions`` new ones in ``phase``; gives how many each version got."""
        self.phase = phase
        deadline = time.monotonic() + timeout
        while len(opened := opened_in(self.answers, phase)) < sessions:
            if time.monotonic() > deadline:
                raise TimeoutError(f"only {len(opened)} sessions began in {timeout:.0f} s")
            time.sleep(0.05)
        self.phase = "between"
        return shares(opened)


def opened_in(answers: Iterable[Answer], phase: str) -> list[Answer]:
    return [answer for answer in list(answers) if answer.first and answer.phase == phase]


def shares(answers: Iterable[Answer]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for answer in answers:
        counts[answer.version] = counts.get(answer.version, 0) + 1
    return counts


def problems(answers: Iterable[Answer]) -> list[str]:
    return [answer.problem for answer in answers if answer.problem]


@dataclass(frozen=True)
class Absence:
    """When a version took no traffic, in monotonic seconds, so that its sessions had to move."""

    version: int
    since: float
    until: float = float("inf")


def wanderers(answers: Iterable[Answer], absences: Sequence[Absence]) -> list[str]:
    """Sessions that changed their version though it had not left."""
    seen: dict[str, Answer] = {}
    lost = []
    for answer in sorted(answers, key=lambda found: found.began):
        before = seen.get(answer.session, answer)
        had_to = any(
            absence.version == before.version and absence.since <= answer.began <= absence.until
            for absence in absences
        )
        if before.version != answer.version and not had_to:
            lost.append(answer.session)
        seen[answer.session] = answer
    return lost


@dataclass
class _Worker:
    traffic: Traffic
    number: int
    chance: random.Random
    sessions: list[str] = field(default_factory=list)
    connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        while not self.traffic.stopped:
            fresh = not self.sessions or self.chance.random() < 0.5
            if fresh:
                self.sessions.append(f"{self.number}-{self.chance.getrandbits(64):x}")
            session = self.sessions[-1] if fresh else self.chance.choice(self.sessions[-200:])
            self.traffic.answers.append(self._ask(session, fresh=fresh))
        if self.connection:
            self.connection.close()

    def _ask(self, session: str, *, fresh: bool) -> Answer:
        phase, began = self.traffic.phase, time.monotonic()
        streamed = self.chance.random() < 1 / 3
        version, problem = 0, ""
        try:
            version, problem = self._request(session, streamed=streamed)
        except (OSError, http.client.HTTPException, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"
            if self.connection:
                self.connection.close()
            self.connection = None
        return Answer(session, version, phase, fresh, streamed, began, problem)

    def _request(self, session: str, *, streamed: bool) -> tuple[int, str]:
        address = urlsplit(self.traffic.url)
        if self.connection is None:
            self.connection = http.client.HTTPConnection(address.netloc, timeout=TIMEOUT)
        message = {"role": "user", "content": "what is 6 * 7?"}
        body = json.dumps({"model": "quickstart", "stream": streamed, "messages": [message]})
        headers = {"content-type": "application/json", SESSION_HEADER: session}
        self.connection.request("POST", address.path + CHAT, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        version = int(answer.headers.get(VERSION_HEADER, "0"))
        return version, _problem(answer.status, text, streamed=streamed)


def _problem(status: int, text: str, *, streamed: bool) -> str:
    if status != http.client.OK:
        return f"HTTP {status}: {text[:200]}"
    if streamed:
        return "" if text.rstrip().endswith("data: [DONE]") else f"cut stream: ...{text[-80:]!r}"
    finished = json.loads(text)["choices"][0]["finish_reason"] == "stop"
    return "" if finished else f"unfinished answer: {text[:200]}"

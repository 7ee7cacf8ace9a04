"""The embedded platform as evidence adapters meet it, and what clients saw of its sessions."""

import secrets
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from agentramp.evidence.port import Question, Span
from agentramp.judge.window import Tally
from agentramp.local.daemon import Server
from agentramp.platform.agentrun.client import Client
from agentramp.platform.agentrun.signing import Credentials
from demo.traffic import Answer, Traffic
from tests.local.client import Endpoint

ARMS = (1, 2)


def credentials(server: Server) -> Credentials:
    return Credentials(server.access_key_id, server.access_key_secret)


def client(server: Server) -> Client:
    return Client(
        url=server.control_url,
        credentials=lambda: credentials(server),
        now=time.time,
        sleep=time.sleep,
        nonce=lambda: secrets.token_hex(16),
        jitter=lambda: 0.0,
    )


def question(endpoint: Endpoint, *spans: Span, stable: int = 1, canary: int = 2) -> Question:
    _, _, runtime, _, name, *_ = urlsplit(endpoint.url).path.split("/")
    return Question(runtime, name, stable, canary, spans)


def closed(start: float, end: float, weight: int = 10) -> Span:
    """A span whose sessions are all over at its end."""
    return Span(start, end, end, weight)


def talk(endpoint: Endpoint, sessions: int, seed: int, weight: int) -> tuple[Span, list[Answer]]:
    """Traffic of sessions that begin and end in the span; and all that clients saw of it."""
    if weight:
        endpoint.shift("1", v2=weight / 100)
    start = time.time()
    with Traffic(endpoint.url, workers=4, seed=seed) as traffic:
        traffic.let_flow(f"seed {seed}", sessions)
    end = time.time()
    # The gateway writes down what it streamed only after the client has all of it.
    time.sleep(0.3)
    return Span(start, end, time.time(), weight), traffic.answers


def sessions_seen(answers: Iterable[Answer]) -> dict[int, Tally]:
    """By version: the sessions, and those of which a request went wrong."""
    by_session: dict[str, list[Answer]] = {}
    for answer in answers:
        by_session.setdefault(answer.session, []).append(answer)
    seen = dict.fromkeys(ARMS, Tally())
    for turns in by_session.values():
        # The client learns no version from an answer that was cut off.
        version = max(turn.version for turn in turns)
        seen[version] += Tally(1, int(any(turn.problem for turn in turns)))
    return seen


def requests_seen(answers: Iterable[Answer]) -> dict[int, Tally]:
    versions: dict[str, int] = {}
    told = list(answers)
    for answer in told:
        versions[answer.session] = max(versions.get(answer.session, 0), answer.version)
    seen = dict.fromkeys(ARMS, Tally())
    for answer in told:
        seen[versions[answer.session]] += Tally(1, int(bool(answer.problem)))
    return seen

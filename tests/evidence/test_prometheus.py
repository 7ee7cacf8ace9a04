"""Against a real Prometheus: the embedded platform under traffic, and counters that misbehave.

One Prometheus watches both for some seconds; each test then looks at its own part of what it saw.
Counters move in the middle of a window and stand still around its edges, so counts are exact.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest

from agentramp.errors import UsageError
from agentramp.evidence.port import Answer, EvidenceError, Missing, Question, Span
from agentramp.evidence.prometheus import LATENCY, PrometheusEvidence
from agentramp.evidence.promql import Prometheus
from agentramp.judge.window import Arm, Spread, Tally, Unit, Window
from agentramp.local import daemon
from agentramp.local.totals import BOUNDS
from tests.evidence.prometheus_server import SCRAPE_SECONDS, scraping
from tests.evidence.scripted_metrics import CASES, SECONDS, Case, metrics
from tests.evidence.servers import Said, serving
from tests.local.client import Control, Endpoint

CANARY, STABLE = 2, 1
QUIET = 2 * SCRAPE_SECONDS
"""How long nothing is counted around a window's edge, so that scrapes cannot miss it."""


@dataclass(frozen=True)
class Seen:
    """What one Prometheus saw from ``start`` on; ``edges`` end the windows of ``sent``."""

    url: str
    start: float
    edges: tuple[float, float]
    agent: str
    sent: tuple["Traffic", "Traffic"]

    @property
    def traffic(self) -> tuple[Span, Span]:
        """The two windows of the traffic to the embedded platform; they follow each other."""
        middle, end = self.edges
        return Span(self.start, middle, middle + 1, 50), Span(middle, end, end + 1, 50)

    @property
    def scripted(self) -> tuple[Span, Span]:
        middle, end = self.start + SECONDS, self.start + 2 * SECONDS
        return Span(self.start, middle, middle + 1, 50), Span(middle, end, end + 1, 50)

    def evidence(self, **more: str | None) -> PrometheusEvidence:
        return replace(PrometheusEvidence(Prometheus(self.url)), **more)  # type: ignore[arg-type]

    def read(self, runtime: str, *spans: Span, **more: str | None) -> tuple[Answer, ...]:
        asked = Question(runtime, "production", STABLE, CANARY, spans or self.scripted[:1])
        return self.evidence(**more).read(asked)

    def one(self, runtime: str, *spans: Span, **more: str | None) -> Answer:
        (answer,) = self.read(runtime, *spans, **more)
        return answer

    def missing(self, runtime: str, **more: str | None) -> Missing:
        answer = self.one(runtime, **more)
        assert isinstance(answer, Missing)
        return answer


@dataclass(frozen=True)
class Traffic:
    sessions: Counter[int]
    bad: Counter[int]

    def arm(self, version: int) -> Arm:
        return Arm(Tally(self.sessions[version], self.bad[version]))


def send(endpoint: Endpoint, name: str) -> Traffic:
    """Forty sessions of two requests; every fourth fails with its second one."""
    sessions: Counter[int] = Counter()
    bad: Counter[int] = Counter()
    for number in range(40):
        header = {"x-agentrun-session-id": f"{name}-{number}"}
        version = int(endpoint.ask("/", headers=header).version or 0)
        fails = number % 4 == 0
        endpoint.ask("/status/500" if fails else "/", headers=header)
        sessions[version] += 1
        bad[version] += fails
    return Traffic(sessions, bad)


def surrounded(endpoint: Endpoint, name: str, start: float) -> tuple[Traffic, float]:
    """Traffic in the middle of a window that begins at ``start``, and when that window ends."""
    until(start + QUIET)
    sent = send(endpoint, name)
    return sent, float(round(time.time() + QUIET + 0.5))


def until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.time()))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    home = tmp_path_factory.mktemp("home")
    server = daemon.start(home)
    with contextlib.ExitStack() as stack:
        stack.callback(daemon.stop, home, timeout=30)
        endpoint = Control(server).serve("one", "two")
        endpoint.shift("1", v2=0.5)
        send(endpoint, "before")
        began = [float("inf")]
        site = stack.enter_context(
            serving(lambda _: Said(body=metrics(time.time() - began[0]).encode()))
        )
        targets = (site.url, server.control_url)
        folder = tmp_path_factory.mktemp("prometheus")
        url = stack.enter_context(scraping(folder, *targets))
        start = began[0] = float(round(time.time() + QUIET))
        first, middle = surrounded(endpoint, "first", start)
        second, end = surrounded(endpoint, "second", middle)
        until(max(end, start + 2 * SECONDS) + SCRAPE_SECONDS)
        agent = urlsplit(endpoint.url).path.split("/")[2]
        yield Seen(url, start, (middle, end), agent, (first, second))


# --- the embedded platform ---------------------------------------------------------------------


def test_sessions_and_failures_are_those_that_were_sent(seen: Seen) -> None:
    assert seen.read(seen.agent, *seen.traffic) == tuple(
        Window(span.start, span.end, sent.arm(CANARY), sent.arm(STABLE), 50)
        for span, sent in zip(seen.traffic, seen.sent, strict=True)
    )
    assert sum(seen.sent[0].bad.values()) == 10


def test_windows_come_in_the_order_of_the_question(seen: Seen) -> None:
    forward = seen.read(seen.agent, *seen.traffic)
    assert seen.read(seen.agent, *seen.traffic[::-1]) == forward[::-1]


def test_windows_add_up_to_the_window_over_both(seen: Seen) -> None:
    early, late = seen.traffic
    whole = seen.one(seen.agent, replace(early, end=late.end, settled=late.settled))
    assert isinstance(whole, Window)
    first, second = (sent.arm(CANARY).errors for sent in seen.sent)
    assert whole.canary.errors == first + second


def test_latency_is_a_histogram_of_the_requests(seen: Seen) -> None:
    window = seen.one(seen.agent, seen.traffic[0], latency=LATENCY)
    assert isinstance(window, Window)
    spread = window.canary.latency
    assert spread is not None
    assert spread.bounds == BOUNDS
    assert spread.sessions == 2 * window.canary.sessions
    assert 0 < spread.total < 10


def test_requests_may_be_counted_instead(seen: Seen) -> None:
    labels = '{runtime="{runtime}",endpoint="{endpoint}",version="{version}"}'
    counters = {
        "counted": f"sum(agentramp_requests_total{labels})",
        "bad": f"sum(agentramp_failures_total{labels})",
    }
    window = seen.one(seen.agent, seen.traffic[0], **counters)
    sent = seen.sent[0]
    assert isinstance(window, Window)
    assert window.canary.errors == Tally(2 * sent.sessions[CANARY], sent.bad[CANARY])
    assert replace(seen.evidence(), unit=Unit.REQUESTS).unit is Unit.REQUESTS


def test_a_runtime_nobody_knows_is_no_window_of_zeros(seen: Seen) -> None:
    answer = seen.missing("nobody")
    assert answer.reason == "counted of version 2: there is no series of it"
    assert not answer.final


def test_a_name_cannot_leave_its_quotes(seen: Seen) -> None:
    answer = seen.missing(f'x"}}) or sum(agentramp_sessions_total{{runtime="{seen.agent}')
    assert "there is no series" in answer.reason


# --- counters that misbehave -------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_counter(seen: Seen, case: Case) -> None:
    answer = seen.one(case.name)
    if isinstance(case.expected, str):
        assert isinstance(answer, Missing)
        assert case.expected in answer.reason
        assert answer.final is case.final
    else:
        assert isinstance(answer, Window)
        assert (answer.canary.errors, answer.stable.errors) == case.expected


def test_a_series_that_is_gone_for_good_may_only_be_late(seen: Seen) -> None:
    """Nothing was seen at the end of the last window or later, so it is asked for again."""
    (answer,) = seen.read("all-gone", seen.scripted[1])
    assert isinstance(answer, Missing)
    assert not answer.final


def test_a_histogram_loses_nothing_and_makes_nothing_up(seen: Seen) -> None:
    window = seen.one(
        "histogram", cost='sum by (le) (spent_bucket{runtime="{runtime}",version="{version}"})'
    )
    assert isinstance(window, Window)
    assert window.stable.cost == Spread((0.5, 1.0), (5, 10, 5))
    assert window.canary.cost == Spread((0.5, 1.0), (0, 0, 0))
    assert window.canary.latency is None


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ('sum by (le) (odd_bucket{version="{version}"})', 'no le="+Inf"'),
        ('sum by (le) (wrong_bucket{version="{version}"})', "do not add up"),
        ('sum by (le) (nothing_bucket{version="{version}"})', "no version has a series"),
    ],
)
def test_a_histogram_that_is_none(seen: Seen, expression: str, reason: str) -> None:
    answer = seen.missing("histogram", latency=expression)
    assert answer.final
    assert answer.reason.startswith("latency")
    assert reason in answer.reason


# --- what cannot be asked ----------------------------------------------------------------------


def failure(seen: Seen, **more: str | None) -> EvidenceError:
    with pytest.raises(EvidenceError) as raised:
        seen.one("healthy", **more)
    return raised.value


def test_a_query_prometheus_does_not_understand(seen: Seen) -> None:
    error = failure(seen, bad="sum(((")
    assert error.message.startswith("Prometheus refused a query: ")
    assert error.advice == "the query was: sum((("


def test_an_expression_with_many_series_needs_a_sum(seen: Seen) -> None:
    error = failure(seen, counted='agentramp_sessions_total{version="{version}"}')
    assert "series for one version" in error.message
    assert error.advice == "wrap it in sum(...)"


def test_a_vector_is_not_text(seen: Seen) -> None:
    assert "refused a query" in failure(seen, counted='"text"').message


def test_an_address_that_is_not_prometheus(seen: Seen) -> None:
    with serving(lambda _: Said(body=b"hello")) as site:
        error = failure(replace(seen, url=site.url))
    assert "nothing that Prometheus would say" in error.message
    with pytest.raises(UsageError):
        Prometheus("http://prometheus.example.com")


def test_a_warning_means_that_counts_may_not_be_whole(seen: Seen) -> None:
    body = b'{"status":"success","warnings":["1 store is away"],"data":{}}'
    with serving(lambda _: Said(body=body)) as site:
        error = failure(replace(seen, url=site.url))
    assert "1 store is away" in error.message


@pytest.mark.parametrize(
    "series",
    [b'"histograms":[[1,{"count":"2"}]]', b'"values":[[1e999,"2"]]'],
    ids=["native", "time"],
)
def test_native_histograms_are_no_counts(seen: Seen, series: bytes) -> None:
    body = (
        b'{"status":"success","data":{"resultType":"matrix","result":'
        b'[{"metric":{},' + series + b"}]}}"
    )
    with serving(lambda _: Said(body=body)) as site:
        error = failure(replace(seen, url=site.url))
    assert "no counts" in error.message


def test_the_token_goes_into_the_header_and_a_refusal_says_so() -> None:
    evidence = PrometheusEvidence(Prometheus("http://127.0.0.1:9", token="t0ken"))
    assert "t0ken" not in repr(evidence)
    with serving(lambda _: Said(401, b"Unauthorized")) as site:
        there = PrometheusEvidence(Prometheus(site.url, token="t0ken"))
        with pytest.raises(EvidenceError, match="refused us with status 401"):
            there.read(Question("a", "b", 1, 2, (Span(0.0, 300.0, 360.0, 10),)))
    assert site.received[0].headers["authorization"] == "Bearer t0ken"


def test_it_takes_few_round_trips(seen: Seen) -> None:
    """Four for a whole day of windows: two expressions for each version."""
    body = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'
    spans = tuple(Span(n * 300.0, n * 300.0 + 300, n * 300.0 + 360, 10) for n in range(288))
    with serving(lambda _: Said(body=body)) as site:
        answers = replace(seen, url=site.url).read("x", *spans)
    assert len(site.received) == 4
    assert len(answers) == 288

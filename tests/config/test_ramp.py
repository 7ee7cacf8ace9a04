import re
import subprocess
import sys
from pathlib import Path

import pytest

from agentramp.config import read_ramp
from agentramp.config.ramp_settings import (
    BlockletConfig,
    CommandGate,
    CommandSource,
    Dates,
    GatewaySource,
    GoldenGate,
    Happening,
    Hook,
    JournalKind,
    LogServiceSource,
    ModelJudge,
    ProbeSource,
    PrometheusSource,
    RampConfig,
    Source,
    Target,
    UrlSource,
    Weekly,
)
from agentramp.diagnostics import ConfigError
from agentramp.errors import UsageError
from agentramp.evidence.prometheus import BAD, COUNTED, LATENCY
from agentramp.exchange import check_address
from agentramp.judge.verdict import Rules
from agentramp.judge.window import Metric, Unit
from agentramp.local.records import Label
from agentramp.local.totals import Place, Totals, render
from agentramp.policy import OnRelease, OnTimeout, Policy, Rung

FULL = Path(__file__).parents[1] / "data" / "config" / "ramp" / "ok" / "full.yaml"
ENVIRON = {
    "HOOK": "https://chat.example.com/hunter2",
    "PROMETHEUS": "https://prometheus.example.com:9090",
    "TOKEN": "hunter2",
}


def ramp(folder: Path, text: str) -> RampConfig:
    (folder / "agentramp.yaml").write_text(text, encoding="utf-8")
    (folder / "prompts.yaml").touch()
    return read_ramp(folder, ENVIRON, folder)


def source(folder: Path, text: str) -> Source | None:
    return ramp(folder, f"evidence: {{{text}}}").source


def test_without_a_file_all_is_default(tmp_path: Path) -> None:
    assert read_ramp(tmp_path, {}, tmp_path) == RampConfig()
    assert read_ramp(tmp_path / "s.yaml", {}, tmp_path) == RampConfig()


@pytest.mark.parametrize("name", ["agentramp.yaml", "agentramp.yml"])
@pytest.mark.parametrize("given", ["", "s.yaml", "agentramp.yaml"])
def test_the_file_stands_beside_s_yaml(tmp_path: Path, name: str, given: str) -> None:
    (tmp_path / name).write_text("endpoint: staging\n", encoding="utf-8")
    (tmp_path / "s.yaml").touch()
    found = read_ramp(tmp_path / given, {}, tmp_path)
    assert (found.file, found.endpoint) == (tmp_path / name, "staging")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "agentramp.yaml").mkdir()
    with pytest.raises(UsageError, match="is no file") as caught:
        read_ramp(tmp_path, {}, tmp_path)
    assert "every setting has a default" in caught.value.advice


def test_every_key_finds_its_place(tmp_path: Path) -> None:
    config = ramp(tmp_path, FULL.read_text(encoding="utf-8"))
    assert config.policy == Policy(
        rungs=(
            Rung(1, 0, 0),
            Rung(10, 300, 20),
            Rung(50, 5400, 200, approval=True),
            Rung(100, 300, 20),
        ),
        rules=Rules(
            alpha=0.05,
            budgets=((Metric.ERRORS, 0.7), (Metric.LATENCY, 0.2), (Metric.COST, 0.1)),
            margin=0.01,
            certify_alpha=0.1,
            slo=0.05,
            unit=Unit.REQUESTS,
            cluster_size=4,
        ),
        window=60,
        settle=30,
        warm_up=120,
        timeout=172_800,
        on_timeout=OnTimeout.ROLLBACK,
        on_release=OnRelease.REPLACE,
        max_blind=2,
    )
    assert config.source == PrometheusSource(
        url="https://prometheus.example.com:9090",
        counted='sum(calls_total{version="{version}"})',
        bad='sum(calls_total{version="{version}",code=~"5.."})',
        latency='sum by (le) (first_byte_bucket{version="{version}"})',
        cost='sum by (le) (cost_bucket{version="{version}"})',
        unit=Unit.REQUESTS,
        token="hunter2",
    )


def test_every_item_finds_its_place(tmp_path: Path) -> None:
    config = ramp(tmp_path, FULL.read_text(encoding="utf-8"))
    prompts = tmp_path / "prompts.yaml"
    judge = ModelJudge("https://models.example.com/v1", "qwen-max", "hunter2")
    assert config.gates == (
        GoldenGate(prompts, 3, 0.1, judge),
        GoldenGate(prompts),
        CommandGate(("python", "eval.py", "--fast"), 300),
        CommandGate(("make", "eval")),
    )
    assert config.freezes == (
        Weekly(6720, 480, "Asia/Shanghai"),
        Dates(1_797_724_800, 1_798_880_400),
        Dates(1_797_760_800, 1_797_766_230),
    )
    assert config.hooks == (
        Hook("https://chat.example.com/hunter2", (Happening.ROLLED_BACK, Happening.PROMOTED)),
        Hook("http://localhost:9000/hook"),
    )
    assert (config.journal, config.remote) == (JournalKind.GIT, "upstream")


def test_shared_settings_hold_for_the_steps_that_are_not_named(tmp_path: Path) -> None:
    rungs = ramp(tmp_path, "bake: 1m\nmin-sessions: 7\n").policy.rungs
    assert rungs == tuple(Rung(weight, 60, 7) for weight in (10, 30, 50, 100))


def test_every_source_is_built(tmp_path: Path) -> None:
    assert source(tmp_path, "window: 1m") is None
    assert source(tmp_path, "source: gateway, unit: sessions") == GatewaySource()
    assert source(tmp_path, "source: log-service") == LogServiceSource()
    logs = source(tmp_path, "source: log-service, project: p, logstore: l")
    assert logs == LogServiceSource("p", "l")
    assert source(tmp_path, "source: command, run: [a, b]") == CommandSource(("a", "b"))
    command = source(tmp_path, "source: command, run: [a], timeout: 5s, unit: requests")
    assert command == CommandSource(("a",), 5, Unit.REQUESTS)
    assert source(tmp_path, "source: url, url: https://x") == UrlSource("https://x")
    url = source(tmp_path, "source: url, url: https://x, timeout: 5, token: \"${env('TOKEN')}\"")
    assert url == UrlSource("https://x", 5, Unit.SESSIONS, "hunter2")
    prompts = tmp_path / "prompts.yaml"
    assert source(tmp_path, "source: probes, prompts: prompts.yaml") == ProbeSource(prompts)
    probes = source(tmp_path, "source: probes, prompts: prompts.yaml, count: 5")
    assert probes == ProbeSource(prompts, 5)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("source: gateway", Unit.SESSIONS),
        ("source: log-service", Unit.REQUESTS),
        ("source: log-service, unit: requests", Unit.REQUESTS),
        ("source: probes, prompts: prompts.yaml", Unit.SESSIONS),
        ("source: prometheus, url: https://x", Unit.SESSIONS),
        ("source: prometheus, url: https://x, unit: requests", Unit.REQUESTS),
        ("window: 1m", Unit.SESSIONS),
    ],
)
def test_the_rules_know_the_unit_of_the_source(tmp_path: Path, text: str, unit: Unit) -> None:
    assert ramp(tmp_path, f"evidence: {{{text}}}").policy.rules.unit is unit


@pytest.mark.parametrize("unit", list(Unit))
def test_prometheus_asks_for_what_the_gateway_exports(tmp_path: Path, unit: Unit) -> None:
    found = source(tmp_path, f"source: prometheus, url: https://x, unit: {unit.value}")
    assert isinstance(found, PrometheusSource)
    assert found.latency is not None
    assert found.cost is None
    exported = render({Place("runtime-name", "endpoint-name", Label("7")): Totals()})
    asked = f"{found.counted} {found.bad} {found.latency}"
    for word, value in (("runtime", "runtime-name"), ("endpoint", "endpoint-name")):
        asked = asked.replace(f"{{{word}}}", value)
    series = re.findall(r"agentramp_\w+\{[^}]*", asked.replace("{version}", "7"))
    assert len(set(series)) == 4
    assert all(f"\n{one}" in exported for one in series)


def test_the_defaults_are_those_of_the_evidence(tmp_path: Path) -> None:
    found = source(tmp_path, "source: prometheus, url: https://x")
    assert isinstance(found, PrometheusSource)
    assert (found.counted, found.bad, found.latency) == (COUNTED, BAD, LATENCY)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://x.example.com/a?b=c",
            "http://localhost:1",
            "http://127.0.0.1",
            "http://[::1]:8",
        ),
        *("http://x.example.com", "http://localhost.example.com", "ftp://localhost", "localhost"),
        *("https://", "//x", "https://[::1", "http://user@127.0.0.2"),
    ],
)
def test_an_address_is_one_that_the_exchange_would_ask(tmp_path: Path, url: str) -> None:
    try:
        check_address(url, "x")
    except UsageError:
        with pytest.raises(ConfigError, match="1 fault"):
            source(tmp_path, f"source: url, url: '{url}'")
    else:
        assert source(tmp_path, f"source: url, url: '{url}'") == UrlSource(url)


def test_a_token_that_no_header_may_hold_is_refused(tmp_path: Path) -> None:
    (tmp_path / "agentramp.yaml").write_text(
        "evidence: {source: url, url: https://x, token: \"${env('TOKEN')}\"}", encoding="utf-8"
    )
    with pytest.raises(ConfigError) as caught:
        read_ramp(tmp_path, {"TOKEN": "hunter2\n"}, tmp_path)
    (fault,) = caught.value.diagnostics
    assert (fault.path, fault.rule) == ("evidence.token", "token")
    assert "hunter2" not in fault.message


def test_prometheus_has_no_latency_of_its_own_for_counters_of_others(tmp_path: Path) -> None:
    counters = "counted: 'a{v=\"{version}\"}', bad: 'b{v=\"{version}\"}'"
    found = source(tmp_path, f"source: prometheus, url: https://x, {counters}")
    assert isinstance(found, PrometheusSource)
    assert found.latency is None


def test_faults_of_an_env_file_are_told_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TOKEN=x\nno sign\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        ramp(tmp_path, "alpha: 5\n")
    assert [fault.rule for fault in caught.value.diagnostics] == ["dotenv", "range"]
    with pytest.raises(ConfigError):
        ramp(tmp_path, "alpha: 0.5\n")


def test_variables_come_from_an_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ROOM=http://localhost:1/room\n", encoding="utf-8")
    found = ramp(tmp_path, "notify: [{url: \"${env('ROOM')}\"}]\n")
    assert found.hooks == (Hook("http://localhost:1/room"),)


def test_no_secret_is_in_the_picture_of_a_config(tmp_path: Path) -> None:
    assert "hunter2" not in repr(ramp(tmp_path, FULL.read_text(encoding="utf-8")))


def test_reading_an_s_yaml_does_not_pay_for_ramps() -> None:
    code = "import sys, agentramp.config; print(*sys.modules, sep='\\n')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "agentramp.config.check" in loaded
    assert not {name for name in loaded if "ramp_" in name or ".judge" in name or "zone" in name}


DID = "z2qa6yt75HHQL3cS4ao7j2aqVodExoBAN7xeS"


def test_a_component_of_a_blocklet_server(tmp_path: Path) -> None:
    text = f"""
target: blocklet
blocklet:
  server: "${{env('PROMETHEUS')}}"
  app: zNKqxTJu5iAVqwDr8XXP9Qh2kFyEMbyjKTh4
  mount-point: /shop/a
  name: shop
  did: {DID}
  engine: node
  main: src/index.js
  url: https://shop.example.com
  health: /health?full=1
"""
    found = ramp(tmp_path, text)
    assert found.target is Target.BLOCKLET
    assert found.blocklet == BlockletConfig(
        server=ENVIRON["PROMETHEUS"],
        app="zNKqxTJu5iAVqwDr8XXP9Qh2kFyEMbyjKTh4",
        mount_point="/shop/a",
        name="shop",
        did=DID,
        engine="node",
        main="src/index.js",
        url="https://shop.example.com",
        health="/health?full=1",
    )
    assert ramp(tmp_path, "").target is None
    assert ramp(tmp_path, "target: agentrun").target is Target.AGENTRUN


def test_every_fault_of_a_component_is_told_at_its_place(tmp_path: Path) -> None:
    text = f"""target: blocket
blocklet:
  server: http://shop.example.com
  app: did:abt:{DID}
  mount-point: shop/
  name: 商店
  did: z0OIl
  engine: aigne
  main: index.js
  url: shop
  health: "/a b"
  access-key: z1
  mountPoint: /shop
"""
    with pytest.raises(ConfigError) as caught:
        ramp(tmp_path, text)
    told = {fault.position.line: fault.message for fault in caught.value.diagnostics}
    assert sorted(told) == [1, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13]
    assert 'did you mean "blocklet"' in told[1] or "blocklet" in told[1]
    assert "https" in told[3]
    assert "leave did:abt: out" in told[4]
    assert "no slash at the end" in told[5]
    assert "no name of a component" in told[6]
    assert "belongs to engine: node" in told[9]
    assert "BLOCKLET_ACCESS_KEY_ID" in told[12]
    assert "did you mean mount-point?" in told[13]

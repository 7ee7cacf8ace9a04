"""``extend``, ``template`` and ``--env``: what wins, and where a fault is told."""

from pathlib import Path

import pytest

from agentramp.config import RuntimeConfig, read
from agentramp.config.layers import LONGEST_CHAIN
from agentramp.diagnostics import ConfigError

OK = Path(__file__).parents[1] / "data" / "config" / "ok"
AGENT = """\
    component: agentrun
    props: {region: cn-hangzhou, agent: {name: a, code: {language: python3.12, src: .}}}
"""


def test_a_file_is_laid_over_those_it_extends(tmp_path: Path) -> None:
    config = read(OK / "layered.yaml", {}, cwd=tmp_path)
    (runtime,) = config.runtimes
    spec = runtime.spec
    assert (config.access, runtime.region) == ("release", "cn-shanghai")
    assert (spec.name, spec.cpu, spec.memory, spec.disk_size) == ("layered", 0.5, 1024, None)
    assert spec.environment == (("LEVEL", "debug"),)
    assert spec.description == "Beside the file that says so."
    assert spec.code is not None
    assert spec.code.command == ("python3", "main.py")  # a list is replaced whole
    assert runtime.source == OK / "code"  # the package lies beside the file that is read


def test_an_environment_is_laid_over_the_file(tmp_path: Path) -> None:
    def staged(environment: str | None) -> RuntimeConfig:
        found = read(OK / "environment.yaml", {}, cwd=tmp_path, environment=environment)
        assert found.access == ("staging" if environment == "staging" else "default")
        return found.runtimes[0]

    staging = staged("staging")
    assert (staging.region, staging.spec.cpu, staging.spec.memory) == ("cn-beijing", 2.0, 1024)
    assert staging.spec.environment == (
        ("OWN", "agentrun"),
        ("PLACE", "in cn-shanghai"),
        ("STAGE", "staging"),
    )
    for plain in (staged(None), staged("testing")):
        assert (plain.region, plain.spec.cpu, plain.spec.environment) == ("cn-hangzhou", 1.0, ())


def test_no_environment_means_no_look_at_its_file(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(f"edition: 3.0.0\nenv: gone.yaml\nresources:\n  a:\n{AGENT}")
    assert read(tmp_path, {}, cwd=tmp_path).runtimes
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, {}, cwd=tmp_path, environment="x")
    (only,) = caught.value.diagnostics
    assert (only.position.line, only.rule) == (2, "file")


def test_a_chain_has_a_bound(tmp_path: Path) -> None:
    def chain(length: int) -> None:
        for step in range(length):
            (tmp_path / f"{step}.yaml").write_text(f"extend: {step + 1}.yaml\n")
        (tmp_path / f"{length}.yaml").write_text(f"edition: 3.0.0\nresources:\n  a:\n{AGENT}")

    chain(LONGEST_CHAIN)
    assert read(tmp_path / "0.yaml", {}, cwd=tmp_path).runtimes
    chain(LONGEST_CHAIN + 1)
    with pytest.raises(ConfigError) as caught:
        read(tmp_path / "0.yaml", {}, cwd=tmp_path)
    assert [fault.rule for fault in caught.value.diagnostics] == ["size"]


def test_a_circle_through_a_link_is_one(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("extend: other.yaml\n")
    (tmp_path / "other.yaml").symlink_to(tmp_path / "s.yaml")
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, {}, cwd=tmp_path)
    assert [fault.rule for fault in caught.value.diagnostics] == ["cycle"]


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("extend: base.yaml\n")
    with (tmp_path / "base.yaml").open("wb") as stream:
        stream.truncate(8 * 1024**3)  # sparse: takes no disk
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, {}, cwd=tmp_path)
    (only,) = caught.value.diagnostics
    assert (only.position.file, only.rule) == (str(tmp_path / "base.yaml"), "size")


def test_a_secret_of_the_file_below_is_told_there(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        f"edition: 3.0.0\nvars:\n  api_key: hunter2\nresources:\n  a:\n{AGENT}"
    )
    (tmp_path / "s.yaml").write_text("extend: base.yaml\n")
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, {}, cwd=tmp_path)
    (only,) = caught.value.diagnostics
    assert (Path(only.position.file).name, only.position.line, only.rule) == (
        "base.yaml",
        3,
        "secret",
    )
    assert "hunter2" not in str(only)


def test_templates_and_overlays_for_many_resources_are_laid_fast_or_refused(tmp_path: Path) -> None:
    small = "".join(f"  r{n}: {{extend: {{name: t}}}}\n" for n in range(2000))
    wide = ", ".join(f"k{n}: 1" for n in range(2000))
    (tmp_path / "s.yaml").write_text(
        f"edition: 3.0.0\ntemplate: {{t: {{{wide}}}}}\nresources:\n{small}"
    )
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, {}, cwd=tmp_path)
    assert [fault.rule for fault in caught.value.diagnostics] == ["size"]

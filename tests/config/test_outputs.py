"""Several resources in one file: their order, and what one takes from another."""

from pathlib import Path

import pytest

from agentramp.config import Config, Outputs, outputs_of, read
from agentramp.diagnostics import ConfigError
from agentramp.model import Endpoint, Runtime, RuntimeSpec, Split, Status

OK = Path(__file__).parents[1] / "data" / "config" / "ok"
TOOLS = outputs_of(
    Runtime("rt-1", RuntimeSpec("tools", workspace_id="ws-1"), arn="acs:1"),
    (Endpoint("ep-1", "production", Split(3), Status.READY, url="https://tools", arn="acs:2"),),
    "cn-hangzhou",
)


def front(outputs: dict[str, Outputs], tmp_path: Path) -> Config:
    return read(OK / "outputs.yaml", {}, cwd=tmp_path, outputs=outputs)


def written(tmp_path: Path, *expressions: str, others: str = "tools") -> Path:
    """A file whose resource ``front`` uses each expression."""
    agent = "component: agentrun, props: {region: cn-hangzhou, agent: {name: %s, %s}}"
    image = "customContainerConfig: {image: x}"
    values = ", ".join(f'V{index}: "{text}"' for index, text in enumerate(expressions))
    lines = [f"  {name}: {{{agent % (name, image)}}}" for name in others.split()]
    own = f"  front: {{{agent % ('front', f'{image}, environmentVariables: {{{values}}}')}}}"
    (tmp_path / "s.yaml").write_text("\n".join(["edition: 3.0.0", "resources:", own, *lines, ""]))
    return tmp_path


def test_each_stands_after_those_it_needs(tmp_path: Path) -> None:
    config = front({}, tmp_path)
    assert [runtime.resource for runtime in config.runtimes] == ["alone", "tools", "front"]
    assert [runtime.needs for runtime in config.runtimes] == [(), (), ("tools",)]
    assert [runtime.pending for runtime in config.runtimes] == [False, False, True]
    assert config.runtimes[2].open_values == (
        "props.agent.environmentVariables.TOOLS",
        "props.agent.environmentVariables.ID",
    )
    assert config.runtimes[2].region == "cn-hangzhou"


def test_outputs_that_are_known_are_values(tmp_path: Path) -> None:
    runtime = front({"tools": TOOLS}, tmp_path).runtimes[2]
    assert (runtime.resource, runtime.pending, runtime.needs) == ("front", False, ("tools",))
    assert dict(runtime.spec.environment) == {"TOOLS": "https://tools/mcp", "ID": "rt-1"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("region", "cn-hangzhou"),
        ("agent.id", "rt-1"),
        ("agent.name", "tools"),
        ("agent.arn", "acs:1"),
        ("agent.status", "READY"),
        ("agent.region", "cn-hangzhou"),
        ("agent.workspaceId", "ws-1"),
        ("agent.endpoints[0].id", "ep-1"),
        ("agent.endpoints[0].name", "production"),
        ("agent.endpoints[0].arn", "acs:2"),
        ("agent.endpoints[0].url", "https://tools"),
        ("agent.endpoints[0].version", "3"),
        ("agent.endpoints[0].status", "READY"),
    ],
)
def test_every_output_has_its_name(name: str, value: str, tmp_path: Path) -> None:
    expression = f"${{resources.tools.output.{name}}}"
    folder = written(tmp_path, expression, f"x{expression}")
    runtime = read(folder, {}, cwd=tmp_path, outputs={"tools": TOOLS}).runtimes[-1]
    assert dict(runtime.spec.environment) == {"V0": value, "V1": f"x{value}"}
    assert read(folder, {}, cwd=tmp_path).runtimes[-1].pending


@pytest.mark.parametrize(
    ("expression", "known", "unknown"),
    [
        ("agent.idd", "did you mean id?", "did you mean id?"),
        ("agent.endpoints[1].url", "there is 1, counted from 0", None),
        ("agent.endpoints[0].ulr", "did you mean url?", "did you mean url?"),
        ("agent", "is no single value", "is no single value"),
        ("agent.endpoints[0]", "is no single value", "is no single value"),
    ],
)
def test_a_name_nobody_puts_out(
    expression: str, known: str, unknown: str | None, tmp_path: Path
) -> None:
    folder = written(tmp_path, f"${{resources.tools.output.{expression}}}")
    with pytest.raises(ConfigError) as caught:
        read(folder, {}, cwd=tmp_path, outputs={"tools": TOOLS})
    assert known in str(caught.value.diagnostics[0])
    if unknown is None:
        assert read(folder, {}, cwd=tmp_path).runtimes[-1].pending
        return
    with pytest.raises(ConfigError) as caught:
        read(folder, {}, cwd=tmp_path)
    assert unknown in str(caught.value.diagnostics[0])


def test_ones_own_output_is_a_circle(tmp_path: Path) -> None:
    folder = written(tmp_path, "${this.output.agent.id}")
    with pytest.raises(ConfigError) as caught:
        read(folder, {}, cwd=tmp_path)
    assert "front → front" in str(caught.value.diagnostics[0])


def test_a_circle_of_props_is_none(tmp_path: Path) -> None:
    folder = written(tmp_path, "${resources.tools.props.region}")
    text = (folder / "s.yaml").read_text()
    tools = text.replace(
        "name: tools,", "name: tools, role: '${resources.front.props.agent.name}',"
    )
    (folder / "s.yaml").write_text(tools)
    config = read(folder, {}, cwd=tmp_path)
    assert [runtime.resource for runtime in config.runtimes] == ["front", "tools"]
    assert config.runtimes[1].spec.role == "front"


def test_the_order_of_the_file_is_kept_where_nothing_is_needed(tmp_path: Path) -> None:
    folder = written(tmp_path, "${resources.c.output.agent.id}", others="b a c")
    found = read(folder, {}, cwd=tmp_path).runtimes
    assert [runtime.resource for runtime in found] == ["b", "a", "c", "front"]

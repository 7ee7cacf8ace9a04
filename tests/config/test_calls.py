"""The functions of ``${...}``, and what they never do: show a secret, resolve foreign text."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentramp.config import Config, read
from agentramp.config.load import load
from agentramp.config.outside import Outside
from agentramp.config.text import MAX_BYTES
from agentramp.config.tree import plain
from agentramp.config.variables import resolve
from agentramp.diagnostics import ConfigError
from agentramp.errors import UsageError

OK = Path(__file__).parents[1] / "data" / "config" / "ok"


def functions(tmp_path: Path, account: Callable[[], str] | None) -> Config:
    return read(OK / "functions.yaml", {}, cwd=tmp_path, account=account)


def told(text: str, folder: Path) -> list[str]:
    tree = load(text.encode(), str(folder / "s.yaml"))
    return [str(found) for found in resolve(tree, {"KEY": "hunter2"}, Outside(folder)).faults]


def test_every_function_gives_its_value(tmp_path: Path) -> None:
    (runtime,) = functions(tmp_path, lambda: "123456").runtimes
    spec = runtime.spec
    assert (spec.name, spec.port, spec.instance_concurrency) == ("from-json", 9000, 3)
    assert spec.code is not None
    assert spec.code.command == ("python3", "main.py")
    assert runtime.source == OK / "code"
    assert spec.health_check is not None
    assert (spec.health_check.path, spec.health_check.initial_delay) == ("/up", 0)
    assert dict(spec.environment) == {
        "ACCOUNT": "123456",
        "BARE": "x-123456",
        "COUNT": "3",
        "JSON": "2",
        "LIST": "b",
        "PATH_OF": (OK / "layers" / "values.json").read_text(),
        "TEXT": "${env(MODEL)}",  # what a file holds is never resolved
    }
    assert not runtime.pending


def test_an_account_not_known_yet_leaves_the_value_open(tmp_path: Path) -> None:
    (runtime,) = functions(tmp_path, None).runtimes
    assert runtime.pending
    assert runtime.needs == ()
    assert runtime.open_values == (
        "props.agent.environmentVariables.ACCOUNT",
        "props.agent.environmentVariables.BARE",
    )


def test_an_account_that_cannot_be_told_is_a_fault(tmp_path: Path) -> None:
    def account() -> str:
        raise UsageError("no credentials", advice="set some")

    with pytest.raises(ConfigError) as caught:
        functions(tmp_path, account)
    assert {fault.position.line for fault in caught.value.diagnostics} == {22, 23}
    assert all("no credentials" in str(fault) for fault in caught.value.diagnostics)


def test_the_account_is_asked_only_where_it_is_used(tmp_path: Path) -> None:
    def account() -> str:
        raise AssertionError

    assert read(OK / "minimal.yaml", {}, cwd=tmp_path, account=account).runtimes


@pytest.mark.parametrize("name", ["a", "b.json", "c.yaml"])
def test_what_a_file_holds_is_never_shown(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("hunter2: [hunter2\n\t'hunter2")
    forms = ("${file('%s')}", "${json(file('%s'))}", "${yaml(file('%s'))}", "${path(file('%s'))}")
    values = "".join(f"v{index}: {form % name}\n" for index, form in enumerate(forms))
    faults = told(values, tmp_path)
    assert len(faults) == 3
    assert "hunter2" not in "".join(faults)


def test_what_a_file_holds_is_not_shown_by_a_rule(tmp_path: Path) -> None:
    (tmp_path / "name").write_text("no name: hunter2")
    (tmp_path / "s.yaml").write_text(
        "edition: 3.0.0\nresources: {a: {component: agentrun, props: {region: cn-hangzhou, agent: "
        "{name: \"${file('name')}\", customContainerConfig: {image: x}}}}}\n"
    )
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, {}, cwd=tmp_path)
    assert "hunter2" not in "".join(map(str, caught.value.diagnostics))


def test_a_path_where_a_secret_belongs_is_not_shown(tmp_path: Path) -> None:
    values = "API_KEY: ${file('hunter2')}\nDB_PASSWORD: ${path('hunter2')}\n"
    faults = told(values, tmp_path)
    assert len(faults) == 2
    assert "hunter2" not in "".join(faults)


def test_a_secret_inside_a_function_is_in_clear_text(tmp_path: Path) -> None:
    image = "customContainerConfig: {image: x}"
    (tmp_path / "s.yaml").write_text(
        "edition: 3.0.0\nresources: {a: {component: agentrun, props: {region: cn-hangzhou, agent: "
        f"{{name: a, {image}, environmentVariables: {{API_KEY: \"${{str('hunter2')}}\"}}}}}}}}}}\n"
    )
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, {}, cwd=tmp_path)
    assert [fault.rule for fault in caught.value.diagnostics] == ["secret"]


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * (MAX_BYTES + 1))
    (only,) = told("a: ${file('big')}\n", tmp_path)
    assert "is larger than 1 MiB" in only


def test_a_file_used_again_and_again_is_refused_at_last(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * MAX_BYTES)
    uses = "".join(f"v{n}: \"${{json(file('big'))}}\"\n" for n in range(200))
    faults = told(uses, tmp_path)
    assert len(faults) == 200
    assert "come to more than 32 MiB" in faults[-1]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (only,) = told("a: ${file('/dev/zero')}\n", tmp_path)
    assert "is no file" in only


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100 + "]" * 100,
        "[" * 100_000,
        "NaN",
        "1e999",
        '"\\u0000"',
        '"\\ud800"',
        '{"\\ud800":1}',
    ],
)
def test_json_that_no_tree_can_hold_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "j").write_text(text)
    (only,) = told("a: ${json(file('j'))}\n", tmp_path)
    assert "is no JSON" in only


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), below
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None, database=None, derandomize=True)
@given(value=JSON)
def test_json_arrives_as_it_is(value: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "j").write_text(json.dumps(value))
    tree = load(b"a: [\"${json(file('j'))}\"]\n", str(folder / "s.yaml"))
    found = plain(resolve(tree, {}, Outside(folder)).tree)
    assert found == {"a": [without_nulls(value)]}


def without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_nulls(below) for key, below in value.items() if below is not None}
    return [without_nulls(below) for below in value] if isinstance(value, list) else value

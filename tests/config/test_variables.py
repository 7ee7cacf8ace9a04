import pytest

from agentramp.config.load import load
from agentramp.config.tree import plain
from agentramp.config.variables import resolve
from agentramp.diagnostics import ConfigError

ENVIRON = {"NAME": "agent", "EMPTY": "", "NESTED": "${env('NAME')}", "BYTES": "\udcff"}


def value(expression: str, more: str = "") -> object:
    tree = load(f"{more}\nvalue: {expression}\n".encode(), "s.yaml")
    resolved = resolve(tree, ENVIRON)
    assert resolved.faults == ()
    said = plain(resolved.tree)
    assert isinstance(said, dict)
    return said["value"]


def faults(text: str) -> list[str]:
    return [str(found) for found in resolve(load(text.encode(), "s.yaml"), ENVIRON).faults]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("${env('NAME')}", "agent"),
        ("${env(NAME)}", "agent"),
        ("'${env(\"NAME\")}'", "agent"),
        ("${ env( 'NAME' ) }", "agent"),
        ("${env('NAME', 'other')}", "agent"),
        ("${env('UNSET', 'other')}", "other"),
        ("${env('EMPTY','other')}", "other"),
        ("${env('EMPTY','')}", ""),
        ("${env(UNSET,other)}", "other"),
        ("${env('UNSET','a } b')}", "a } b"),
        ("x-${env('NAME')}-${env('NAME')}", "x-agent-agent"),
        ("${env('NESTED')}", "${env('NAME')}"),
        ("a $ b {c} }", "a $ b {c} }"),
    ],
)
def test_environment(expression: str, expected: str) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("${vars.port}", 9000),
        ("${vars.flag}", True),
        ("${vars.share}", 0.5),
        ("p${vars.port}", "p9000"),
        ("${vars.flag}/${vars.whole}/${vars.share}", "true/2/0.5"),
        ("${vars.deep.list[1]}", "two"),
        ("${vars.deep.list}", ["one", "two"]),
        ("${vars.chain}", "x-agent"),
    ],
)
def test_vars_keep_their_type(expression: str, expected: object) -> None:
    more = """
vars:
  port: 9000
  flag: true
  whole: 2.0
  share: 0.5
  deep: {list: [one, two]}
  link: ${env('NAME')}
  chain: x-${vars.link}
"""
    assert value(expression, more) == expected


def test_references_to_this_and_other_resources() -> None:
    text = """
resources:
  one: {component: agentrun, props: {region: r, name: "${this.name}", again: "${this.props.name}"}}
  two: {component: agentrun, props: {region: "${resources.one.props.region}"}}
"""
    resolved = resolve(load(text.encode(), "s.yaml"), {})
    assert resolved.faults == ()
    assert plain(resolved.tree) == {
        "resources": {
            "one": {
                "component": "agentrun",
                "props": {"region": "r", "name": "one", "again": "one"},
            },
            "two": {"component": "agentrun", "props": {"region": "r"}},
        }
    }


def test_a_fault_stands_at_the_value() -> None:
    (only,) = faults("a: 1\nb: ${env('UNSET')}\n")
    assert only.startswith("s.yaml:2:4: b: environment variable UNSET is not set; ")


def test_a_fault_is_told_once_however_often_the_value_is_used() -> None:
    text = "vars: {a: \"${env('UNSET')}\"}\nb: ${vars.a}\nc: ['x${vars.a}', '${vars.a}']\n"
    assert len(faults(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "vars: {a: '${vars.a}'}\n",
        "vars: {a: '${vars.b}', b: '${vars.c}', c: 'x${vars.a}'}\n",
        "vars: {a: {b: '${vars.a}'}}\n",
        "vars: {a: ['${vars.a[0]}']}\n",
        "resources: {r: {component: agentrun, props: {a: '${this.props}'}}}\n",
    ],
)
def test_circles_are_named(text: str) -> None:
    found = faults(text)
    assert any("refers to itself and has no end" in fault for fault in found)


def test_a_long_chain_is_refused_rather_than_followed() -> None:
    links = "".join(f"  v{n}: ${{vars.v{n + 1}}}\n" for n in range(500))
    assert any("through more than" in fault for fault in faults(f"vars:\n{links}  v500: x\n"))


def test_variables_that_multiply_are_refused() -> None:
    texts = "".join(f"  v{n}: {f'${{vars.v{n - 1}}}' * 30}\n" for n in range(1, 30))
    assert any("[size]" in fault for fault in faults(f"vars:\n  v0: xxxxxxxxxx\n{texts}"))
    item = "'${{vars.v{}}}'"
    lists = "".join(f"  v{n}: [{', '.join([item.format(n - 1)] * 30)}]\n" for n in range(1, 30))
    assert any("[size]" in fault for fault in faults(f"vars:\n  v0: [x]\n{lists}"))


def test_a_file_that_grows_past_its_bounds_in_many_small_steps_is_refused() -> None:
    uses = ", ".join(["'${vars.list}'"] * 50)
    numbers = ", ".join(["1"] * 150)
    lists = "".join(f"a{n}: [{uses}]\n" for n in range(3))
    with pytest.raises(ConfigError):
        resolve(load(f"vars: {{list: [{numbers}]}}\n{lists}".encode(), "s.yaml"), {})


@pytest.mark.parametrize("text", ["${env('" + " " * 200_000, "${env(a" + " " * 200_000 + "}"])
def test_long_expressions_are_answered_fast(text: str) -> None:
    tree = load(f'a: "{text}"\n'.encode(), "s.yaml")
    assert len(resolve(tree, {}).faults) == 1


def test_text_from_the_environment_must_be_text() -> None:
    (only,) = faults("a: ${env('BYTES')}\n")
    assert "holds bytes that are no text" in only


def test_parts_that_are_not_ours_need_no_values() -> None:
    text = """
actions: {pre-deploy: [{run: "echo ${HOME}"}]}
resources:
  other: {component: fc3, props: {a: "${env('UNSET')}"}}
  ours: {component: agentrun, actions: {x: [{run: "${HOME}"}]}}
"""
    assert faults(text) == []


def test_what_may_be_secret_is_marked() -> None:
    text = (
        "vars: {api_key: x, plain: y}\na: ${vars.api_key}\nb: ${vars.plain}\nc: '${env(NAME)}!'\n"
    )
    tree = resolve(load(text.encode(), "s.yaml"), ENVIRON).tree
    origins = {
        entry.key: (entry.value.origin.hidden, entry.value.origin.from_env)  # type: ignore[union-attr]
        for entry in tree.entries[1:]
    }
    assert origins == {"a": (True, False), "b": (False, False), "c": (True, True)}

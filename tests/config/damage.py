"""Files damaged in many ways: in their bytes, in their lines, in their structure."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import yaml
from hypothesis import strategies as st

from agentramp.config.load import load
from agentramp.config.tree import plain

TOKENS = [
    *(b"${env('X')}", b"${env('X','d')}", b"${vars.memory}", b"${vars.", b"${this.name}", b"${"),
    *(b"${env(MODEL)}", b"${resources.from-code.props}", b"${vars}", b"$${x}", b"${vars.image}"),
    *(
        b"&a ",
        b"*a",
        b"*health",
        b"<<: *health",
        b"!!int ",
        b"!!binary ",
        b"!x ",
        b"---\n",
        b"...\n",
    ),
    *(
        b"\t",
        b"\n",
        b"\r",
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        b"\xc2\x85",
        b"%YAML 1.1\n",
    ),
    *(b"${config('AccountID')}", b"${file('layers/note.txt')}", b"${path('.')}", b"${file("),
    *(b"${json(file('layers/values.json'))}", b"${yaml(file('layers/env.yaml'))}", b"${str(vars)}"),
    *(b"${env.init('vars.memory')}", b"${resources.tools.output.agent.id}", b"${this.output.x}"),
    *(b"extend: ./layers/base.yaml", b"extend: s.yaml", b"env: layers/env.yaml", b"template: {"),
    *(b"[", b"]", b"{", b"}", b"- ", b"? ", b": ", b"'", b'"', b"|\n", b">-\n", b"#", b"\\", b","),
    *(b"null", b"true", b"yes", b"0o17", b"1e999", b".nan", b"-1", b"12:30", b"9" * 5000, b"0.5"),
    *(b'"\\ud800"', b'"\\0"', b'"\\x41"', b"[" * 200, b"{a: " * 200, b"x" * 2000, "名".encode()),
]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 64, 10**30, 0.5, 1.5, 1e300, "", " ", "x", "9000", "yes"),
    *("a\nb", "\u2028", "名", "x" * 300, "LATEST", "auto", "2", "./code", "/", "vpc-1", "agentrun"),
    *(
        "${env('MODEL')}",
        "${env('NOT_SET')}",
        "x${env('MODEL')}",
        "${vars}",
        "${this}",
        "${vars.x}",
    ),
    *(
        "${this.props}",
        "${vars.memory}",
        "${resources}",
        "${resources.from-code.props.agent}",
        "fc3",
    ),
    *(
        "${resources.from-code.output.agent.id}",
        "${resources.tools.output.agent.endpoints[0].url}",
        "${this.output}",
        "${config('AccountID')}",
        "${yaml(file('layers/env.yaml'))}",
        "${json(file('layers/values.json'))}",
        "${str(vars)}",
        "${json('[[1')}",
        "./layers/base.yaml",
        "layered.yaml",
        "..",
        {"name": "small", "ignore": ["agent", "agent.cpu", 1]},
    ),
    *(
        "10m",
        "1x",
        "Fri 16:00",
        "2026-12-20",
        "Asia/Shanghai",
        "http://localhost:1",
        "gateway",
        100,
    ),
    *([], {}, [None], [[]], [{}], {"a": None}, {"name": "x"}, [1, "x"], "sk-0123456789abcdefghij"),
]
NAMES = [
    *("name", "code", "src", "customContainerConfig", "image", "timeout", "vpcConfig", "weight"),
    *("endpoints", "agent", "props", "component", "extend", "API_KEY", "cpuu", "", " ", "1", "a.b"),
    *("steps", "bake", "metrics", "errors", "evidence", "unit", "golden", "from", "timezone", "on"),
    *("template", "ignore", "overlays", "environments", "vars", "resources", "workspace"),
    *("customDomain", "route", "certConfig", "privateKey", "extend", "env", "access"),
    *("logConfig", "environmentVariables", "version", "sk-0123456789abcdefghij", "x" * 300, "a\nb"),
]
KINDS = ("bytes", "cut", "token", "replace", "delete", "repeat", "swap", "indent", "value", "key")


@st.composite
def damaged(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 3))):
        data = damage(draw, data)
    return data


def damage(draw: st.DrawFn, data: bytes) -> bytes:
    kind = draw(st.sampled_from(KINDS))
    at = draw(st.integers(0, len(data)))
    if kind == "bytes":
        return data[:at] + draw(st.binary(max_size=4)) + data[at + draw(st.integers(0, 4)) :]
    if kind == "cut":
        return data[:at] + data[at + draw(st.integers(1, 200)) :]
    if kind == "token":
        return data[:at] + draw(st.sampled_from(TOKENS)) + data[at:]
    return b"".join(damage_lines(draw, kind, data.splitlines(keepends=True)))


def damage_lines(draw: st.DrawFn, kind: str, lines: list[bytes]) -> list[bytes]:
    if not lines:
        return lines
    at, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    token = draw(st.sampled_from(TOKENS))
    key, colon, _ = lines[at].partition(b":")
    edits = {
        "delete": lines[:at] + lines[at + 1 :],
        "repeat": lines[: at + 1] + lines[other : other + 8] + lines[at + 1 :],
        "swap": [*lines[:at], lines[other], *lines[at + 1 :]],
        "indent": [*lines[:at], b" " * draw(st.integers(1, 5)) + lines[at], *lines[at + 1 :]],
        "value": [*lines[:at], key + colon + b" " + token + b"\n", *lines[at + 1 :]],
        "key": [*lines[:at], lines[at].replace(key.strip(), token, 1), *lines[at + 1 :]],
        "replace": [*lines[:at], token + b"\n", *lines[at + 1 :]],
    }
    return edits[kind]


@st.composite
def rearranged(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Change the structure and write it anew, so that the YAML is good and the meaning is not."""
    tree: Any = plain(load(draw(st.sampled_from(seeds)), "s.yaml"))
    for _ in range(draw(st.integers(1, 5))):
        holders = [part for part in parts(tree) if part]
        if holders:
            rearrange(draw, draw(st.sampled_from(holders)), draw(st.sampled_from(holders)))
    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False).encode()


def parts(node: Any) -> Iterator[Any]:
    if isinstance(node, dict | list):
        yield node
        for below in node.values() if isinstance(node, dict) else node:
            yield from parts(below)


def rearrange(draw: st.DrawFn, holder: Any, other: Any) -> None:
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    key = draw(st.sampled_from(keys))
    match draw(st.sampled_from(("value", "value", "rename", "delete", "add", "graft"))):
        case "value":
            holder[key] = deepcopy(draw(st.sampled_from(VALUES)))
        case "rename" if isinstance(holder, dict):
            holder[draw(st.sampled_from(NAMES))] = holder.pop(key)
        case "delete":
            del holder[key]
        case "add" if isinstance(holder, dict):
            holder[draw(st.sampled_from(NAMES))] = deepcopy(draw(st.sampled_from(VALUES)))
        case _:
            holder[key] = deepcopy(other)

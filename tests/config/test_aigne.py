from pathlib import Path

import pytest

from agentramp.config.aigne import Aigne, aigne_file, read_aigne
from agentramp.diagnostics import ConfigError
from agentramp.errors import UsageError


def project(folder: Path, text: str, name: str = "aigne.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    for file in ("echo.js", "tool.mjs", "agents/chat.yaml"):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).touch()
    return folder


def faults(folder: Path, text: str) -> list[tuple[int, int, str, str]]:
    with pytest.raises(ConfigError) as caught:
        read_aigne(project(folder, text))
    told = caught.value.diagnostics
    return [(one.position.line, one.position.column, one.path, one.message) for one in told]


@pytest.mark.parametrize(
    ("model", "served"),
    [
        ("chat_model: openai/gpt-4o-mini", "mcp_server"),
        ("chatModel: {provider: openai, name: gpt-4o-mini, temperature: 0}", "mcpServer"),
        ("model: openai/gpt-4o-mini", "mcp_server"),
    ],
)
def test_what_the_file_says(tmp_path: Path, model: str, served: str) -> None:
    text = f"""
name: tiny-echo
description: Says it again.
{model}
agents: [agents/chat.yaml, echo.js]
skills: [./tool.mjs]
{served}: {{agents: [echo.js]}}
cli: {{chat: agents/chat.yaml, agents: [{{url: echo.js, name: echo}}]}}
futureKey: {{of: [the, vendor]}}
"""
    assert read_aigne(project(tmp_path, text)) == Aigne(
        file=tmp_path / "aigne.yaml",
        name="tiny-echo",
        description="Says it again.",
    )
    assert aigne_file(tmp_path) == tmp_path / "aigne.yaml"


def test_little_is_enough(tmp_path: Path) -> None:
    found = read_aigne(project(tmp_path, "agents: [echo.js]"))
    assert found == Aigne(tmp_path / "aigne.yaml")


def test_every_fault_is_told_at_its_place(tmp_path: Path) -> None:
    text = """name: 7
agents: [echo.js, gone.js, ../x.js, /etc/passwd, 5]
skills: tool.mjs
chat_model: {provider: openai, name: m, api_key: 8wordsOfASecret}
model: a/b
mcp_server: {agents: [agents]}
mcpServer: {}
cli: {chat: hope.yaml}
name: again
"""
    told = faults(tmp_path, text)
    assert [(line, path) for line, _, path, _ in sorted(told)] == [
        (1, "name"),
        (2, "agents[1]"),
        (2, "agents[2]"),
        (2, "agents[3]"),
        (2, "agents[4]"),
        (3, "skills"),
        (4, "chat_model"),
        (4, "chat_model.api_key"),
        (6, "mcp_server.agents[0]"),
        (7, "mcpServer"),
        (8, "cli.chat"),
        (9, "name"),
    ]
    words = {path: message for _, _, path, message in told}
    assert '"gone.js" is no file' in words["agents[1]"]
    assert "outside of the folder" in words["agents[2]"]
    assert "outside of the folder" in words["agents[3]"]
    assert "write a list" in words["skills"]
    assert "says again what model says" in words["chat_model"]
    assert "8words" not in str(told)


@pytest.mark.parametrize(
    "line",
    ["x: {note: sk-proj-a1b2c3d4e5f6g7h8i9}", "env: {ADMIN_PASSWORD: 'hunter2 and more'}"],
)
def test_secrets_are_named_and_never_shown(tmp_path: Path, line: str) -> None:
    ((number, _, _, message),) = faults(tmp_path, f"name: a\n{line}\n")
    assert number == 2
    assert "a secret stands here" in message
    assert "hunter2" not in message


@pytest.mark.parametrize("line", ["env: {API_KEY: '${API_KEY}'}", "env: {API_KEY: <your-key>}"])
def test_what_stands_for_a_secret_is_none(tmp_path: Path, line: str) -> None:
    assert read_aigne(project(tmp_path, f"name: a\n{line}\n")).name == "a"


def test_another_ending_is_refused_with_the_fix(tmp_path: Path) -> None:
    project(tmp_path, "name: a", "aigne.yml")
    assert aigne_file(tmp_path) is None
    with pytest.raises(UsageError, match=r"aigne\.yml is not read") as caught:
        read_aigne(tmp_path)
    assert "rename it to aigne.yaml" in caught.value.advice


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        read_aigne(tmp_path)
    (tmp_path / "aigne.yaml").write_text("# nothing", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_aigne(tmp_path)
    assert "begins with: name: my-agent" in caught.value.diagnostics[0].message

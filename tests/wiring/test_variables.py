"""One secret of many lines: what of it is taken, what of it is shown, and who inherits it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentramp.errors import UsageError
from agentramp.wiring.context import Context
from agentramp.wiring.variables import masked, may_be_secret, with_variables
from tests.verbs.scene import context

SECRET = "s3cr3t-of-the-shop"
SETTINGS = """\
edition: 3.0.0
name: shop
access: default
resources:
  shop:
    component: agentrun
    props:
      region: cn-hangzhou
      agent:
        name: ${env('SHOP_NAME')}
        customContainerConfig:
          image: registry.example.com/acme/shop:v1
        environmentVariables:
          SHOP_KEY: ${env('SHOP_KEY')}
        cpu: 0.5
        memory: 512
        port: 9000
"""


def laid(folder: Path, text: str, **environ: str) -> tuple[Context, list[str]]:
    told: list[str] = []
    return with_variables(context(folder, environ), masked(text, told.append)), told


def said(outside: Context) -> str:
    return outside.console.stream.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_secrets_are_masked_and_all_is_read_as_it_is_written(tmp_path: Path) -> None:
    text = (
        f"# of the shop\nSHOP_KEY={SECRET}\nexport PRICE='$5 ${{HOME}}'\nPEM=\"{SECRET}\nb\"\n"
        "EMPTY=\nFEATURE=true\nNAME=quickstart\nLOG_LEVEL=INFO\n"
    )
    outside, masked = laid(tmp_path, text)
    assert outside.environ == {
        "SHOP_KEY": SECRET,
        "PRICE": "$5 ${HOME}",
        "PEM": f"{SECRET}\nb",
        "EMPTY": "",
        "FEATURE": "true",
        "NAME": "quickstart",
        "LOG_LEVEL": "INFO",
    }
    assert masked == [SECRET, "$5 ${HOME}", f"{SECRET}\nb"]


@pytest.mark.parametrize(
    "value",
    [
        *("", "true", "FALSE", "INFO", "hunter2"),
        *("12345678", "3.14159265", "-1.5e-10", "30000000", "1,000,000"),
        *("quickstart", "production", "Be brief and polite", "s.staging.yaml", "acme/shop"),
        *("gpt-4o-mini", "qwen2.5-72b-instruct", "llama-3.1-8b", "text-embedding-v3"),
        *("cn-hangzhou", "ap-southeast-1", "us-east-1", "Asia/Shanghai"),
        *("https://dashscope.aliyuncs.com/compatible-mode/v1", "http://localhost:8080/v1"),
        *("registry.cn-hangzhou.aliyuncs.com/acme/greeter:v1", "first words\nsecond words\n"),
    ],
)
def test_a_setting_is_not_masked_as_outputs_would_go_with_it(value: str) -> None:
    assert not may_be_secret("SETTING", value)


@pytest.mark.parametrize(
    "value",
    [
        *("hunter20", "Passw0rd1", "winter-2025", "AB12-CD34-EF56", "1234-5678-9012-3456"),
        *("3f2504e0-4f89-11d3-9a0c-0305e82c3301", "LTAI5tQnKxExample", "xKqPzRtWbNmJ"),
        *("abcdefghijklmnopqrstuvwxyz", "pass!word-of-the-shop", "dGhpcyBpcyBhIGtleQ=="),
        *("postgres://shop:s3cr3t-00f@db.example.com/shop", "https://u:p%40ss@example.com/"),
        "redis://shop:swordfish@cache.example.com/shop",
        *("https://hooks.example.com/services/T00AB12CD/x9Q7", '{"login": "shop"}'),
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----",
    ],
)
def test_what_can_be_a_secret_is_masked(value: str) -> None:
    assert may_be_secret("SETTING", value)


@pytest.mark.parametrize("name", ["MODEL_API_KEY", "github_token", "DB_PASSWORD", "CLIENT_SECRET"])
def test_a_name_that_says_so_is_believed_but_for_a_short_value(name: str) -> None:
    assert may_be_secret(name, "correct-horse-battery")
    assert may_be_secret(name, "12345678")
    assert not may_be_secret(name, "true")
    assert not may_be_secret(name, "changed")
    assert not may_be_secret(f"{name}_FILE", "secrets/of-the-shop")


def test_what_the_process_has_itself_wins_and_is_told_by_name_only(tmp_path: Path) -> None:
    outside, _ = laid(
        tmp_path, f"PATH={SECRET}\nHOME=/same\nTOKEN=given\n", PATH="/bin", HOME="/same", TOKEN=""
    )
    assert outside.environ == {"PATH": "/bin", "HOME": "/same", "TOKEN": "given"}
    assert said(outside).strip() == (
        "note: AGENTRAMP_VARIABLES names PATH, and the environment's own is taken"
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (f"A=1\n{SECRET}\n", "line 2: there is no '='"),
        (f"\n\nA='{SECRET}\n", "line 3: this line cannot be read"),
        (f'{SECRET}\nB=2\nC="{SECRET}" {SECRET}\n', "line 1: .*; line 3: "),
    ],
)
def test_a_fault_is_told_by_its_line_and_never_by_its_text(
    tmp_path: Path, text: str, where: str
) -> None:
    with pytest.raises(UsageError, match=where) as caught:
        laid(tmp_path, text)
    assert SECRET not in f"{caught.value.message} {caught.value.advice}"
    assert caught.value.exit_code == 2


def test_the_command_line_takes_it_and_lets_nobody_inherit_it(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SETTINGS)
    after = (
        "import os, sys; from agentramp.cli import main; code = main(['validate']);"
        " print(sorted(name for name in os.environ if 'VARIABLES' in name or 'SHOP' in name));"
        " sys.exit(code)"
    )
    lines = f"SHOP_NAME=shop\nSHOP_KEY={SECRET}\n"
    ended = subprocess.run(
        [sys.executable, "-c", after],
        cwd=tmp_path,
        env={**os.environ, "AGENTRAMP_VARIABLES": lines, "AGENTRAMP_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "[]"
    assert SECRET not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (f"SHOP_KEY={SECRET}\n", "input path: "),
        (f"SHOP_KEY={SECRET}\nno name\n", "AGENTRAMP_VARIABLES cannot be read; line 2"),
        (f"SHOP_KEY='{SECRET}\n", "AGENTRAMP_VARIABLES cannot be read; line 1"),
    ],
)
def test_a_fault_in_the_words_is_told_after_the_secrets_are_masked(
    tmp_path: Path, lines: str, said: str
) -> None:
    page, output = tmp_path / "page", tmp_path / "output"
    ended = subprocess.run(
        [sys.executable, "-m", "agentramp", "rollback", f"--reason=uses {SECRET}"],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": str(page),
            "GITHUB_OUTPUT": str(output),
            "AGENTRAMP_VARIABLES": lines,
            "AGENTRAMP_INPUT_PATH": f"no-{SECRET}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert said in ended.stderr
    log = ended.stderr.splitlines()
    masked_at = log.index(f"::add-mask::{SECRET}")
    assert [line for line in log[:masked_at] if SECRET in line] == []
    assert SECRET not in page.read_text() + output.read_text()
    assert "(exit 2)" in page.read_text()

"""One secret of many lines: what of it is taken, what of it is shown, and who inherits it."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.errors import UsageError
from agentramp.wiring.context import Context
from agentramp.wiring.variables import with_variables
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
    masked: list[str] = []
    outside = replace(context(folder, environ), mask=masked.append)
    return with_variables(outside, text), masked


def said(outside: Context) -> str:
    return outside.console.stream.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_every_value_is_masked_and_read_as_it_is_written(tmp_path: Path) -> None:
    text = f"# of the shop\nSHOP_KEY={SECRET}\nexport PRICE='$5 ${{HOME}}'\nPEM=\"a\nb\"\nEMPTY=\n"
    outside, masked = laid(tmp_path, text)
    values = {"SHOP_KEY": SECRET, "PRICE": "$5 ${HOME}", "PEM": "a\nb", "EMPTY": ""}
    assert outside.environ == values
    assert masked == [value for value in values.values() if value]


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

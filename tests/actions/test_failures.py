from pathlib import Path

import pytest

from tests.actions.act import Act, commit
from tests.actions.conftest import Platform

pytestmark = pytest.mark.timeout(400)


def test_a_fault_is_told_at_its_line(act: Act, consumer: Path) -> None:
    file = consumer / "s.yaml"
    lines = file.read_text().splitlines()
    number = next(i for i, line in enumerate(lines, 1) if line.strip() == "memory: 512")
    lines[number - 1] = lines[number - 1].replace("512", "64")
    lines[number - 2] = lines[number - 2].replace("cpu", "cpuu")
    file.write_text("\n".join(lines) + "\n")
    commit(consumer, "Two faults")

    run = act(consumer, "validate")

    assert (run.code, run.result("validate")) == (1, "failure"), run.story()
    places = [(at.get("file"), at.get("line")) for at, _ in run.errors("validate")]
    assert places == [("s.yaml", str(number - 1)), ("s.yaml", str(number))]
    assert "exit status 2" in run.story()
    assert "still going" not in run.printed("validate")
    assert "validate: failed (exit 2)" in run.summaries("validate")
    assert run.outputs("validate")["runtime"] == ""


def test_an_input_that_makes_no_sense_is_named(
    act: Act, consumer: Path, platform: Platform
) -> None:
    platform.start()
    run = act(consumer, "shift", weight="0.2")
    assert (run.code, run.result("shift")) == (1, "failure"), run.story()
    [(_, message)] = run.errors("shift")
    assert message.startswith("input weight: '0.2' is not a whole percent")
    assert "exit status 2" in run.story()

    run = act(consumer, "shift", **{"dry-run": "yes"})
    [(_, message)] = run.errors("shift")
    assert message.startswith("input dry-run: 'yes' is neither true nor false")


def test_what_only_looks_like_a_command_is_not_run(act: Act, consumer: Path) -> None:
    owned = '1"; touch "$GITHUB_WORKSPACE/owned"; $(touch owned) `touch owned` ##[set-env name=a]b'
    run = act(consumer, "shift", version=owned, weight="1")
    assert run.result("shift") == "failure", run.story()
    [(_, message)] = run.errors("shift")
    assert message.startswith("input version: ")
    assert "nothing was owned" in run.printed("shift")
    assert run.outputs("shift")["version"] == ""
    assert run.outputs("shift")["changed"] == "false"
    assert run.outputs("shift")["reason"].startswith("input version: ")


def test_the_callers_files_do_not_stand_in_for_ours(act: Act, consumer: Path) -> None:
    bomb = 'raise SystemExit("the checkout was imported")\n'
    modules = ("agentramp", "yaml", "sitecustomize", "usercustomize", "venv", "ensurepip", "pip")
    for name in (*modules, "argparse", "json", "uv"):
        (consumer / f"{name}.py").write_text(bomb)
    (consumer / "requirements.txt").write_text("no-such-package==999\n")
    (consumer / "uv.toml").write_text('index-url = "http://127.0.0.1:9/"\n')
    (consumer / "pyproject.toml").write_text("[project]\nname = 1\n")
    commit(consumer, "Names like ours")

    run = act(consumer, "validate")

    assert (run.code, run.result("validate")) == (0, "success"), run.story()
    assert run.outputs("validate")["runtime"] == "quickstart"

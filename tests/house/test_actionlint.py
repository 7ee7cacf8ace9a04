"""The lint can find something, in ours and in what our users write with our actions."""

import os
import shutil
from pathlib import Path

import pytest

from tests.actions import prepared
from tests.house import actionlint

CALLER = """\
on: push
permissions: {}
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - id: it
        uses: agentramp/agentramp/actions/status@v0
        with:
          nothing: 1
      - run: echo ${{ steps.it.outputs.nothing }} $1 > $it
  two:
    uses: agentramp/agentramp/.github/workflows/rollback.yml@v0
    with:
      nothing: 1
"""


def find_actionlint() -> str:
    """Its path; where it is missing the test is skipped, but in CI that is a failure."""
    found = shutil.which("actionlint")
    if found:
        return found
    told = f"actionlint is not on PATH; get it with: {actionlint.GET}"
    if os.environ.get("CI"):
        pytest.fail(told)
    pytest.skip(told)


def test_what_a_caller_gets_wrong_is_found(tmp_path: Path) -> None:
    program = find_actionlint()
    prepared.write(tmp_path)
    project = tmp_path / "quickstart"
    (project / prepared.WORKFLOWS / "caller.yml").write_text(prepared.local(CALLER, "agentramp"))
    found = [one for one in actionlint.of_one(program, project) if "caller" in one.path]
    assert {one.path for one in found} == {"examples/quickstart/.github/workflows/caller.yml"}
    for line, told in ((10, "nothing"), (11, "nothing"), (11, "SC2086"), (15, "nothing")):
        assert any(one.line == line and told in one.message for one in found), (line, found)

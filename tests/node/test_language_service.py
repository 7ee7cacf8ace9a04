"""The lint can find something: what a reader of workflows gets wrong, each told where it stands."""

from tests.house.workflow_files import ROOT
from tests.node.language_service import Document, findings

STEP = """\
on: push
permissions: {}
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - %s
"""
CALL = STEP[: STEP.index("    runs-on")] + "    uses: %s\n"
WELL = {
    "root action": STEP % "uses: agentramp/agentramp@v0\n        with: {path: .}",
    "own action": STEP % "uses: $/actions/status",
    "action of others": STEP
    % "uses: actions/checkout@v7\n        with: {persist-credentials: false}",
}
FAULTY = {
    "step": (STEP % "run: echo ${{ steps.none.outputs.version }}", "none"),
    "context": (STEP % "run: echo ${{ github.nothing }}", "nothing"),
    "action": (STEP % "uses: $/actions/none", "$/actions/none"),
    "input": (STEP % "uses: $/actions/status\n        with: {nothing: 1}", "'nothing'"),
    "root input": (STEP % "uses: agentramp/agentramp@v0\n        with: {nothing: 1}", "'nothing'"),
    "workflow": (CALL % "$/.github/workflows/none.yml", "reusable workflow"),
    "key": (STEP.replace("runs-on", "run-on") % "run: true", "run-on"),
}


def test_each_fault_is_found_and_what_is_well_is_left_alone() -> None:
    texts = {**WELL, **{name: text for name, (text, _) in FAULTY.items()}}
    found = findings([Document(name, ROOT, text) for name, text in texts.items()])
    assert {one.path for one in found} == set(FAULTY), found
    for name, (_, told) in FAULTY.items():
        assert any(told in one.message for one in found if one.path == name), (name, found)

"""What release.yml makes of the outputs of its own build: nothing is built twice or unsigned.

A runner drops an output of a job that has a masked text in it, and only warns; act does not.
"""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.actions.workflow_tables import jobs

DIGEST = f"sha256:{'ab' * 32}"
BUILT = {"PACKAGED": "1", "FILE": "shop-agentrun.zip", "BUILT": DIGEST}
CONTAINER = {"PACKAGED": "0", "FILE": "", "BUILT": DIGEST}
NOTHING = {"PACKAGED": "", "FILE": "", "BUILT": ""}
DROPPED = (("FILE",), ("BUILT",), ("FILE", "BUILT"), ("PACKAGED",), tuple(BUILT))
LEFT = [BUILT | dict.fromkeys(lost, "") for lost in DROPPED]
"""What is left of the build's outputs where a runner found a masked text in some of them."""


def test_a_second_call_does_nothing_of_the_build_but_say_so() -> None:
    said, *others = jobs("release")["build"]["steps"]
    given = "inputs.artifact-digest != ''"
    assert (said["if"], said["run"].split()[0]) == (given, "echo")
    following = {step["if"] for step in others}
    assert following == {"inputs.artifact-digest == ''", "steps.kept.outputs.name"}
    assert others[-1]["if"] == "steps.kept.outputs.name", "of a step that did not run there is none"


def test_what_the_build_says_of_itself_is_too_short_to_be_masked(tmp_path: Path) -> None:
    zip_file = f"{tmp_path}/shop-agentrun.zip"
    kept = ended(tmp_path, "build", "kept", DIGEST=DIGEST, FILE=zip_file)
    name = f"agentramp-{'ab' * 32}"
    assert kept == (0, {"packaged": "1", "name": name, "file": "shop-agentrun.zip"}, kept[2])
    code, outputs, said = ended(tmp_path, "build", "kept", DIGEST=DIGEST, FILE="")
    assert (code, outputs) == (0, {"packaged": "0"})
    assert len(said.splitlines()) == 1
    build = jobs("release")["build"]["outputs"]
    assert build["packaged"] == "${{ steps.kept.outputs.packaged }}"


@pytest.mark.parametrize("left", LEFT)
def test_a_lost_output_of_the_build_ends_the_run_before_it_meets_a_token(
    left: dict[str, str], tmp_path: Path
) -> None:
    for job, more in (("attest", {"ATTEST": "true"}), ("release", {})):
        code, outputs, said = ended(tmp_path, job, "wanted", GIVEN="", **left, **more)
        assert (code, outputs) == (2, {})
        assert said.startswith("::error title=agentramp release::the package's name or digest did")
        assert len(said.splitlines()) == 1
    unsigned = ended(tmp_path, "attest", "wanted", GIVEN="", ATTEST="false", **left)
    assert unsigned[:2] == (0, {})
    release = jobs("release")["release"]["steps"]
    assert release[0]["id"] == "wanted", "before anything else is done"
    assert not [step for step in release if "if" in step], "so nothing goes on after it has failed"


@pytest.mark.parametrize(
    ("given", "left", "name"),
    [
        ("", BUILT, f"agentramp-{'ab' * 32}"),
        ("", CONTAINER, f"agentramp-{'ab' * 32}"),
        ("", CONTAINER | {"BUILT": ""}, "agentramp-"),
        (f"sha256:{'cd' * 32}", NOTHING, f"agentramp-{'cd' * 32}"),
    ],
)
def test_a_release_takes_what_was_built_or_what_is_named(
    given: str, left: dict[str, str], name: str, tmp_path: Path
) -> None:
    assert ended(tmp_path, "release", "wanted", GIVEN=given, **left)[:2] == (0, {"name": name})
    signed = ended(tmp_path, "attest", "wanted", GIVEN=given, ATTEST="true", **left)
    assert signed[:2] == (0, {"sign": "1"} if left == BUILT else {})
    assert len(signed[2].splitlines()) == (left != BUILT), "one line where there is nothing to do"


@pytest.mark.parametrize("given", ["sha256:abc", "latest", f"{DIGEST}\nname=other", "$(id)"])
def test_what_is_no_digest_is_refused(given: str, tmp_path: Path) -> None:
    code, outputs, said = ended(tmp_path, "release", "wanted", GIVEN=given, **NOTHING)
    assert (code, outputs) == (2, {})
    assert "input artifact-digest is no sha256 digest" in said


def test_the_checks_read_the_outputs_of_the_build() -> None:
    for job in ("attest", "release"):
        environ = step_of(job, "wanted")["env"]
        assert environ["GIVEN"] == "${{ inputs.artifact-digest }}"
        for name, output in {
            "PACKAGED": "packaged",
            "FILE": "file",
            "BUILT": "artifact-digest",
        }.items():
            assert environ[name] == f"${{{{ needs.build.outputs.{output} }}}}"
    signing = jobs("release")["attest"]["steps"][-1]
    assert signing["if"] == "steps.wanted.outputs.sign"


def step_of(job: str, step: str) -> Any:
    [found] = [one for one in jobs("release")[job]["steps"] if one.get("id") == step]
    return found


def ended(folder: Path, job: str, step: str, **environ: str) -> tuple[int, dict[str, str], str]:
    """Exit code, outputs and words of a step's script, as a runner starts it."""
    asked = step_of(job, step)
    assert set(asked["env"]) == set(environ)
    outputs = folder / "outputs"
    outputs.write_text("")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", asked["run"]],
        env={"PATH": os.environ["PATH"], "GITHUB_OUTPUT": str(outputs), **environ},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stderr == ""
    lines = outputs.read_text().splitlines()
    return done.returncode, dict(line.split("=", 1) for line in lines), done.stdout

"""Our workflows, and those we give as examples, keep to what SECURITY.md says of them."""

import re
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house import accepted
from tests.house.accepted import Accepted, Finding
from tests.house.workflow_files import OWN, ROOT, actions, workflows

HOUSE = ROOT / ".github"
STUBS = sorted((ROOT / "tests/actions/stubs").glob("*/action.yml"))
WORKFLOWS = [path for path, _ in workflows()]
PUBLIC = [path for path in WORKFLOWS if "tests" not in path.relative_to(ROOT).parts]
"""Ours and the examples'; what only the tests run names actions that stand in for others."""
TEMPLATES = sorted((ROOT / "src/agentramp/templates").rglob("*.y*ml.in"))
"""What `agentramp init` writes."""
OWN_USE = re.compile(rf"\$/.+|\./|{OWN}(/[\w./-]+)?@v\d+(\.\d+)*")
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs(path: Path) -> dict[str, Any]:
    return dict(tree(path)["jobs"])


def steps(path: Path) -> Iterator[Any]:
    for job in jobs(path).values():
        yield from job.get("steps", [])


def pins(paths: list[Path]) -> set[str]:
    use = re.compile(r"uses: (\S+@[0-9a-f]{40} # \S+)")
    return {found for path in paths for found in use.findall(path.read_text(encoding="utf-8"))}


def test_there_is_something_to_look_at() -> None:
    names = {path.name for path in HOUSE.glob("workflows/*.yml")}
    assert {"ci.yml", "self-test.yml", "zizmor.yml", "publish.yml", "release.yml"} <= names
    assert any("examples" in path.parts for path in PUBLIC)


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_nothing_is_allowed_but_by_a_job(path: Path) -> None:
    assert tree(path)["permissions"] == {}


@pytest.mark.parametrize("path", PUBLIC, ids=named)
def test_each_permission_says_why(path: Path) -> None:
    asked = [permission for job in jobs(path).values() for permission in job.get("permissions", {})]
    assert all(isinstance(job.get("permissions", {}), dict) for job in jobs(path).values())
    lines = path.read_text(encoding="utf-8").splitlines()
    reasoned = [line for line in lines if re.match(r" +[a-z-]+: (read|write) +# \w", line)]
    assert len(reasoned) == len(asked), "a permission without its reason in the same line"


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_each_job_ends(path: Path) -> None:
    """A call has no time of its own: the jobs that it calls have."""
    for name, job in jobs(path).items():
        assert ("timeout-minutes" in job) != ("uses" in job), name


@pytest.mark.parametrize("path", [*PUBLIC, *TEMPLATES], ids=named)
def test_actions_of_others_are_pinned_to_a_commit(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        code = line.strip().removeprefix("- ")
        if code.startswith("uses: "):
            ours = OWN_USE.fullmatch(code.removeprefix("uses: ").split(" ")[0])
            assert ours or PINNED.match(code), code


def test_one_commit_for_one_action() -> None:
    """Two workflows with two versions of it: one of them was forgotten."""
    found: dict[str, set[str]] = {}
    for use in pins(PUBLIC):
        found.setdefault(use.split("@")[0], set()).add(use)
    assert {"actions/checkout", "actions/setup-python"} <= set(found)
    assert not {action: uses for action, uses in found.items() if len(uses) > 1}


def test_templates_have_the_commits_of_the_examples() -> None:
    """Dependabot sees no template: they follow what it renews elsewhere."""
    assert pins(TEMPLATES)
    assert pins(TEMPLATES) - pins(PUBLIC) == set()


@pytest.mark.parametrize("path", PUBLIC, ids=named)
def test_a_checkout_leaves_no_credentials(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    kept = 0
    for step in steps(path):
        if str(step.get("uses", "")).startswith("actions/checkout@"):
            persists = step.get("with", {}).get("persist-credentials")
            assert isinstance(persists, bool), step
            kept += persists
    assert kept == len(re.findall(r"persist-credentials: true +# \w", text)), "without a reason"


@pytest.mark.parametrize("path", [*WORKFLOWS, *actions()], ids=named)
def test_no_expression_stands_in_a_script(path: Path) -> None:
    """What an expression gives would be read as shell."""
    found = tree(path)
    all_steps = found["runs"]["steps"] if "runs" in found else list(steps(path))
    for step in all_steps:
        assert "${{" not in step.get("run", ""), step


ASKING = re.compile(r"(?:- )?(?:run: )?(?:\[\[? |test |! )(?:(?!\|\|).)*&&(?:(?!\|\|).)*")
"""A line that is nothing but a list of `&&`, which begins with a test."""


def silent(text: str) -> list[str]:
    """Under `bash -e` none but the last command of such a list can end the script."""
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if ASKING.fullmatch(line)]


@pytest.mark.parametrize("path", [*WORKFLOWS, *TEMPLATES, *STUBS, *actions()], ids=named)
def test_each_test_can_fail(path: Path) -> None:
    assert silent(path.read_text(encoding="utf-8")) == []


def test_a_test_that_cannot_fail_is_found() -> None:
    odd = [
        '[ "$A" = 1 ] && [ "$B" = 2 ]',
        "[[ $A =~ ^x$ ]] && echo it",
        'run: test -n "$A" && test "$A" = "$B"',
        "- run: test -f file && \\",
        "! grep x file && test -f file",
    ]
    fine = ["test a = b", "[ a ] || { b && c; }", "if [ a ] && [ b ]; then", "- cd x && make"]
    assert silent("\n".join(["  " + line for line in odd + fine])) == odd


def test_code_owners_own_something() -> None:
    lines = (HOUSE / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    owned = {path for path, *owners in rules if owners}
    for path in owned - {"*"}:
        assert path.startswith("/")
        assert (ROOT / path[1:]).is_dir() if path.endswith("/") else (ROOT / path[1:]).is_file()
    needed = {"*", "/action.yml", "/actions/", "/.github/", "/scripts/"}
    assert needed | {"/src/agentramp/credentials/", "/requirements/"} <= owned


def test_updates_cool_down_and_reach_everything() -> None:
    updates = tree(HOUSE / "dependabot.yml")["updates"]
    assert all(one["cooldown"]["default-days"] >= 7 for one in updates)
    watched = {
        (one["package-ecosystem"], folder)
        for one in updates
        for folder in one.get("directories", [one.get("directory")])
    }

    def reached(ecosystem: str, file: Path) -> bool:
        folder = "/" + str(file.parent.relative_to(ROOT)).removeprefix(".")
        return any(kind == ecosystem and fnmatch(folder, glob) for kind, glob in watched)

    assert ("github-actions", "/") in watched
    foreign = [path for path in PUBLIC if path.parent != HOUSE / "workflows"]
    assert all(reached("github-actions", path) for path in [*foreign, *actions()])
    assert all(reached("npm", path) for path in ROOT.glob("tests/node/*/package.json"))
    images = list(ROOT.glob("examples/**/Dockerfile"))
    assert all(reached("docker", path) for path in images), images
    locked = list(ROOT.glob("examples/**/requirements.txt"))
    assert all(reached("pip", path) for path in locked), locked
    whole = list(ROOT.glob("requirements/*.txt"))
    assert not [path for path in whole if reached("pip", path)], "edited line by line"


def test_what_is_locked_is_renewed_as_a_whole_by_a_job_that_may_not_write() -> None:
    path = HOUSE / "workflows" / "lock.yml"
    assert tree(path)[True]["schedule"], "YAML's word `on`"
    renewing = [
        job
        for job in jobs(path).values()
        if any(step.get("run", "").startswith("make lock ") for step in job["steps"])
    ]
    assert [job["permissions"] for job in renewing] == [{"contents": "read"}]
    (days,) = re.findall(r"make lock before='(\d+) days'\n", path.read_text(encoding="utf-8"))
    assert int(days) >= 7
    told = subprocess.run(
        ["make", "--dry-run", "lock", f"before={days} days"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    compiled = [line for line in told.splitlines() if "uv pip compile" in line]
    assert {re.findall(r"requirements/\w+\.txt$", line)[0] for line in compiled} == {
        named(one) for one in ROOT.glob("requirements/*.txt")
    }
    assert all(f"--upgrade --exclude-newer '{days} days'" in line for line in compiled)


def test_npm_locks_name_no_registry() -> None:
    locks = sorted(ROOT.glob("tests/node/*/package-lock.json"))
    assert locks
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert '"resolved"' not in text
        assert '"integrity"' in text


def test_what_is_ignored_in_a_line_has_its_reason_there() -> None:
    shell = [*(ROOT / ".ci").iterdir(), ROOT / "actions/run", ROOT / "actions/environment.bash"]
    ignoring = re.compile(r"# (?:zizmor: ignore\[[\w,-]+\]|shellcheck disable=[\w,]+)(.*)")
    found = [
        (named(path), reason)
        for path in [*PUBLIC, *actions(), *shell]
        for reason in ignoring.findall(path.read_text(encoding="utf-8"))
    ]
    assert found
    assert not [one for one in found if not re.search(r"\w+ \w+", one[1])]


def test_a_finding_stays_only_with_a_reason() -> None:
    known = [Accepted("some", "a.yml", "odd", "it is meant"), Accepted("some", "a.yml", "bad", " ")]
    odd, bad = (Finding("some", "a.yml", 3, 7, message) for message in ("odd", "bad"))
    assert accepted.told([odd], known[:1]) == []
    assert accepted.told([odd, bad], known) == ["a.yml:3:7: bad  [some]"]
    (stale,) = accepted.told([], known[:1])
    assert "no longer found" in stale

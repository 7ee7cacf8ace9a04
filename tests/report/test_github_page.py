from dataclasses import replace

import pytest

from agentramp.model import Split
from agentramp.platform.port import PlatformError
from agentramp.report.github.links import Links
from agentramp.report.github.page import Page, cut
from agentramp.report.result import Answer, Facts, Failure, History, Result
from tests.report.results import ANSWER, HOSTILE, MOVED, climb, faults

RUNNER = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_RUN_ID": "77",
    "GITHUB_SHA": "0123456789abcdef0123456789abcdef01234567",
}
PAGE = Page("agentramp shift-traffic", Links.of(RUNNER))


def test_the_page_shows_before_and_after_and_the_way_back() -> None:
    told = PAGE.of(MOVED)
    head, _, rest = told.partition("```mermaid\n")
    assert head == (
        "### shift-traffic: changed\n"
        "\n"
        "production serves v1 90 %, v2 10 %\n"
        "\n"
        "| | before | after |\n"
        "|---|---|---|\n"
        "| runtime |  | `agent` |\n"
        "| endpoint |  | `production` |\n"
        "| version | 1 | 2 |\n"
        "| weights | v1&nbsp;100&nbsp;% | v1&nbsp;90&nbsp;%, v2&nbsp;10&nbsp;% |\n"
        "| url |  | [http://127.0.0.1:1/x](<http://127.0.0.1:1/x>) |\n"
        "\n"
    )
    assert "bar [100, 90, 0, 10]" in rest
    assert rest.partition("```\n\n")[2] == (
        "```text\n"
        "  will   move production: v1 100 % -> v1 90 %, v2 10 %\n"
        "  back   move production: v1 90 %, v2 10 % -> v1 100 %\n"
        "```\n"
        "\n"
        "Next: `agentramp shift-traffic --version 2 --weight 30`\n"
        "\n"
        "[run 77](https://github.com/acme/shop/actions/runs/77) ·"
        " [commit 0123456](https://github.com/acme/shop/commit/"
        "0123456789abcdef0123456789abcdef01234567)\n"
        "\n"
        "The same on a laptop:\n"
        "\n"
        "```text\n"
        "agentramp shift-traffic\n"
        "```\n"
        "\n"
    )


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (MOVED, "changed"),
        (replace(MOVED, changed=False, dry_run=True), "dry run, nothing changed"),
        (replace(MOVED, changed=False), "nothing to do"),
        (replace(MOVED, changed=False, verdict="hold"), "hold, nothing changed"),
        (replace(MOVED, verdict="rollback", exit_code=4), "rolled back (exit 4)"),
        (
            replace(MOVED, verdict="rollback", stopped=True, exit_code=4),
            "stopped by a gate (exit 4)",
        ),
        (Result("validate", "s.yaml is valid"), "done"),
    ],
)
def test_the_heading_says_how_it_ended(result: Result, state: str) -> None:
    assert PAGE.of(result).startswith(f"### {result.verb}: {state}\n")


def test_a_ramp_is_drawn_and_its_canary_is_no_successor_yet() -> None:
    told = PAGE.of(replace(MOVED, climb=climb(10)))
    assert "| stable |  | 1 |\n| canary |  | 2 |\n" in told
    assert "bar [10]\n  line [10, 30, 50, 100]" in told
    assert told.count("```mermaid") == 1
    promoted = PAGE.of(replace(MOVED, climb=climb(10, 100), after=Split(2)))
    assert "| version | 1 | 2 |" in promoted


def test_a_dry_run_of_a_ramp_is_drawn_as_a_plan() -> None:
    told = PAGE.of(replace(MOVED, dry_run=True, climb=climb(10)))
    assert "Version 2 would get 10 % of new sessions." in told


def test_a_hostile_name_stays_in_its_cell() -> None:
    told = PAGE.of(Result("deploy", HOSTILE, runtime=HOSTILE, endpoint="a`|b", url=HOSTILE))
    rows = [line for line in told.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows[1:]] == ["| runtime", "| endpoint", "| url"]
    assert "| endpoint |  | ``a`\\|b`` |" in rows
    assert "\n# d" not in told
    assert "@octocat #12 \\[l" not in told


def test_a_page_of_an_answer() -> None:
    told = PAGE.of(ANSWER)
    assert told.startswith("### verify: done\n\nendpoint production answers: 200\n")
    assert "\n````text\n  Hello ``` there\n````\n" in told, "what an agent says ends no fence"


def test_a_page_of_a_status_draws_the_ramp() -> None:
    told = PAGE.of(replace(ANSWER, climb=climb(10, 30)))
    assert "  bar [10, 30]\n  line [10, 30, 50, 100]\n" in told
    assert "mermaid" not in PAGE.of(replace(ANSWER, climb=climb()))


def test_a_page_of_facts_shows_their_table_or_names_and_values() -> None:
    known = (("name", "a|b"), ("ready", True), ("left", None))
    told = PAGE.of(Facts("whoami", "account 1", False, known))  # noqa: FBT003
    assert "| name | `a\\|b` |\n| ready | yes |\n| left |  |\n" in told
    told = PAGE.of(Facts("simulate", "400 ramps", False, known, table=("  healthy 99 %",)))  # noqa: FBT003
    assert "```text\n  healthy 99 %\n```" in told
    assert "ready" not in told


def test_a_secret_is_written_on_no_page() -> None:
    with pytest.raises(ValueError, match="local"):
        PAGE.of(Facts("local", "it runs", False, (("key", "hush"),), frozenset({"key"})))  # noqa: FBT003


def test_a_page_of_a_history() -> None:
    told = PAGE.of(History("history", "no records", "agent/production", (), ()))
    assert told.startswith("### history: done\n\nno records\n")


def test_the_page_of_a_failure() -> None:
    error = PlatformError("it says no", code="Forbidden", request_id="r-1", advice="ask for it")
    told = PAGE.of_failure(Failure("deploy", error, "agentramp deploy agent"))
    assert told.startswith(
        "### deploy: failed (exit 3)\n\nit says no (Forbidden, request id r-1)\n"
    )
    assert "**What to do:** ask for it" in told


def test_the_page_of_faults_names_each_with_its_line() -> None:
    told = PAGE.of_failure(faults(2))
    assert "```text\ns.yaml:1:3: props.x: 100 % wrong, really [range]\ns.yaml:2:3:" in told


def test_the_page_of_an_end_that_no_error_describes() -> None:
    told = PAGE.of_end("deploy", 130, "interrupted", "run it again to go on")
    assert told.startswith("### deploy: failed (exit 130)\n\ninterrupted\n\n**What to do:** run it")


@pytest.mark.parametrize(
    "odd",
    [
        {"GITHUB_SERVER_URL": "javascript:x"},
        {"GITHUB_REPOSITORY": "acme/shop)[x"},
        {"GITHUB_RUN_ID": "x", "GITHUB_SHA": "HEAD"},
    ],
)
def test_what_is_no_run_is_linked_nowhere(odd: dict[str, str]) -> None:
    assert Links.of({**RUNNER, **odd}) == Links()


@pytest.mark.parametrize("room", [2_000, 5_000, 100_000])
def test_a_page_that_is_too_long_says_so_and_leaves_no_fence_open(room: int) -> None:
    long = Answer("verify", "it answers", tuple("日本 `````" for _ in range(20_000)), ())
    told = cut(PAGE.of(long), room)
    assert len(told.encode()) <= room
    assert "Cut here" in told.splitlines()[-1]
    assert "\n``````\n" in told or told.count("``````") % 2 == 0


def test_a_page_that_fits_is_whole_and_no_room_is_no_page() -> None:
    assert cut("page", 4) == "page"
    assert cut("page", 3) == ""
    assert cut("page", -9) == ""


def test_a_component_has_semantic_versions_and_no_weights() -> None:
    told = PAGE.of(
        Result("deploy", "shop 0.1.1 runs", changed=True, version="0.1.1", previous_version="0.1.0")
    )
    assert "| version | `0.1.0` | `0.1.1` |\n" in told
    assert "weights" not in told
    assert "| version |  | `1\\|2` |" in PAGE.of(Result("deploy", "shop", version="1|2"))

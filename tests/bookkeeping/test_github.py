"""What GitHub alone brings: pages, payloads, the job's own deployments, other people's comments."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from agentramp.bookkeeping.port import BookkeepingError
from tests.bookkeeping.books_suite import FIRST, PLAN, SECOND, TEN, WHOLE
from tests.bookkeeping.desk import Desk
from tests.bookkeeping.site import BOT, PERSON, Asked, Site

RUN = "https://github.com/acme/shop/actions/runs/77"


@pytest.fixture
def desk(site: Site) -> Iterator[Desk]:
    with Desk(site) as desk:
        yield desk


def posts(site: Site) -> list[Asked]:
    return [one for one in site.asked if one.method == "POST"]


def test_a_deployment_merges_nothing_and_waits_for_no_check(site: Site, desk: Desk) -> None:
    desk.books.deployment(SECOND, replace(TEN, url="https://shop.example.com", log=RUN))
    made, said = (one.json for one in posts(site))
    assert made == {
        "ref": "b" * 40,
        "task": "agentramp",
        "auto_merge": False,
        "required_contexts": [],
        "environment": "production",
        "description": "version 2 on cn-hangzhou/shop/production",
        "payload": {"subject": "cn-hangzhou/shop/production", "version": 2},
        "transient_environment": False,
        "production_environment": True,
    }
    assert said == {
        "state": "in_progress",
        "description": "10 % of the sessions",
        "auto_inactive": False,
        "environment_url": "https://shop.example.com",
        "log_url": RUN,
    }


def test_staging_is_no_production(site: Site, desk: Desk) -> None:
    desk.books.deployment(replace(FIRST, environment="staging"), WHOLE)
    assert posts(site)[0].json["production_environment"] is False


def test_a_deployment_is_found_on_a_later_page(site: Site, desk: Desk) -> None:
    desk.books.deployment(FIRST, TEN)
    for number in range(2, 203):
        body = {"subject": FIRST.subject, "version": number}
        site.deploys("production", "c" * 40, "", task="agentramp", state="inactive")
        site.deployments[-1]["payload"] = json.dumps(body)
    assert desk.books.deployment(FIRST, WHOLE)
    assert [said["state"] for said in site.statuses[1]] == ["in_progress", "success"]


def test_a_payload_that_is_a_text_is_read_too(site: Site, desk: Desk) -> None:
    desk.books.deployment(FIRST, TEN)
    site.deployments[0]["payload"] = json.dumps(site.deployments[0]["payload"])
    assert not desk.books.deployment(FIRST, TEN)


def test_strange_payloads_are_passed_over(site: Site, desk: Desk) -> None:
    strange: tuple[object, ...] = ("", "{", "[]", [], None, {"subject": 1, "version": "2"})
    for payload in strange:
        site.deploys("production", "c" * 40, "", task="agentramp")
        site.deployments[-1]["payload"] = payload
    assert desk.books.deployment(FIRST, WHOLE)
    assert len(site.deployments) == 7


def test_two_runs_that_made_one_each_go_on_with_the_first(site: Site, desk: Desk) -> None:
    desk.books.deployment(FIRST, TEN)
    site.deploys("production", "a" * 40, "", task="agentramp")
    site.deployments[-1]["payload"] = site.deployments[0]["payload"]
    with Desk(site) as next_run:
        next_run.books.deployment(FIRST, WHOLE)
    states = [[said["state"] for said in all_of] for all_of in site.statuses.values()]
    assert states == [["in_progress", "success"], ["in_progress", "inactive"]]


@pytest.mark.parametrize("log", [RUN, f"{RUN}/job/5", f"{RUN}/job/5?pr=1"])
def test_what_the_job_records_itself_is_not_recorded_again(
    site: Site, desk: Desk, log: str
) -> None:
    site.deploys("production", FIRST.commit, log)
    assert not desk.books.deployment(FIRST, WHOLE)
    assert posts(site) == []
    assert desk.told == [
        "no deployment of version 1 is made in production: the job's own `environment:` records one"
    ]


@pytest.mark.parametrize(
    ("environment", "commit", "log"),
    [
        ("staging", FIRST.commit, RUN),
        ("production", FIRST.commit, f"{RUN}8/job/5"),
        ("production", FIRST.commit, "https://github.com/acme/shop/actions/runs/7"),
        ("production", FIRST.commit, ""),
    ],
)
def test_what_is_of_another_run_does_not_count(
    site: Site, desk: Desk, environment: str, commit: str, log: str
) -> None:
    site.deploys(environment, commit, log)
    assert desk.books.deployment(FIRST, WHOLE)
    assert site.story() == [(1, ["success"])]


def test_what_a_scheduled_job_records_at_a_later_commit_counts(site: Site) -> None:
    """Every run of such a workflow records its own, so that none of them makes another."""
    later = "c" * 40
    for run in ("77", "88"):
        site.deploys("production", later, f"https://github.com/acme/shop/actions/runs/{run}/job/1")
        with Desk(site, run=run, commit=later) as desk:
            assert not desk.books.deployment(FIRST, TEN)
            assert not desk.books.deployment(SECOND, WHOLE)
    assert site.story() == []


def test_what_a_job_records_of_another_commit_is_not_of_this_run(site: Site) -> None:
    site.deploys("production", "d" * 40, RUN)
    with Desk(site, commit="c" * 40) as desk:
        assert desk.books.deployment(FIRST, WHOLE)


def test_a_version_that_has_a_deployment_keeps_it_whatever_a_job_records(site: Site) -> None:
    with Desk(site) as desk:
        desk.books.deployment(FIRST, TEN)
    site.deploys("production", "c" * 40, f"{RUN}8/job/1")
    with Desk(site, run="778", commit="c" * 40) as desk:
        assert desk.books.deployment(FIRST, WHOLE)
    assert site.story() == [(1, ["in_progress", "success"])]


@pytest.fixture
def crowded(site: Site) -> Site:
    """Another agent has made 1500 versions since, in the same environment."""
    with Desk(site) as desk:
        desk.books.deployment(FIRST, TEN)
    for number in range(1, 1501):
        site.deploys("production", "d" * 40, "", task="agentramp", state="inactive")
        site.deployments[-1]["payload"] = {"subject": "cn-hangzhou/other/live", "version": number}
    site.asked.clear()
    return site


def test_however_many_stand_there_few_are_looked_through(crowded: Site) -> None:
    with Desk(crowded) as desk:
        assert desk.books.deployment(FIRST, replace(TEN, description="30 %"))
        assert len(crowded.asked) == 3  # found by its commit; its last state; the new one
        assert desk.books.deployment(SECOND, WHOLE)
    assert len(crowded.asked) == 3 + 7
    pages = [one for one in crowded.asked if "task" in one.query and "sha" not in one.query]
    assert [one.query["page"] for one in pages] == ["1", "2", "3"]
    assert crowded.story()[0] == (1, ["in_progress", "in_progress"])
    assert crowded.story()[-1] == (2, ["success"])


def test_a_commit_that_was_never_pushed_is_told_and_the_run_s_own_stands_for_it(
    site: Site,
) -> None:
    site.unknown.add(FIRST.commit)
    with Desk(site, commit="c" * 40) as desk:
        assert desk.books.deployment(FIRST, TEN)
        assert desk.books.deployment(FIRST, WHOLE)
    with Desk(site, commit="e" * 40) as later:
        assert not later.books.deployment(FIRST, WHOLE)
    (line,) = desk.told
    assert line.startswith("the commit of version 1, aaaaaaa, is not on GitHub")
    assert line.endswith("its deployment names this run's, ccccccc")
    (made,) = site.deployments
    assert made["sha"] == "c" * 40
    assert made["description"].endswith("/production, not of this commit")
    assert site.story() == [(1, ["in_progress", "success"])]


@pytest.mark.parametrize("commit", [None, FIRST.commit])
def test_a_commit_that_nothing_stands_for_is_a_warning(site: Site, commit: str | None) -> None:
    site.unknown.add(FIRST.commit)
    with (
        Desk(site, commit=commit) as desk,
        pytest.raises(BookkeepingError, match="422: No ref found") as caught,
    ):
        desk.books.deployment(FIRST, TEN)
    assert "the commit is not on GitHub" in caught.value.advice
    assert site.deployments == []


def test_outside_a_workflow_no_job_can_have_recorded_it(site: Site) -> None:
    site.deploys("production", FIRST.commit, RUN)
    with Desk(site, run=None) as desk:
        assert desk.books.deployment(FIRST, WHOLE)


def test_a_marker_that_a_person_copied_is_not_ours(site: Site, desk: Desk) -> None:
    theirs = f"{PLAN.marker}\nall is well, merge it"
    site.says(5, theirs)
    assert desk.books.comment(PLAN)
    assert site.bodies(5) == [theirs, f"{PLAN.marker}\n{PLAN.text}"]


def test_a_comment_that_only_quotes_the_marker_is_not_ours(site: Site, desk: Desk) -> None:
    quote = f"see:\n{PLAN.marker}\n"
    site.says(5, quote, BOT)
    desk.books.comment(PLAN)
    assert site.bodies(5)[0] == quote


def test_a_person_s_token_finds_that_person_s_comment(site: Site, desk: Desk) -> None:
    site.is_user_token = True
    desk.books.comment(PLAN)
    site.says(5, f"{PLAN.marker}\ncopied", "mallory")
    assert desk.books.comment(replace(PLAN, text="anew"))
    assert site.bodies(5) == [f"{PLAN.marker}\nanew", f"{PLAN.marker}\ncopied"]
    assert {one["user"]["login"] for one in site.comments[5]} == {PERSON, "mallory"}


def test_another_bot_s_comment_is_not_ours(site: Site, desk: Desk) -> None:
    echo = f"{PLAN.marker}\nas somebody had it say"
    site.says(5, echo, "echo[bot]")
    desk.books.comment(PLAN)
    desk.books.comment(replace(PLAN, text="anew"))
    assert site.bodies(5) == [echo, f"{PLAN.marker}\nanew"]


def test_a_person_s_token_leaves_the_workflow_s_comment_alone(site: Site, desk: Desk) -> None:
    desk.books.comment(PLAN)
    site.is_user_token = True
    assert desk.books.comment(replace(PLAN, text="mine"))
    assert site.bodies(5) == [f"{PLAN.marker}\n{PLAN.text}", f"{PLAN.marker}\nmine"]


def test_an_app_s_token_keeps_its_one_comment(site: Site, desk: Desk) -> None:
    """It may not ask who it is, and finds out by what it posts."""
    site.bot = "deployer[bot]"
    desk.books.comment(PLAN)
    (first,) = site.comments[5]
    assert desk.books.comment(replace(PLAN, text="anew"))
    (kept,) = site.comments[5]
    assert (kept["id"], kept["body"]) == (first["id"], f"{PLAN.marker}\nanew")


def test_a_comment_is_found_on_a_later_page(site: Site, desk: Desk) -> None:
    for number in range(150):
        site.says(5, f"remark {number}")
    desk.books.comment(PLAN)
    desk.books.comment(replace(PLAN, text="anew"))
    assert site.bodies(5)[150:] == [f"{PLAN.marker}\nanew"]


def test_of_two_jobs_that_comment_at_once_one_comment_stays(site: Site, desk: Desk) -> None:
    """The other writes between this one's look and its post."""

    def meanwhile(asked: Asked) -> None:
        if asked.method == "POST" and not site.comments:
            site.says(5, f"{PLAN.marker}\nthe other's", BOT)

    site.meanwhile = meanwhile
    assert desk.books.comment(PLAN)
    assert site.bodies(5) == [f"{PLAN.marker}\n{PLAN.text}"]


def test_comments_that_were_doubled_before_are_mended(site: Site, desk: Desk) -> None:
    for _ in range(3):
        site.says(5, f"{PLAN.marker}\n{PLAN.text}", BOT)
    assert desk.books.comment(PLAN)
    assert len(site.bodies(5)) == 1
    assert not desk.books.comment(PLAN)


def test_a_plan_that_is_too_long_is_cut_with_its_block_closed(site: Site, desk: Desk) -> None:
    fence = "`" * 5
    rows = "\n".join(f"step {number} é" for number in range(20_000))
    desk.books.comment(replace(PLAN, text=f"# plan\n\n{fence}text\n```\n{rows}\n{fence}\nend\n"))
    (body,) = site.bodies(5)
    assert 65_000 < len(body) <= 65_536
    assert f"\n{fence}\n\n*The rest is too long" in body

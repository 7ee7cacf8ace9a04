"""Every kind of request is as GitHub describes it, and so is what the loopback GitHub answers."""

import json
from dataclasses import replace

import pytest
from openapi_core.exceptions import OpenAPIError

from agentramp.bookkeeping.port import Stand, State
from tests.bookkeeping import description
from tests.bookkeeping.books_suite import FIRST, PLAN, SECOND, TEN, WHOLE
from tests.bookkeeping.desk import Desk
from tests.bookkeeping.site import BOT, PERSON, Asked, Site


@pytest.fixture(scope="module")
def asked() -> list[Asked]:
    """All that bookkeeping ever asks, each kind at least once."""
    with Site() as site:
        ask(site)
        return site.asked


def ask(site: Site) -> None:
    full = replace(TEN, url="https://shop.example.com", log="https://github.com/acme/shop/runs/77")
    site.deploys("production", "f" * 40, "https://github.com/acme/shop/actions/runs/1/job/2")
    site.unknown.add(never := "e" * 40)
    with Desk(site, commit="f" * 40) as desk:
        desk.books.deployment(replace(FIRST, runtime_id="rt-1"), WHOLE)
        desk.books.deployment(replace(FIRST, commit=never, version=7), TEN)
        desk.books.deployment(SECOND, full)
        for state in State:
            desk.books.deployment(SECOND, Stand(state, f"{state.value} {'é' * 200}"))
        desk.books.comment(PLAN)
        desk.books.comment(replace(PLAN, text="anew"))
        site.bot = "deployer[bot]"
        desk.books.comment(replace(PLAN, text="by an app"))
        site.bot = BOT
        site.says(PLAN.pull_request, f"{PLAN.marker}\ncopied", PERSON)
        site.says(PLAN.pull_request, f"{PLAN.marker}\ntwice", BOT)
        desk.books.comment(PLAN)
        site.is_user_token = True
        desk.books.comment(replace(PLAN, text="by a person's token"))


def test_requests_and_answers_are_as_github_describes_them(asked: list[Asked]) -> None:
    for one in asked:
        description.check_request(one)
        description.check_answer(one)
    assert {(one.method, one.path.rpartition("/")[2].strip("0123456789")) for one in asked} == {
        ("GET", "user"),
        ("GET", "deployments"),
        ("POST", "deployments"),
        ("GET", "statuses"),
        ("POST", "statuses"),
        ("GET", "comments"),
        ("POST", "comments"),
        ("PATCH", ""),
        ("DELETE", ""),
    }


def test_each_request_has_the_headers_that_github_asks_for(asked: list[Asked]) -> None:
    for one in asked:
        assert one.headers["accept"] == "application/vnd.github+json"
        assert one.headers["x-github-api-version"] == "2022-11-28"
        assert one.headers["user-agent"].startswith("agentramp/")
        assert one.headers["authorization"].startswith("Bearer ")


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("statuses", {"state": "bogus"}),
        ("statuses", {"state": None}),
        ("statuses", {"stat": "success"}),
        ("deployments", {"ref": None}),
        ("deployments", {"required_contexts": "none"}),
        ("deployments", {"auto-merge": False}),
        ("comments", {"body": 5}),
    ],
)
def test_a_body_that_is_not_as_described_is_found(
    asked: list[Asked], path: str, change: dict[str, object]
) -> None:
    good = next(one for one in asked if one.method == "POST" and one.path.endswith(path))
    said = {name: value for name, value in (good.json | change).items() if value is not None}
    with pytest.raises(OpenAPIError):
        description.check_request(replace(good, body=json.dumps(said).encode()))


def test_a_path_a_query_and_an_answer_that_are_not_as_described_are_found(
    asked: list[Asked],
) -> None:
    listed = next(one for one in asked if one.path.endswith("/deployments"))
    with pytest.raises(OpenAPIError):
        description.check_request(replace(listed, path="/repos/acme/shop/deployment"))
    with pytest.raises(OpenAPIError):
        description.check_request(replace(listed, query={"per_page": "many"}))
    with pytest.raises(AssertionError, match="perpage"):
        description.check_request(replace(listed, query={"perpage": "5"}))
    with pytest.raises(OpenAPIError):
        description.check_answer(replace(listed, answer=b'[{"id": "1"}]'))

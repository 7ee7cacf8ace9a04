"""When GitHub is down, slow, limited, moved or refuses: what is asked again, and how long."""

import time
from collections.abc import Iterator

import pytest

from agentramp.bookkeeping.patience import BUDGET, Patience
from agentramp.bookkeeping.port import BookkeepingError
from tests.bookkeeping.books_suite import FIRST, PLAN, WHOLE
from tests.bookkeeping.desk import Desk
from tests.bookkeeping.site import Answered, Asked, Lost, Silent, Site

SECONDARY = "You have exceeded a secondary rate limit."


@pytest.fixture
def desk(site: Site) -> Iterator[Desk]:
    with Desk(site) as desk:
        yield desk


def test_what_is_read_is_asked_again_after_a_fault(site: Site, desk: Desk) -> None:
    site.faults += [Answered(502), Answered(503), Lost()]
    assert desk.books.deployment(FIRST, WHOLE)
    assert desk.slept == [0.5, 1.0, 2.0]
    assert site.story() == [(1, ["success"])]


def test_what_was_made_though_no_answer_came_is_not_made_twice(site: Site, desk: Desk) -> None:
    def lose(asked: Asked) -> None:
        if asked.method == "POST" and asked.path not in lost:
            lost.add(asked.path)
            site.faults.insert(0, Lost())

    lost: set[str] = set()
    site.meanwhile = lose
    assert desk.books.deployment(FIRST, WHOLE)
    assert desk.books.comment(PLAN)
    assert len(lost) == 3
    assert site.story() == [(1, ["success"])]
    assert len(site.bodies(PLAN.pull_request)) == 1


def test_what_was_not_made_is_made_again(site: Site, desk: Desk) -> None:
    def fail(asked: Asked) -> None:
        if asked.method == "POST" and asked.path not in failed:
            failed.add(asked.path)
            site.faults.insert(0, Answered(500))

    failed: set[str] = set()
    site.meanwhile = fail
    assert desk.books.deployment(FIRST, WHOLE)
    assert site.story() == [(1, ["success"])]


def test_a_site_that_is_down_is_given_up_after_a_few_tries(site: Site, desk: Desk) -> None:
    site.always = Answered(500)
    with pytest.raises(BookkeepingError, match="answered 500, and went on so"):
        desk.books.deployment(FIRST, WHOLE)
    assert len(site.asked) == 4
    assert sum(desk.slept) < BUDGET


def test_a_limit_that_fits_is_waited_for(site: Site, desk: Desk) -> None:
    site.faults += [
        Answered(429, {"Retry-After": "3"}),
        Answered(403, {"Retry-After": "2"}, SECONDARY),
        Answered(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{desk.now + 9:.0f}"}),
    ]
    assert desk.books.deployment(FIRST, WHOLE)
    assert desk.slept == [3.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (Answered(429, {"Retry-After": "900"}), 900),
        (Answered(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1001800"}), 1800),
        (Answered(403, {}, SECONDARY), 60),
        (Answered(429), 60),
    ],
)
def test_a_limit_that_does_not_fit_is_told_at_once(
    site: Site, desk: Desk, fault: Answered, seconds: int
) -> None:
    site.always = fault
    with pytest.raises(BookkeepingError, match=f"for another {seconds} s"):
        desk.books.deployment(FIRST, WHOLE)
    assert (len(site.asked), desk.slept) == (1, [])


def test_a_site_that_takes_a_request_and_says_nothing_is_left(site: Site) -> None:
    site.always = Silent()
    with Desk(site) as desk:
        desk.client.patience = Patience(time.time, time.sleep, lambda: 0.0, budget=0.3)
        with pytest.raises(BookkeepingError, match="too slow"):
            desk.books.deployment(FIRST, WHOLE)
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "the token is not valid"),
        (403, "`permissions: deployments: write`"),
        (404, "check GITHUB_REPOSITORY"),
        (422, "the commit is not on GitHub"),
        (418, "githubstatus"),
    ],
)
def test_a_refusal_says_what_is_missing(site: Site, desk: Desk, status: int, advice: str) -> None:
    site.always = Answered(status, message="no \x1b[31m\nway" + "!" * 500)
    with pytest.raises(BookkeepingError, match=f"answered {status}: no ") as caught:
        desk.books.deployment(FIRST, WHOLE)
    assert advice in caught.value.advice
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 300
    assert len(site.asked) == 1


def test_a_comment_that_is_refused_names_the_permission_of_comments(site: Site, desk: Desk) -> None:
    site.always = Answered(403)
    with pytest.raises(BookkeepingError) as caught:
        desk.books.comment(PLAN)
    assert "`permissions: pull-requests: write`" in caught.value.advice


def test_a_renamed_repository_is_followed_on_the_same_host(site: Site, desk: Desk) -> None:
    def moved(asked: Asked) -> None:
        if asked.path.startswith("/repositories/"):
            return
        if asked.method == "POST" and not site.faults and asked.path not in seen:
            seen.add(asked.path)
            site.faults.append(Answered(307, {"Location": f"{site.url}{asked.path}"}))

    seen: set[str] = set()
    site.meanwhile = moved
    assert desk.books.deployment(FIRST, WHOLE)
    posts = [one for one in site.asked if one.method == "POST"]
    assert [one.status for one in posts] == [307, 201, 307, 201]
    assert posts[0].body == posts[1].body


def test_no_other_host_sees_the_token(site: Site, desk: Desk) -> None:
    with Site() as stranger:
        site.always = Answered(301, {"Location": f"{stranger.url}/repos/acme/shop/deployments"})
        with pytest.raises(BookkeepingError, match="another host"):
            desk.books.deployment(FIRST, WHOLE)
        assert stranger.asked == []


def test_a_site_that_redirects_in_a_circle_is_left(site: Site, desk: Desk) -> None:
    site.always = Answered(302, {"Location": f"{site.url}/repos/acme/shop/deployments"})
    with pytest.raises(BookkeepingError, match="answered 302"):
        desk.books.deployment(FIRST, WHOLE)
    assert len(site.asked) == 4


@pytest.mark.parametrize(
    ("token", "repository", "api"),
    [
        ("", "acme/shop", ""),
        ("line\nend", "acme/shop", ""),
        ("t", "../user", ""),
        ("t", "acme", ""),
        ("t", "acme/shop", "http://api.github.com"),
        ("t", "acme/shop", "ftp://127.0.0.1"),
    ],
)
def test_what_cannot_be_right_is_not_even_tried(
    site: Site, token: str, repository: str, api: str
) -> None:
    with pytest.raises(BookkeepingError), Desk(site, token, repository, api=api):
        pass


def test_the_token_is_in_no_representation() -> None:
    with Site() as site, Desk(site) as desk:
        assert desk.token not in repr(desk.client._repository)  # noqa: SLF001 - it is what could tell

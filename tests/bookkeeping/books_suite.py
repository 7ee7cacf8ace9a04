"""What every bookkeeper must do. An implementation joins with a fixture ``shelf``."""

from dataclasses import replace
from typing import Protocol

from agentramp.bookkeeping.port import Bookkeeper, Comment, Deployment, Stand, State

FIRST = Deployment("production", "a" * 40, "cn-hangzhou/shop/production", 1)
SECOND = replace(FIRST, commit="b" * 40, version=2)
TEN = Stand(State.IN_PROGRESS, "10 % of the sessions")
WHOLE = Stand(State.SUCCESS, "100 % of the sessions")
PLAN = Comment(5, "<!-- agentramp plan 1 -->", "### release: dry run")


class Shelf(Protocol):
    """A bookkeeper, and what it has written so far."""

    @property
    def books(self) -> Bookkeeper: ...
    def stands(self, about: Deployment) -> list[tuple[State, str]]: ...
    def comments(self, pull_request: int) -> list[str]: ...


class BooksSuite:
    def test_a_version_has_one_deployment_and_its_ticks_are_states_of_it(
        self, shelf: Shelf
    ) -> None:
        holds = replace(TEN, description="10 % of the sessions; holds: 34 more sessions")
        later = replace(SECOND, commit="c" * 40)
        assert shelf.books.deployment(SECOND, TEN)
        assert shelf.books.deployment(later, holds)
        assert shelf.books.deployment(SECOND, WHOLE)
        assert shelf.stands(SECOND) == [
            (State.IN_PROGRESS, "10 % of the sessions"),
            (State.IN_PROGRESS, "10 % of the sessions; holds: 34 more sessions"),
            (State.SUCCESS, "100 % of the sessions"),
        ]

    def test_what_stands_there_already_is_not_written_again(self, shelf: Shelf) -> None:
        assert shelf.books.deployment(SECOND, TEN)
        assert not shelf.books.deployment(SECOND, TEN)
        assert len(shelf.stands(SECOND)) == 1

    def test_words_that_are_no_news_are_not_written_for_their_own_sake(self, shelf: Shelf) -> None:
        quiet = replace(WHOLE, description="as before", news=False)
        assert shelf.books.deployment(FIRST, WHOLE)
        assert not shelf.books.deployment(FIRST, quiet)
        assert shelf.books.deployment(SECOND, quiet)

    def test_a_canary_on_trial_leaves_the_stable_version_live(self, shelf: Shelf) -> None:
        shelf.books.deployment(FIRST, WHOLE)
        shelf.books.deployment(SECOND, TEN)
        shelf.books.deployment(SECOND, Stand(State.FAILURE, "rolled back"))
        assert [state for state, _ in shelf.stands(FIRST)] == [State.SUCCESS]

    def test_a_version_with_all_sessions_retires_what_was_live(self, shelf: Shelf) -> None:
        third = replace(SECOND, version=3)
        shelf.books.deployment(FIRST, WHOLE)
        shelf.books.deployment(SECOND, TEN)
        shelf.books.deployment(third, WHOLE)
        gone = (State.INACTIVE, "version 3 has all sessions")
        assert shelf.stands(FIRST)[-1] == shelf.stands(SECOND)[-1] == gone
        shelf.books.deployment(FIRST, replace(WHOLE, description="gone back to"))
        assert shelf.stands(FIRST)[-1] == (State.SUCCESS, "gone back to")
        assert shelf.stands(third)[-1][0] is State.INACTIVE

    def test_a_version_that_waits_goes_on_waiting(self, shelf: Shelf) -> None:
        waits = Stand(State.QUEUED, "waits for version 1")
        shelf.books.deployment(SECOND, waits)
        shelf.books.deployment(FIRST, WHOLE)
        assert shelf.stands(SECOND) == [(State.QUEUED, "waits for version 1")]

    def test_a_runtime_that_is_made_anew_counts_its_versions_anew(self, shelf: Shelf) -> None:
        old, new = (replace(FIRST, runtime_id=one) for one in ("rt-old", "rt-new"))
        assert shelf.books.deployment(old, WHOLE)
        assert shelf.books.deployment(replace(new, commit="b" * 40), WHOLE)
        assert not shelf.books.deployment(new, WHOLE)
        assert [state for state, _ in shelf.stands(old)] == [State.SUCCESS, State.INACTIVE]
        assert len(shelf.stands(replace(new, commit="b" * 40))) == 1

    def test_what_failed_stays_so(self, shelf: Shelf) -> None:
        shelf.books.deployment(SECOND, Stand(State.FAILURE, "rolled back"))
        shelf.books.deployment(FIRST, WHOLE)
        assert shelf.stands(SECOND) == [(State.FAILURE, "rolled back")]

    def test_other_endpoints_and_environments_are_left_alone(self, shelf: Shelf) -> None:
        others = (
            replace(FIRST, subject="cn-hangzhou/shop/staging"),
            replace(FIRST, environment="staging"),
        )
        for other in others:
            shelf.books.deployment(other, WHOLE)
        shelf.books.deployment(SECOND, WHOLE)
        assert [len(shelf.stands(other)) for other in others] == [1, 1]

    def test_a_pull_request_has_one_comment_which_is_kept_up_to_date(self, shelf: Shelf) -> None:
        assert shelf.books.comment(PLAN)
        assert not shelf.books.comment(PLAN)
        assert shelf.books.comment(replace(PLAN, text="### another plan"))
        assert shelf.comments(5) == ["### another plan"]

    def test_each_marker_has_a_comment_of_its_own(self, shelf: Shelf) -> None:
        shelf.books.comment(PLAN)
        shelf.books.comment(replace(PLAN, marker="<!-- agentramp plan 2 -->", text="two"))
        shelf.books.comment(replace(PLAN, pull_request=6, text="six"))
        assert sorted(shelf.comments(5)) == ["### release: dry run", "two"]
        assert shelf.comments(6) == ["six"]

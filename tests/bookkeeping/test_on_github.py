"""Faults that have no end of their own, and what is not set: one sentence, in time."""

import io
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.bookkeeping.port import Bookkeeper, BookkeepingError
from agentramp.errors import RefusedError
from agentramp.wiring.on_github import Task, carry_out
from tests.bookkeeping.books_suite import FIRST, PLAN, SECOND, WHOLE
from tests.bookkeeping.site import Answered, Drip, Fault, Silent, Site
from tests.verbs import scene


def records(books: Bookkeeper) -> bool:
    return books.deployment(FIRST, WHOLE)


@pytest.mark.parametrize("fault", [Silent(), Drip(), Drip(head=True)])
def test_a_site_that_never_ends_its_answer_is_left_behind(
    tmp_path: Path, site: Site, fault: Fault
) -> None:
    site.always = fault
    context = replace(scene.context(tmp_path, site.environ), clock=time.time, sleep=time.sleep)
    with pytest.raises(BookkeepingError, match="too slow"):
        carry_out(context, lambda: [records], budget=0.4)


def test_nothing_to_do_needs_no_token(tmp_path: Path) -> None:
    carry_out(scene.context(tmp_path), list)


@pytest.mark.parametrize("missing", ["GITHUB_TOKEN", "GITHUB_REPOSITORY"])
def test_what_is_not_set_is_named(tmp_path: Path, site: Site, missing: str) -> None:
    environ = site.environ | {missing: " " if missing == "GITHUB_TOKEN" else ""}
    with pytest.raises(BookkeepingError, match=f"{missing} not set") as caught:
        carry_out(scene.context(tmp_path, environ), lambda: [records])
    assert "github.token" in caught.value.advice
    assert site.asked == []


def test_one_that_fails_keeps_none_of_the_others(tmp_path: Path, site: Site) -> None:
    site.faults.append(Answered(422, message="No ref found"))
    context = scene.context(tmp_path, site.environ)
    with pytest.raises(BookkeepingError, match="answered 422: No ref found"):
        carry_out(context, lambda: [records, lambda books: books.deployment(SECOND, WHOLE)])
    assert site.story() == [(2, ["success"])]


def test_a_bug_of_bookkeeping_is_a_warning_too(tmp_path: Path, site: Site) -> None:
    def broken(_: Bookkeeper) -> bool:
        raise KeyError("no such thing")

    with pytest.raises(BookkeepingError, match="KeyError, which is a bug"):
        carry_out(scene.context(tmp_path, site.environ), lambda: [broken])


def test_what_is_not_recorded_twice_is_told_as_a_line(tmp_path: Path, site: Site) -> None:
    site.deploys("production", FIRST.commit, "https://github.com/acme/shop/actions/runs/77/job/1")
    context = scene.context(tmp_path, site.environ)
    carry_out(context, lambda: [records])
    assert isinstance(context.console.stream, io.StringIO)
    assert "the job's own `environment:` records one" in context.console.stream.getvalue()


def test_the_token_is_masked_before_it_is_used(tmp_path: Path, site: Site) -> None:
    masked: list[str] = []
    context = replace(scene.context(tmp_path, site.environ), mask=masked.append)
    carry_out(context, lambda: [records])
    assert masked == [site.environ["GITHUB_TOKEN"]]


def test_what_finds_out_what_to_write_has_no_more_time_than_the_writing(
    tmp_path: Path, site: Site
) -> None:
    over = threading.Event()

    def asks_forever() -> list[Task]:
        over.wait()
        return [records]

    context = replace(scene.context(tmp_path, site.environ), clock=time.time)
    with pytest.raises(BookkeepingError, match="too slow"):
        carry_out(context, asks_forever, budget=0.1)
    assert site.asked == []
    site.always = Answered(403)
    over.set()


def test_what_cannot_be_found_out_is_a_warning_too(tmp_path: Path) -> None:
    def refuses() -> list[Task]:
        raise RefusedError("the platform is down", advice="wait")

    with pytest.raises(BookkeepingError, match="the platform is down") as caught:
        carry_out(scene.context(tmp_path), refuses)
    assert caught.value.advice == "wait"


def test_no_masked_text_leaves(tmp_path: Path, site: Site) -> None:
    """It is hidden before it is cut: of a secret at the end a half would be left."""
    text = f"{'x' * 133} hunter2"
    context = replace(
        scene.context(tmp_path, site.environ), hide=lambda said: said.replace("hunter2", "***")
    )
    stand = replace(WHOLE, description=text)
    carry_out(
        context,
        lambda: [
            lambda books: books.deployment(FIRST, stand),
            lambda books: books.comment(replace(PLAN, text=text)),
        ],
    )
    assert site.story() == [(1, ["success"])]
    assert len(site.bodies(PLAN.pull_request)) == 1
    assert not any(b"hunt" in one.body for one in site.asked)

"""Faults that have no end of their own, and what is not set: one sentence, in time."""

import io
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.bookkeeping.port import Bookkeeper, BookkeepingError
from agentramp.wiring.on_github import carry_out
from tests.bookkeeping.books_suite import FIRST, SECOND, WHOLE
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
        carry_out(context, [records], budget=0.4)


def test_nothing_to_do_needs_no_token(tmp_path: Path) -> None:
    carry_out(scene.context(tmp_path), [])


@pytest.mark.parametrize("missing", ["GITHUB_TOKEN", "GITHUB_REPOSITORY"])
def test_what_is_not_set_is_named(tmp_path: Path, site: Site, missing: str) -> None:
    environ = site.environ | {missing: " " if missing == "GITHUB_TOKEN" else ""}
    with pytest.raises(BookkeepingError, match=f"{missing} not set") as caught:
        carry_out(scene.context(tmp_path, environ), [records])
    assert "github.token" in caught.value.advice
    assert site.asked == []


def test_one_that_fails_keeps_none_of_the_others(tmp_path: Path, site: Site) -> None:
    site.faults.append(Answered(422, message="No ref found"))
    context = scene.context(tmp_path, site.environ)
    with pytest.raises(BookkeepingError, match="answered 422: No ref found"):
        carry_out(context, [records, lambda books: books.deployment(SECOND, WHOLE)])
    assert site.story() == [(2, ["success"])]


def test_a_bug_of_bookkeeping_is_a_warning_too(tmp_path: Path, site: Site) -> None:
    def broken(_: Bookkeeper) -> bool:
        raise KeyError("no such thing")

    with pytest.raises(BookkeepingError, match="KeyError, which is a bug"):
        carry_out(scene.context(tmp_path, site.environ), [broken])


def test_what_is_not_recorded_twice_is_told_as_a_line(tmp_path: Path, site: Site) -> None:
    site.deploys("production", FIRST.commit, "https://github.com/acme/shop/actions/runs/77/job/1")
    context = scene.context(tmp_path, site.environ)
    carry_out(context, [records])
    assert isinstance(context.console.stream, io.StringIO)
    assert "the job's own `environment:` records one" in context.console.stream.getvalue()


def test_the_token_is_masked_before_it_is_used(tmp_path: Path, site: Site) -> None:
    masked: list[str] = []
    context = replace(scene.context(tmp_path, site.environ), mask=masked.append)
    carry_out(context, [records])
    assert masked == [site.environ["GITHUB_TOKEN"]]

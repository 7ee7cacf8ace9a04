"""concurrency: reserved, given back, planned first; and how a removal is agreed to."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.errors import UsageError
from agentramp.plan import ReserveConcurrency
from agentramp.platform.memory_functions import MemoryFunction, MemoryFunctions
from agentramp.report.result import Answer, Result
from agentramp.verbs import concurrency
from agentramp.wiring.confirmation import confirmed
from tests.verbs.scene import RUNTIME, Scene, arguments


class Stage:
    def __init__(self, folder: Path) -> None:
        self.scene = Scene(folder)
        self.functions = MemoryFunctions({self.scene.runtime: MemoryFunction()})

    def reserved(self) -> int | None:
        return self.functions.concurrency(self.scene.runtime)

    def does(self, *words: str) -> Answer | Result:
        where = replace(self.scene.where, functions=lambda: self.functions)
        args = arguments("concurrency", *words)
        return concurrency.act(args, self.scene.context, where)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_put_get_and_remove(stage: Stage) -> None:
    put = stage.does("put", "--reserved-concurrency", "20")
    assert put.changed
    assert put.message == f"runtime {RUNTIME} has a reserved concurrency of 20"
    assert stage.reserved() == 20
    got = stage.does("get")
    assert isinstance(got, Answer)
    assert ("reserved_concurrency", "20") in got.fields
    assert stage.does("remove", "--yes").changed
    assert stage.reserved() is None
    got = stage.does("get")
    assert isinstance(got, Answer)
    assert ("reserved_concurrency", "null") in got.fields


@pytest.mark.parametrize("words", [("put", "--reserved-concurrency=5"), ("remove",)])
def test_what_is_so_already_changes_nothing(stage: Stage, words: tuple[str, ...]) -> None:
    if words[0] == "put":
        stage.functions.reserve(stage.scene.runtime, 5)
    told = stage.does(*words)
    assert isinstance(told, Result)
    assert not told.changed
    assert told.plan
    assert told.plan.steps == ()


def test_a_dry_run_shows_and_changes_nothing(stage: Stage) -> None:
    told = stage.does("put", "--reserved-concurrency", "5", "--dry-run")
    assert isinstance(told, Result)
    assert told.plan
    assert told.plan.steps == (ReserveConcurrency(stage.scene.runtime, None, 5),)
    assert (told.changed, told.dry_run, stage.reserved()) == (False, True, None)
    stage.functions.reserve(stage.scene.runtime, 5)
    assert not stage.does("remove", "--dry-run").changed
    assert stage.reserved() == 5


def test_a_removal_that_nobody_agreed_to(stage: Stage) -> None:
    stage.functions.reserve(stage.scene.runtime, 5)
    with pytest.raises(UsageError, match="no terminal to ask on") as refused:
        stage.does("remove")
    assert refused.value.exit_code == 2
    assert "--yes" in refused.value.advice
    assert stage.reserved() == 5
    assert f"runtime {RUNTIME} loses its reserved concurrency of 5" in stage.scene.said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("put",), "put needs --reserved-concurrency"),
        (("remove", "--reserved-concurrency", "5"), "goes with concurrency put"),
        (("get", "--reserved-concurrency", "5"), "goes with concurrency put"),
        (("get", "--dry-run"), "--dry-run is for a change"),
        (("get", "--yes"), "--yes is for a change"),
    ],
)
def test_what_makes_no_sense(stage: Stage, words: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        concurrency.run(arguments("concurrency", *words), stage.scene.context)


@pytest.mark.parametrize("amount", ["0", "-1", "x", "1.5", "", "²"])
def test_what_is_no_amount(amount: str) -> None:
    with pytest.raises(UsageError, match="no number of 1 or more"):
        arguments("concurrency", "put", f"--reserved-concurrency={amount}")


@pytest.mark.parametrize(
    ("answer", "agreed"),
    [(b"yes\n", True), (b" Y \n", True), (b"\n", False), (b"", False), (b"no\n", False)],
)
def test_a_person_at_a_terminal_is_asked(stage: Stage, answer: bytes, *, agreed: bool) -> None:
    typed = io.BytesIO(answer)
    context = replace(stage.scene.context, terminal=True, stdin=lambda: typed)
    args = arguments("concurrency", "remove")
    if agreed:
        confirmed(args, context, ["endpoint a", "endpoint b"])
    else:
        with pytest.raises(UsageError, match="not confirmed"):
            confirmed(args, context, ["endpoint a", "endpoint b"])
    assert stage.scene.said.splitlines()[:2] == ["  endpoint a", "  endpoint b"]

import pytest

from agentramp.errors import UsageError
from agentramp.model import Code, Observed, Runtime, RuntimeSpec, Workspace
from agentramp.planning import file_in

SPEC = RuntimeSpec("agent", Code("python3.12"))
THERE = (Workspace("default", "ws-1", is_default=True), Workspace("team", "ws-2"))


def at(workspace: str | None) -> Observed:
    return Observed(Runtime("rt", RuntimeSpec("agent", workspace_id=workspace)))


def test_nothing_said_leaves_it_where_it_is() -> None:
    assert file_in(SPEC, None, (), at("ws-1")) == (SPEC, None)


def test_a_name_is_looked_up_and_an_id_is_taken() -> None:
    spec, made = file_in(SPEC, Workspace("team"), THERE, at("ws-2"))
    assert (spec.workspace_id, made) == ("ws-2", None)
    spec, made = file_in(SPEC, Workspace("", "ws-9"), (), Observed())
    assert (spec.workspace_id, made) == ("ws-9", None)


def test_a_name_that_is_not_there_is_made() -> None:
    wanted = Workspace("new", description="ours")
    assert file_in(SPEC, wanted, THERE, Observed()) == (SPEC, wanted)


@pytest.mark.parametrize("wanted", [Workspace("team"), Workspace("new"), Workspace("", "ws-9")])
def test_a_runtime_stays_where_it_was_made(wanted: Workspace) -> None:
    with pytest.raises(UsageError) as raised:
        file_in(SPEC, wanted, THERE, at("ws-1"))
    assert "is in workspace default" in str(raised.value)
    assert f"s.yaml says {wanted.name or wanted.id}" in str(raised.value)

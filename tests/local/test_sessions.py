import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentramp.local.sessions import named

MINE = "agentrun-session=abc"


@pytest.mark.parametrize(
    "line",
    [
        MINE,
        f"other=1; {MINE}",
        f"{MINE}; other=1",
        f'theme={{"a":1}}; {MINE}',
        f"a b=1; {MINE}",
        f"foo[bar]=1; {MINE}",
        f"x=é; {MINE}",
        f"x=\udcff; {MINE}",
        f"just; {MINE}",
        f";;{MINE};",
        f'x="open; {MINE}',
        f"agentrun-session-b=no; xagentrun-session=no; {MINE}",
        'agentrun-session="abc"',
        "agentrun-session = abc ",
        # The browser sends the cookie of the longest path, which is this endpoint's, first.
        f"{MINE}; agentrun-session=of-a-parent",
    ],
)
def test_the_cookie_is_found_whatever_stands_beside_it(line: str) -> None:
    assert named(None, [line]) == "abc"


def test_the_cookie_may_be_in_any_line() -> None:
    assert named(None, ["a=1", MINE]) == "abc"


@given(st.text(st.characters(exclude_characters=";"), max_size=40))
def test_no_other_cookie_hides_ours(other: str) -> None:
    assert named(None, [f"x{other}; {MINE}"]) == "abc"


@pytest.mark.parametrize(
    "line",
    ["", "agentrun-session", "agentrun-session=", "Agentrun-Session=x", "a=agentrun-session"],
)
def test_no_session_is_named(line: str) -> None:
    assert named(None, [line]) is None
    assert named("", []) is None


def test_the_header_goes_first() -> None:
    assert named("mine", [MINE]) == "mine"


def test_long_names_stay_apart() -> None:
    assert named("a" * 256, ()) == "a" * 256
    long = {named("a" * 256 + str(number), ()) for number in range(10)}
    assert len(long) == 10
    assert max(len(name or "") for name in long) <= 256


@given(st.binary(min_size=1, max_size=300))
def test_every_name_can_be_written_and_is_always_the_same(raw: bytes) -> None:
    text = raw.decode("utf-8", "surrogateescape")
    found = named(text, ())
    assert found
    assert found.encode()
    assert named(text, ()) == found


def test_names_that_are_no_text_stay_apart() -> None:
    names = [raw.decode("utf-8", "surrogateescape") for raw in (b"\xff", b"\xfe", b"\xc3\xbf")]
    assert len({named(name, ()) for name in names}) == 3

import pytest

from agentramp.bundle.version import FIRST, from_tag, next_patch, parse
from agentramp.errors import UsageError

IN_ORDER = [  # the example of semver.org, paragraph 11
    *("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"),
    *("1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0"),
]


def test_versions_come_in_the_order_of_the_standard() -> None:
    assert [str(one) for one in sorted(parse(text) for text in reversed(IN_ORDER))] == IN_ORDER


@pytest.mark.parametrize("text", [*IN_ORDER, "1.0.0+001", "1.2.3----R-S.12.9.1--.12+meta"])
def test_a_version_is_written_as_it_was_read(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+"),
        *(" 1.2.3", "1.2.3\n", "1.2.x", "1.2.3-ä", "1.2.3-a..b", "\u0661.2.3", "1.2.3/.."),
        f"1.0.{'9' * 40}",
        f"1.2.3-{'a' * 200}",
    ],
)  # fmt: skip
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no semantic version"):
        parse(text)


def test_what_stands_behind_the_plus_counts_for_no_order() -> None:
    assert parse("1.0.0+a") == parse("1.0.0+b")
    assert hash(parse("1.0.0+a")) == hash(parse("1.0.0"))
    assert parse("1.0.0") != "1.0.0"


@pytest.mark.parametrize(
    ("now", "then"),
    [("0.1.0", "0.1.1"), ("1.2.9+x", "1.2.10"), ("1.2.3-rc.1", "1.2.3"), (str(FIRST), "0.1.1")],
)
def test_the_next_patch_comes_after_it(now: str, then: str) -> None:
    assert str(next_patch(parse(now))) == then
    assert next_patch(parse(now)) > parse(now)


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        *(("v1.2.3", "1.2.3"), ("1.2.3", "1.2.3"), ("v2.0.0-rc.1", "2.0.0-rc.1")),
        *(("refs/tags/v1.2.3", "1.2.3"), ("bot/v1.2.3", "1.2.3")),
    ],
)
def test_a_tag_names_a_version(tag: str, version: str) -> None:
    assert str(from_tag(tag)) == version


@pytest.mark.parametrize("tag", ["latest", "vv1.2.3", "v1.2", ""])
def test_another_tag_is_refused_by_its_own_name(tag: str) -> None:
    with pytest.raises(UsageError, match=f"the tag {tag!r} names no semantic version"):
        from_tag(tag)

import re
import time

import pytest

from agentramp.config.load import load
from agentramp.config.text import MAX_BYTES
from agentramp.config.tree import Mapping, Node, Scalar, Sequence, plain, walk
from agentramp.diagnostics import ConfigError, Diagnostic, Position


def tree(text: str) -> Mapping:
    return load(text.encode(), "s.yaml")


def fault(data: bytes) -> Diagnostic:
    with pytest.raises(ConfigError) as caught:
        load(data, "s.yaml")
    (only,) = caught.value.diagnostics
    return only


def place(node: Node) -> tuple[int, int]:
    return node.position.line, node.position.column


def test_keys_values_and_items_know_their_place() -> None:
    root = tree("# note\na:\n  b: [1, x]\n  c: true\n")
    a = root.mapping("a")
    assert a is not None
    entries = {entry.key: entry for entry in a.entries}
    assert (entries["b"].position.line, entries["b"].position.column) == (3, 3)
    items = entries["b"].value
    assert isinstance(items, Sequence)
    assert [place(item) for item in items.items] == [(3, 7), (3, 10)]
    assert place(entries["c"].value) == (4, 6)
    assert a.position.file == "s.yaml"


def test_columns_count_characters_not_bytes() -> None:
    root = tree("{名: 值, b: 1}\n")
    assert [entry.position.column for entry in root.entries] == [2, 8]


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    root = load(b"\xef\xbb\xbfa: 1\n", "s.yaml")
    assert (root.entries[0].key, root.entries[0].position.column) == ("a", 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x {p: 1}\nb: *x\n", {"a": {"p": 1}, "b": {"p": 1}}),
        ("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n", {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}),
        ("a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y]}\n", {"p": 1, "q": 2}),
        ('"<<": 1\n', {"<<": 1}),
        ("1: a\ntrue: b\n", {"1": "a", "true": "b"}),
        ("a: ~\nb: null\nc:\nd: [null]\n", {"d": [None]}),
        ("a: !!str 5\nb: !!int '6'\nc: !!float 7\nd: !!map {}\ne: !!seq []\nf: ! 8\n", None),
        ("---\na: 1\n...\n", {"a": 1}),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", {"a": "x\ny\n", "b": "x y"}),
    ],
)
def test_what_yaml_can_say(text: str, expected: object) -> None:
    said = plain(tree(text))
    assert isinstance(said, dict)
    if expected is None:
        expected = {"a": "5", "b": 6, "c": 7.0, "d": {}, "e": [], "f": "8"}
    assert said.get("c" if "*y" in text else "", said) == expected


def test_a_repeated_key_is_kept_beside_the_first() -> None:
    root = tree("a: 1\nb: 2\na: 3\n")
    assert plain(root) == {"a": 1, "b": 2}
    assert [(entry.key, entry.position.line) for entry in root.repeated] == [("a", 3)]


def test_aliases_that_multiply_are_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 100)]
    begin = time.process_time()
    assert fault("\n".join(lines).encode()).rule == "size"
    assert time.process_time() - begin < 2


def test_aliases_that_stack_depth_are_refused() -> None:
    lines = ["a0: &a0 x"]
    lines += [f"a{n}: &a{n} {'[' * 30}*a{n - 1}{']' * 30}" for n in range(1, 4)]
    assert "levels deep" in fault("\n".join(lines).encode()).message


def test_aliases_of_a_long_text_are_refused() -> None:
    text = f"a: &a {'x' * 500_000}\nb: [{', '.join(['*a'] * 20)}]\n"
    assert "MiB of text" in fault(text.encode()).message


def test_a_file_too_large_is_refused_before_it_is_parsed() -> None:
    begin = time.process_time()
    found = fault(b"a: b\n" * (2 * MAX_BYTES))
    assert (found.rule, found.position.line) == ("size", 1)
    assert time.process_time() - begin < 0.5


@pytest.mark.parametrize(
    "opener", ["[", "{a: ", "- ", "? ", "!!str ", "&a ", "*a ", "${", "'", "|"]
)
def test_a_page_of_openers_is_answered_fast(opener: str) -> None:
    begin = time.process_time()
    assert fault(opener.encode() * 100_000).position.line >= 1
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    ("data", "line", "column", "words"),
    [
        (b"a: 1\nb: \xc3\x28\n", 2, 4, "byte 0xc3 is not UTF-8"),
        ("名: \x07\n".encode(), 1, 4, "U+0007"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 1, 1, "byte 0x89 is not UTF-8"),
        ("a: b".encode("utf-16"), 1, 1, "UTF-16"),
        ("a: b".encode("utf-16-le"), 1, 1, "UTF-16"),
        ("a: b".encode("utf-32"), 1, 1, "UTF-16"),
        (b'a: "\\0"\n', 1, 4, "no text may hold"),
        (b'a: "\\ud800"\n', 1, None, "escape"),
        (b'a: "\\UFFFFFFFF"\n', 1, None, "escape"),
        (b"a: !!int x\n", 1, 4, "does not fit its tag"),
        (b"a: !!set {b}\n", 1, 4, "tags are not allowed"),
        (b"? [a, b]\n: c\n", 1, 3, "where a key belongs"),
        (b"a: 1\n... \nb\n", 3, 1, "not valid YAML"),
    ],
)
def test_unreadable_text_says_where(data: bytes, line: int, column: int | None, words: str) -> None:
    found = fault(data)
    assert words in found.message
    assert found.position.line == line
    assert column in (None, found.position.column)


def test_a_value_is_never_shown_where_yaml_cannot_read_it() -> None:
    for text in ("a: *hunter2", "a: !hunter2 x", "a: @hunter2", "a: 'hunter2", 'a: "\\hunter2"'):
        assert "hunter2" not in fault(text.encode()).message


def test_walking_visits_every_part_with_its_path() -> None:
    paths = [path for path, node in walk(tree("a: {b: [1, 2]}\n")) if isinstance(node, Scalar)]
    assert paths == [("a", "b", 0), ("a", "b", 1)]


@pytest.mark.parametrize(
    "written", ["[${env(ID)}]", "[ ${env('A')}, ${env(\"B\", 'c')} , d]", "[${vars.a},${this.x}]"]
)
def test_a_variable_in_a_list_needs_no_quotes(written: str) -> None:
    """As the guides write it, though it is no YAML."""
    found = tree(f"a: {written}\nb: ok\n")
    items = found.get("a")
    assert isinstance(items, Sequence)
    inside = [item.strip() for item in re.split(r",(?![^{]*\})", written.strip("[]"))]
    assert [item.value for item in items.items if isinstance(item, Scalar)] == inside
    assert found.get("b") == Scalar(Position("s.yaml", 2, 4), "ok")


def test_a_file_that_is_broken_elsewhere_too_is_told_as_it_was_written() -> None:
    assert fault(b"a: [${env(ID)}]\nb: [c\n").position.line == 1

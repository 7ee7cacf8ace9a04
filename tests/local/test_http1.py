from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentramp.local.http1 import MalformedError, ResponseReader

COUNTED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;name=value\r\nhello\r\n1\r\n \r\n00006\r\nworld!\r\n0\r\nX-Sum: 1\r\n\r\n"
)
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + COUNTED


def read(data: bytes, *, to_head: bool = False) -> ResponseReader:
    reader = ResponseReader(to_head=to_head)
    reader.feed(data)
    return reader


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (COUNTED, b"hello"),
        (CHUNKED, b"hello world!"),
        (CONTINUED, b"hello"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 200\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nok", b"ok"),
    ],
)
@given(data_cuts=st.lists(st.integers(0, 200), max_size=6))
def test_a_whole_response_however_it_is_cut(data: bytes, body: bytes, data_cuts: list[int]) -> None:
    reader = ResponseReader()
    edges = [0, *sorted(min(cut, len(data)) for cut in data_cuts), len(data)]
    for start, end in pairwise(edges):
        reader.feed(data[start:end])
    assert b"".join(reader.parts) == body
    assert reader.done
    assert reader.head is not None


def test_bytes_are_given_as_they_come() -> None:
    reader = read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf of a chu")
    assert reader.parts == [b"half of a chu"]
    assert not reader.done


def test_a_body_until_the_end_of_the_connection() -> None:
    reader = read(b"HTTP/1.0 200 OK\r\n\r\nsome ")
    reader.feed(b"more")
    before = reader.done
    reader.end()
    assert (before, reader.done) == (False, True)
    assert b"".join(reader.parts) == b"some more"


def test_the_answer_to_head_has_no_body() -> None:
    reader = read(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", to_head=True)
    assert reader.done


@pytest.mark.parametrize(
    ("head", "persistent"),
    [
        (b"HTTP/1.1 204 X\r\n\r\n", True),
        (b"HTTP/1.1 204 X\r\nConnection: Close\r\n\r\n", False),
        (b"HTTP/1.0 204 X\r\n\r\n", False),
        (b"HTTP/1.0 204 X\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
def test_whether_the_connection_may_be_used_again(head: bytes, *, persistent: bool) -> None:
    found = read(head).head
    assert found is not None
    assert found.persistent is persistent


def test_header_values_that_are_not_ascii() -> None:
    head = read("HTTP/1.1 204 X\r\nA: zwölf\r\nB: ".encode() + b"\xff\r\n\r\n").head
    assert head is not None
    assert head.headers == (("A", "zwölf"), ("B", "ÿ"))


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/2 200 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: line\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        COUNTED + b"HTTP/1.1 200 OK",
        CHUNKED + b"x",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 5000,
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000,
    ],
)
def test_what_is_no_response(data: bytes) -> None:
    with pytest.raises(MalformedError):
        read(data)


@pytest.mark.parametrize("data", [b"", COUNTED[:20], COUNTED[:-1], CHUNKED[:-1]])
def test_a_connection_that_ends_too_early(data: bytes) -> None:
    with pytest.raises(MalformedError):
        read(data).end()

import io
import os
import random
import re
from typing import TextIO

import pytest

from agentramp.report.github.guard import Defuser, Guard, guarded
from agentramp.report.streams import Streams

# The two forms of actions/runner's ActionCommand, on a line of StreamReader.ReadLine.
COMMAND = re.compile(r"^\s*::.*::|##\[[^\]]*\]")
HOSTILE = (
    "::error::x\n",
    "  \t::set-output name=a::b\n",
    "\u00a0\u2003::x::\n",
    "\ufeff::x::\n",
    ":\u00ad:x::\n",
    "text\r::x::\n",
    "a ##[error]x\n",
    "#\u200d#[x]\n",
    "###[x]\n",
    ":::x::\n",
    "\n\n::x::y\n",
)


def obeyed(log: str) -> list[str]:
    """The lines that a runner would take for commands, which ignores what is not seen."""
    seen = re.sub("[\u00ad\u200b-\u200f\u2060\ufeff]", "", log)
    return [line for line in re.split(r"[\r\n]+", seen) if COMMAND.search(line)]


def test_the_hostile_lines_are_hostile() -> None:
    assert [line for line in HOSTILE if not obeyed(line)] == []


@pytest.mark.parametrize("line", HOSTILE)
def test_a_line_is_shown_and_not_obeyed(line: str) -> None:
    shown = Defuser()(line)
    assert obeyed(shown) == []
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", line), "nothing is lost"


@pytest.mark.parametrize("seed", range(40))
def test_nor_is_it_in_pieces(seed: int) -> None:
    chance = random.Random(seed)
    whole = "".join(chance.choices((*HOSTILE, ":", "#", "[", " ", "x", "é", "\n", "{"), k=30))
    defuse, shown, rest = Defuser(), "", whole
    while rest:
        size = chance.randint(1, 4)
        shown += defuse(rest[:size])
        rest = rest[size:]
    assert obeyed(shown) == []


@pytest.mark.parametrize(
    "line", ["plain\n", "a :: b ::\n", "https://x::y\n", "# heading [x]\n", '{"a": ":: b"}\n', ""]
)
def test_what_no_runner_obeys_is_as_it_was(line: str) -> None:
    assert Defuser()(line) == line


def test_json_means_the_same() -> None:
    document = '{"message": "##[error]x", "a": "::b::"}\n'
    shown = Defuser()(document)
    assert obeyed(shown) == []
    assert shown == '{"message": "##\\u005berror]x", "a": "::b::"}\n'
    assert Defuser()("##[x]\n") == "## [x]\n"


def test_a_megabyte_takes_no_time_that_anybody_waits_for() -> None:
    for hostile in ("::" * 500_000, " " * 1_000_000, "#é" * 500_000, "\n" * 300_000):
        assert obeyed(Defuser()(hostile)) == []


class Stream(io.TextIOWrapper):
    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def written(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode()


def test_text_and_bytes_share_a_stream_and_a_line() -> None:
    stream = Stream()
    guard = Guard(stream)
    print(":", end="", file=guard.text)
    guard.buffer.write(":error::é\n  ::x".encode())
    guard.writelines(["::\n", "::y::\n"])
    assert stream.written() == ": :error::é\n  : :x: :\n: :y::\n"


def test_a_command_of_our_own_passes_on_a_line_of_its_own() -> None:
    stream = Stream()
    guard = Guard(stream)
    guard.write("half a line")
    guard.command("::group::x")
    guard.write("::y::\n")
    assert stream.written() == "half a line\n::group::x\n: :y::\n"


def test_the_stream_outlives_its_guard() -> None:
    stream = Stream()
    Guard(stream).close()
    assert not stream.closed
    assert Guard(stream).encoding == "utf-8"
    assert not Guard(stream).isatty()


def pipe() -> tuple[int, TextIO]:
    read, write = os.pipe()
    return read, os.fdopen(write, "w", encoding="utf-8")


def received(read: int) -> bytes:
    with os.fdopen(read, "rb") as stream:
        return stream.read()


def test_the_bytes_of_a_command_arrive_as_they_are_and_no_line_of_text_acts() -> None:
    read, stdout = pipe()
    log, stderr = pipe()
    sent = (bytes(range(256)), b"std", b"::vector<int>\n", b"::error::x\n##[y]")
    with stdout, stderr:
        out, _ = guarded(stdout, stderr)
        streams = Streams(out, stderr, None)
        for piece in sent:
            streams.out(piece)
        print("::error::x", file=out, flush=True)
    os.close(log)
    assert received(read) == b"".join(sent) + b": :error::x\n"


def test_where_both_streams_are_the_log_no_bytes_act_either() -> None:
    read, stderr = pipe()
    with stderr, os.fdopen(os.dup(stderr.fileno()), "w", encoding="utf-8") as stdout:
        out, _ = guarded(stdout, stderr)
        Streams(out, stderr, None).out(b"::error::x\n")
    assert received(read) == b": :error::x\n"

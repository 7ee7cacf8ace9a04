"""The lines of sh around a command, run by this machine's own shells."""

import random
import shutil
import subprocess

import pytest

from agentramp.platform.agentrun.functions_shell import (
    END_OF_INPUT,
    Marks,
    Sieve,
    wrapped,
    written,
)
from agentramp.platform.functions import Command

NONCE = "0123456789abcdef" * 2
SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)]
EVERY_BYTE = bytes(range(256)) * 3


def ran(command: Command, data: bytes = b"", shell: str = "sh") -> tuple[int | None, bytes, bytes]:
    words = wrapped(command, NONCE)
    start = [shell, "sh"] if shell == "busybox" else [shell]
    fed = b"".join(written(data)) + END_OF_INPUT
    done = subprocess.run([*start, *words[1:]], input=fed, capture_output=True, check=False)
    marks = Marks(NONCE, command.terminal)
    out, err = marks.sieve(), marks.sieve()
    told = out.pass_on(done.stdout) + out.rest(), err.pass_on(done.stderr) + err.rest()
    assert marks.complete
    return marks.status, *told


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("status", [0, 1, 7, 126, 255])
def test_the_status_is_told(shell: str, status: int) -> None:
    command = Command(("sh", "-c", f"echo out; echo err >&2; exit {status}"))
    assert ran(command, shell=shell) == (status, b"out\n", b"err\n")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_byte_goes_in_and_comes_out(shell: str) -> None:
    assert ran(Command(("cat",)), EVERY_BYTE, shell) == (0, EVERY_BYTE, b"")


@pytest.mark.parametrize("data", [b"", b"\n", b".", b"-n", b"%s\\n", b"\\0101", b" a \n\n b "])
def test_input_is_not_read_as_words_of_the_shell(data: bytes) -> None:
    assert ran(Command(("cat",)), data) == (0, data, b"")


def test_much_input() -> None:
    data = random.Random(7).randbytes(100_000)
    assert ran(Command(("cat",)), data) == (0, data, b"")


def test_without_input_a_command_reads_its_end() -> None:
    assert ran(Command(("cat",), input=False), b"not read") == (0, b"", b"")


def test_a_command_that_reads_nothing_does_not_wait() -> None:
    assert ran(Command(("echo", "done")), b"never read") == (0, b"done\n", b"")


@pytest.mark.parametrize("word", ["exit 7", "a b", "$HOME", "'", '"', "`id`", "*", "\n", ""])
def test_words_go_as_they_are(word: str) -> None:
    assert ran(Command(("printf", "%s", word))) == (0, word.encode(), b"")


@pytest.mark.parametrize("word", ["exit", "r", "e", "f", "no-such-program"])
def test_only_programs_are_run(word: str) -> None:
    status, out, err = ran(Command((word,)))
    assert (status, out) == (127, b"")
    assert b"not found" in err


def test_a_program_that_is_killed() -> None:
    assert ran(Command(("sh", "-c", "kill -9 $$")))[0] == 137


def test_the_folder_it_starts_in(tmp_path: object) -> None:
    folder = f"{tmp_path}/it's -here"
    subprocess.run(["mkdir", folder], check=True)
    assert ran(Command(("pwd",), folder)) == (0, f"{folder}\n".encode(), b"")


def test_a_folder_that_is_not_there_runs_nothing() -> None:
    status, out, err = ran(Command(("echo", "ran"), "/no/such/folder"))
    assert status not in {None, 0}
    assert out == b""
    assert b"/no/such/folder" in err


def test_a_command_that_shows_its_own_shell_shows_no_mark() -> None:
    shown = Command(("sh", "-c", "tr '\\0' '\\n' </proc/$PPID/cmdline; exit 3"))
    status, out, _ = ran(shown)
    assert status == 3
    assert NONCE.encode() in out


def sifted(*pieces: bytes) -> tuple[bytes, Marks]:
    marks = Marks(NONCE, terminal=False)
    sieve = Sieve(marks)
    return b"".join(map(sieve.pass_on, pieces)) + sieve.rest(), marks


@pytest.mark.parametrize("size", [1, 2, 3, 7, 33, 1000])
def test_marks_are_found_wherever_they_are_cut(size: int) -> None:
    whole = (
        b"a.b" + NONCE.encode() + b".7.c" + NONCE[:9].encode() + b"d" + NONCE.encode() + b".out."
    )
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    text, marks = sifted(*pieces)
    assert text == b"a.bc" + NONCE[:9].encode() + b"d"
    assert marks.complete
    assert marks.status == 7


@pytest.mark.parametrize("end", ["", ".", ".7", ".x.", ".longer-than-any-word.", ".."])
def test_what_is_no_mark_is_output(end: str) -> None:
    data = f"begin {NONCE}{end}".encode()
    text, marks = sifted(*(data[at : at + 5] for at in range(0, len(data), 5)))
    assert text == data
    assert not marks.complete


def test_nothing_is_held_back_longer_than_needed() -> None:
    sieve = Sieve(Marks(NONCE, terminal=False))
    assert sieve.pass_on(b"prompt> ") == b"prompt> "
    assert sieve.pass_on(NONCE[:3].encode()) == b""
    assert sieve.pass_on(b"!") == NONCE[:3].encode() + b"!"

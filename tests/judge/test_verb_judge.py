import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agentramp.cli import main

RUN = [sys.executable, "-c", "import sys; from agentramp.cli import main; sys.exit(main())"]
LINES = [
    {"ramp": ramp, "window": number, "canary": canary, "stable": {"sessions": 180, "bad": 2}}
    for number in range(3)
    for ramp, canary in (
        ("good", {"sessions": 20, "bad": 0}),
        ("worse", {"sessions": 20, "bad": 6}),
    )
]


def run(*words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*RUN, "judge", *words], input=given, capture_output=True, check=False, timeout=60
    )


def written(lines: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def answers(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_a_line_for_each_line() -> None:
    done = run("--alpha", "0.05", given=written(LINES))
    assert (done.returncode, done.stderr) == (0, b"")
    said = answers(done)
    assert [(line["ramp"], line["window"]) for line in said] == [
        (line["ramp"], line["window"]) for line in LINES
    ]
    assert set(said[0]) == {"ramp", "window", "verdict", "e", "canary_sessions", "reason"}
    assert [line["verdict"] for line in said[-2:]] == ["hold", "rollback"]
    assert said[-2]["canary_sessions"] == 60
    assert said[1]["reason"].startswith("rolled back: 6 of 20 canary sessions failed against 2 of")


def test_a_file_is_read_too(tmp_path: Path) -> None:
    file = tmp_path / "windows.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + written(LINES) + b"\n\n")
    done = run(str(file))
    assert (done.returncode, len(answers(done))) == (0, len(LINES))


def test_other_lines_are_told_and_passed_over() -> None:
    done = run(
        given=b"garbage\n" + written(LINES[:1]) + b'{"ramp": 1}\n\xff\xfe\n' + written(LINES)
    )
    assert done.returncode == 2
    assert len(answers(done)) == 1 + len(LINES)
    told = done.stderr.decode().splitlines()
    assert told[:3] == [
        "  line 1: not JSON",
        "  line 3: no window that is a text or a number",
        "  line 4: not UTF-8 text",
    ]
    assert "3 lines are no window of a ramp and had no answer: line 1, 3, 4" in told[3]


def test_each_answer_comes_at_once() -> None:
    with subprocess.Popen([*RUN, "judge"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin
        assert child.stdout
        for line in LINES[:2]:
            child.stdin.write(written([line]))
            child.stdin.flush()
            assert json.loads(child.stdout.readline())["ramp"] == line["ramp"]
        child.stdin.close()
        assert child.wait(timeout=30) == 0


def test_a_reader_that_leaves_is_no_error() -> None:
    with subprocess.Popen(
        [*RUN, "judge"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdin
        assert child.stdout
        assert child.stderr
        child.stdout.close()
        child.stdin.write(written(LINES))
        child.stdin.close()
        assert child.stderr.read() == b""
        child.wait(timeout=30)


def test_half_a_character_is_answered() -> None:
    line = written([LINES[0] | {"ramp": "\ud800"}])
    assert [said["ramp"] for said in answers(run(given=line))] == ["\ud800"]


def test_an_infinite_e_is_a_number_of_json() -> None:
    lines = [
        {
            "ramp": "a",
            "window": number,
            "canary": {"sessions": 10**6, "bad": 10**6},
            "stable": {"sessions": 10**6, "bad": 0},
        }
        for number in range(2)
    ]
    said = answers(run(given=written(lines)))
    assert 1e300 < said[-1]["e"] <= 1e308


@pytest.mark.parametrize(
    "words",
    [
        ("--alpha", "2"),
        ("--alpha", "nan"),
        ("--margin", "-1"),
        ("--cluster-size", "0"),
        ("--budget", "errors"),
        ("--budget", "colour=1"),
        ("--budget", "errors=0.7", "--budget", "cost=0.7"),
        ("--slo", "1"),
        ("no-such-file",),
        (".",),
    ],
)
def test_what_makes_no_sense_is_said(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["judge", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("agentramp judge: ")


def test_options_reach_the_judge() -> None:
    line = LINES[0] | {"canary": {"sessions": 20, "bad": 1, "quality": {"sessions": 20, "bad": 19}}}
    line["stable"] = {"sessions": 180, "bad": 2, "quality": {"sessions": 180, "bad": 9}}
    budgets = ("--budget", "errors=0.5", "--budget", "quality=0.5")
    said = answers(run(*budgets, given=written([line])))
    assert "judged bad" in said[0]["reason"]
    said = answers(run("--unit", "requests", "--cluster-size", "3", given=written([line])))
    assert said[0]["reason"].endswith("counted in requests, discounted by 3")


def test_an_output_that_is_full_is_said() -> None:
    for words in ((), ("--output", "json")):
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [*RUN, "judge", *words],
                input=written(LINES),
                stdout=full,
                stderr=subprocess.PIPE,
                check=False,
                timeout=60,
            )
        assert done.returncode == 3
        assert done.stderr.decode() == (
            "agentramp judge: standard output cannot be written: No space left on device; "
            "send it where there is room, and give the windows again from the first\n"
        )


@pytest.mark.parametrize(
    ("closed", "code", "said"),
    [
        ("<&-", 2, "standard input cannot be read: it is closed; give the verb a file, or"),
        ("0>/dev/null", 2, "standard input cannot be read: Bad file descriptor; name a file"),
        (">&-", 3, "standard output cannot be written: it is closed; send it"),
    ],
)
def test_what_is_closed_is_said(closed: str, code: int, said: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *RUN, "judge"],
        input=written(LINES),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code
    assert done.stderr.decode().startswith(f"agentramp judge: {said}")
    assert done.stderr.count(b"\n") == 1


def test_a_reader_that_leaves_is_no_success_and_nothing_is_said() -> None:
    """As ``agentramp judge | head -1``, and as ``logs`` ends there."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [*RUN, "judge"],
            input=written(LINES),
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


def test_what_is_wrong_is_quoted_as_json() -> None:
    lines = [LINES[0] | {"canary": {"sessions": value, "bad": 0}} for value in (True, "20", "\x9b")]
    reasons = [answer["reason"] for answer in answers(run(given=written(lines)))]
    assert [reason.rpartition("sessions: ")[2] for reason in reasons] == [
        "true is not a number",
        '"20" is not a number',
        '"\\u009b" is not a number',
    ]


def test_a_budget_says_what_is_read() -> None:
    line = LINES[0] | {"canary": {"sessions": 20, "bad": 1, "latency": 1.2}}
    assert "does not count" not in answers(run(given=written([line])))[0]["reason"]
    budgets = ("--budget", "errors=0.5", "--budget", "latency=0.5")
    said = answers(run(*budgets, given=written([line])))[0]
    assert said["reason"].endswith("canary: latency: 1.2 is not an object")

import json
import sys
import time
from pathlib import Path

import pytest

from agentramp.evidence.command import CommandEvidence
from agentramp.evidence.port import EvidenceError
from agentramp.judge.window import Arm, Tally, Unit, Window
from tests.evidence.questions import document, question, span, told


def python(code: str, *words: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *words)


def failure(evidence: CommandEvidence) -> EvidenceError:
    with pytest.raises(EvidenceError) as raised:
        evidence.read(question())
    return raised.value


def test_a_program_is_asked_and_answers() -> None:
    code = (
        "import json, sys\n"
        "asked = json.load(sys.stdin)\n"
        "assert (asked['canary'], asked['runtime']) == (8, 'assistant')\n"
        "print('counting', file=sys.stderr)\n"
        "for span in reversed(asked['spans']):\n"
        "    arm = {'sessions': 5, 'bad': 0}\n"
        "    print(json.dumps({**span, 'canary': arm, 'stable': arm}))\n"
    )
    arm = Arm(Tally(5, 0))
    spans = span(0), span(1)
    assert CommandEvidence(python(code)).read(question(*spans)) == tuple(
        Window(one.start, one.end, arm, arm, 10) for one in spans
    )


def test_it_says_what_it_counts() -> None:
    assert CommandEvidence(("count",)).unit is Unit.SESSIONS
    assert CommandEvidence(("count",), Unit.REQUESTS).unit is Unit.REQUESTS


def test_its_arguments_meet_no_shell() -> None:
    code = "import sys; sys.exit(sys.argv[1] != '$HOME; `x`')"
    assert "answered nothing" in failure(CommandEvidence(python(code, "$HOME; `x`"))).message


def test_its_environment_is_what_is_given() -> None:
    code = "import os, sys; sys.stdin.read(); print(os.environ['ANSWER'])"
    evidence = CommandEvidence(python(code), environ={"ANSWER": document(told()).decode()})
    (answer,) = evidence.read(question())
    assert isinstance(answer, Window)


def test_a_program_that_reads_nothing_may_answer() -> None:
    many = question(*(span(number) for number in range(2000)))
    answers = CommandEvidence(python(f"print({document(told()).decode()!r})")).read(many)
    assert isinstance(answers[0], Window)
    assert len(answers) == 2000


def test_a_failure_shows_the_last_lines_of_standard_error() -> None:
    code = (
        "import sys\n"
        "for number in range(50_000): print('line', number, file=sys.stderr)\n"
        "print('{}'); sys.exit(9)\n"
    )
    error = failure(CommandEvidence(python(code)))
    *quoted, last = error.message.splitlines()
    assert quoted == [f"line {number}" for number in range(49_990, 50_000)]
    assert last == f"{sys.executable} ended with status 9"


def test_a_program_that_is_not_there() -> None:
    error = failure(CommandEvidence(("/nowhere/count",)))
    assert error.message == "/nowhere/count cannot be started: No such file or directory"
    assert "cannot be started" in failure(CommandEvidence(("count\0",))).message


def test_a_program_that_hangs_is_stopped_with_its_children(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = 'import sys, time; time.sleep(2); open(sys.argv[1], \"w\")'\n"
        "subprocess.Popen([sys.executable, '-c', child, sys.argv[1]])\n"
        "print('waiting', file=sys.stderr, flush=True)\n"
        "time.sleep(60)\n"
    )
    began = time.monotonic()
    error = failure(CommandEvidence(python(code, str(tmp_path / "alive")), timeout=1))
    assert time.monotonic() - began < 30
    assert error.message.startswith("waiting\n")
    assert "did not end within 1 s" in error.message
    time.sleep(2)
    assert not (tmp_path / "alive").exists()


def test_a_child_left_behind_does_not_hold_the_answer() -> None:
    code = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"print({document(told()).decode()!r})\n"
    )
    began = time.monotonic()
    (answer,) = CommandEvidence(python(code)).read(question())
    assert isinstance(answer, Window)
    assert time.monotonic() - began < 30


def test_an_answer_too_large_is_not_read_to_its_end() -> None:
    code = "import sys\nwhile True: sys.stdout.write(' ' * 65536)"
    error = failure(CommandEvidence(python(code), most=1_000_000, timeout=30))
    assert "printed more than 1000000 bytes" in error.message


def test_nothing_of_the_question_is_on_the_command_line(tmp_path: Path) -> None:
    code = f"import json, sys; json.dump(sys.argv[1:], open({str(tmp_path / 'argv')!r}, 'w'))"
    failure(CommandEvidence(python(code, "own")))
    assert json.loads((tmp_path / "argv").read_text()) == ["own"]

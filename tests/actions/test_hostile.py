"""What a stranger may put into any input of any action: refused with its name, or taken as text."""

import errno
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentramp.cli import VERBS
from agentramp.inputs import LONGEST, variable
from agentramp.parser import Command, parse
from tests.actions.definition import ROOT, TOKEN, Action, every_action
from tests.actions.test_definitions import THEN, add_arguments, options

ODD = {
    "a line end": "a\nb",
    "a command after a line end": "a\n::error::x",
    "an output after a line end": "a\nversion=9",
    "a carriage return": "a\r::error::x",
    "a control character": "a\x01b",
    "colours": "\x1b[31ma",
    "a delete": "a\x7fb",
    "a next line": "a\x85b",
    "a line separator": "a\u2028b",
    "a turn of the letters": "a\u202eb",
    "half a letter": "a\udcffb",
    "100 kB": "a" * 100_000,
}
"""Refused in every input."""
SIGNS = {
    "a command": "::error::x",
    "a mask": "::add-mask::error",
    "an old command": "##[set-output name=version]9",
    "a substitution": "$(touch owned)",
    "backticks": "`touch owned`",
    "a coded line end": "a%0A::error::x",
    "a semicolon": "; touch owned",
    "a pipe": "| touch owned",
    "quotes": "\"'",
    "a unicorn": "\N{UNICORN FACE}",
    "an option": "--dry-run",
    "a short option": "-x",
    "markup": "<img src=x>[a](b)|c",
    "an expression": "${{ github.token }}",
}
"""Text for people, where people are meant; no name, number, truth or path."""
TEXTS = {"reason", "description", "prompt", "github-environment"}
IN_A_TOKEN = {"a substitution", "a unicorn", "a semicolon", "a pipe", "backticks", "an expression"}
"""Signs that no login has; the others are a login that GitHub will not know."""
AGAIN = ("a command after a line end", "a substitution")
"""Enough for an input that another action has too, as both go one way."""
GIVEN = {"version": "1", "weight": "10"}
"""A value that is right for each input that is required."""
SECONDS = 60


@dataclass(frozen=True)
class Case:
    action: str
    verb: str
    name: str
    kind: str
    value: str
    then: str = ""
    """The verbs of later steps, whose inputs this one looks at too."""


@dataclass(frozen=True)
class Told:
    case: Case
    code: int
    log: str
    output: str
    summary: str
    started: list[str]

    def commands(self) -> list[str]:
        """The lines that a runner would act on, old form and new; it ends a line at a CR too."""
        lines = re.split(r"[\r\n]+", self.log)
        return [line for line in lines if line.lstrip().startswith("::") or "##[" in line]

    def outputs(self) -> dict[str, str]:
        """As the runner reads the file: NAME<<MARK, lines, MARK, or NAME=VALUE."""
        found, lines = {}, iter(re.split(r"\r\n|\n|\r", self.output.removesuffix("\n")))
        for line in lines:
            name, heredoc, mark = line.partition("<<")
            if heredoc and "=" not in name:
                found[name] = "\n".join(iter(lambda: next(lines), mark))
            else:
                name, _, found[name] = line.partition("=")
        return found


def cases() -> Iterator[Case]:
    known: set[str] = set()
    for action in every_action():
        for name in action.inputs:
            verb, then = taking(action, name)
            refused = [kind for kind in SIGNS if name not in TEXTS | {TOKEN}]
            refused += IN_A_TOKEN if name == TOKEN else ()
            for kind in (*ODD, *refused):
                if name in known and kind not in AGAIN:
                    continue
                yield Case(action.verb or "root", verb, name, kind, (ODD | SIGNS)[kind], then)
            known.add(name)


def taking(action: Action, name: str) -> tuple[str, str]:
    """The verb of the first step that is handed this input, and those that it looks ahead to."""
    given = "GITHUB_TOKEN" if name == TOKEN else variable(name)
    first = next(step for step in action.steps if given in step.env)
    return first.id, first.env.get(THEN, "")


def environ(case: Case) -> dict[str, str]:
    needed = {name for name, option in options(case.verb).items() if option.required}
    given = {name: GIVEN[name] for name in needed} | {"path": "."}
    named = {variable(name): value for name, value in given.items()}
    hostile = "GITHUB_TOKEN" if case.name == TOKEN else variable(case.name)
    return {
        **named,
        THEN: case.then,
        hostile: case.value,
        "PATH": "/usr/bin:/bin",
        "GITHUB_ACTIONS": "true",
        "AGENTRAMP_HOME": "home",
    }


def run(found: list[Case], folder: Path) -> list[Told]:
    """All in one process, in a folder with an agent."""
    work = folder / "work"
    shutil.copytree(ROOT / "examples" / "quickstart", work)
    before = sorted(work.rglob("*"))
    asked = [{"verb": case.verb, "environ": environ(case)} for case in found]
    done = subprocess.run(
        [sys.executable, "-m", "tests.actions.batch"],
        cwd=work,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(work.rglob("*")) == before, "a file was made"
    return [Told(case, **one) for case, one in zip(found, json.loads(done.stdout), strict=True)]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> list[Told]:
    return run(list(cases()), tmp_path_factory.mktemp("hostile"))


def test_every_input_of_every_action_is_tried(refused: list[Told]) -> None:
    tried = {(told.case.action, told.case.name) for told in refused}
    assert tried == {(a.verb or "root", name) for a in every_action() for name in a.inputs}
    assert {told.case.kind for told in refused} == {*ODD, *SIGNS}


def test_each_is_refused_by_its_name(refused: list[Told]) -> None:
    wrong = []
    for told in refused:
        errors = [line for line in told.commands() if line.startswith("::error ")]
        named = re.compile(rf"\binputs? (are required: )?{re.escape(told.case.name)}\b")
        said = [*errors, told.outputs().get("reason", "")]
        if told.code != 2 or len(errors) != 1 or not all(map(named.search, said)):
            wrong.append((told.case, told.code, told.log[-400:]))
    assert wrong[:5] == []


def test_nothing_is_run_and_no_command_is_slipped_in(refused: list[Told]) -> None:
    ours = re.compile(r"::(error title=agentramp [a-z-]+|add-mask)::")
    for told in refused:
        assert (told.case, told.started) == (told.case, [])
        assert [line for line in told.commands() if not ours.match(line)] == []


def test_no_output_is_slipped_in(refused: list[Told]) -> None:
    for told in refused:
        found = told.outputs()
        assert set(found) == {"changed", "verdict", "reason", "result-json"}
        assert found["changed"] == "false"
        assert json.loads(found["result-json"])["exit_code"] == 2
        assert len(found["reason"]) < 2 * LONGEST


def test_the_summary_shows_it_as_text(refused: list[Told]) -> None:
    for told in refused:
        spoken = re.sub(r"(`+).*?\1", "", told.summary, flags=re.DOTALL)  # what is no code
        assert "<img" not in spoken
        assert not re.search(r"(?<!\\)\[a", spoken), told.summary
        assert told.case.value not in told.summary or told.case.kind not in ODD
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\x85\u2028\u202e]", told.summary)


def test_no_command_is_shown_that_leaves_the_input_out(refused: list[Told]) -> None:
    """Pasted on a laptop it would do another thing: ``dry-run: yes`` would move traffic."""
    for told in refused:
        again = told.summary.partition("The same on a laptop:")[2]
        if told.case.name not in {"path", TOKEN} and not told.case.then:
            assert not again or f"--{told.case.name}=" in again, told.summary


def test_no_login_is_shown(refused: list[Told]) -> None:
    for told in refused:
        if told.case.name == TOKEN:
            shown = "".join(x for x in told.log.splitlines() if not x.startswith("::add-mask::"))
            assert told.case.value not in shown + told.output + told.summary


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_text_for_people_arrives_as_it_is(name: str) -> None:
    """Each verb that has such an input takes each sign as it stands."""
    verbs = [a.verb for a in every_action() if a.verb and name in a.inputs]
    assert verbs
    for verb in verbs:
        for value in SIGNS.values():
            case = Case(verb, verb, name, "", value)
            command = Command(verb, VERBS[verb], "", add_arguments(verb))
            assert getattr(parse(command, [], environ(case)), name.replace("-", "_")) == value


def test_text_for_people_is_only_text_in_what_is_written(tmp_path: Path) -> None:
    found = [
        Case(action.verb, action.verb, name, kind, value)
        for action in every_action()
        for name in sorted(TEXTS & set(action.inputs))
        if action.verb  # the first step of the whole release leaves the others' texts alone
        for kind, value in SIGNS.items()
    ]
    for told in run(found, tmp_path):
        assert told.code == 2, "there are no credentials"
        [error] = told.commands()
        assert error.startswith("::error title=agentramp ")
        assert "no credentials" in error
        assert set(told.outputs()) == {"changed", "verdict", "reason", "result-json"}
        assert "<img" not in re.sub(r"(`+).*?\1", "", told.summary, flags=re.DOTALL)


def test_a_runner_cannot_start_a_step_with_a_megabyte() -> None:
    """Linux bounds one variable at 128 KiB, so no such input ever reaches a script of ours."""
    for size, starts in ((127 * 1024, True), (1024 * 1024, False)):
        environ = {variable("reason"): "a" * size}
        if starts:
            assert subprocess.run(["/bin/true"], env=environ, check=False).returncode == 0
        else:
            with pytest.raises(OSError, match="Argument list too long") as told:
                subprocess.run(["/bin/true"], env=environ, check=False)
            assert told.value.errno == errno.E2BIG

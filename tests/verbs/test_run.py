"""run: an AgentRun project on a platform of its own, once and in a chat; nothing of it stays."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from agentramp.errors import UsageError
from agentramp.verbs import run
from tests.verbs.archive_server import archived
from tests.verbs.scene import arguments, context
from tests.verbs.typed import COMMAND, PATIENCE, Typed

TALKER = Path(__file__).parents[1] / "agents" / "talker"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where an archive of the talker lies, in a folder as GitHub makes one."""
    with archived(TALKER, "talker-1.0/agents/talker", tmp_path / "served") as url:
        yield url


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name not in {"CI", "GITHUB_ACTIONS"}
    }
    own = {
        "AGENTRAMP_HOME": str(tmp_path / "home"),
        "OF_THE_USER": "a secret",
        "PASSED": "passed on",
        "GIVEN": "no",
        "TERM": "xterm",
    }
    return {**kept, **own}


@pytest.fixture
def _no_nohup() -> Iterator[None]:
    """A run that is told not to mind a closed terminal does not, and these may have been."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    yield folder
    for process in started_for(folder):  # of a test that failed
        process.kill()


def started_for(home: Path) -> list[psutil.Process]:
    """The platform's server and the agents of all runs: each has its folder on its command line."""
    return [one for one in psutil.process_iter() if str(home) in words(one)]


def words(process: psutil.Process) -> str:
    try:
        environ = process.environ()
        return f"{process.cmdline()} {environ.get('HOME')} {environ.get('PATH')}"
    except psutil.Error:
        return ""


def left(home: Path) -> set[str]:
    """What runs have left on the disk, but for what the next run uses again."""
    [folder] = (path for path in (home / "run").iterdir() if path.name.endswith("-0"))
    return {path.name for path in folder.iterdir()}


def until(found: Callable[[], object]) -> None:
    ends = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < ends, "it did not come to that"
        time.sleep(0.01)


@contextmanager
def begun(
    words: list[str], environ: dict[str, str], home: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """A run whose agent has heard the question."""
    with subprocess.Popen(words, env=environ, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: any("asked: slow" in text for text in logs(home)))
            yield process
        finally:
            process.kill()


def logs(home: Path) -> Iterator[str]:
    for path in home.glob("run/*/local/logs/**/*.log"):
        with suppress(OSError):  # it goes while it is read
            yield path.read_text()


def test_a_chat_on_a_terminal(environ: dict[str, str], home: Path) -> None:
    environ |= {"NO_COLOR": "1"}
    chat = Typed.begin(environ, str(TALKER))
    chat.shows("you> ")
    chat.types("hello\r")
    assert "1 hello; given a secret\r\n" in chat.shows("you> ")
    chat.types("a \\\r")
    chat.shows("...> ")
    chat.types("b\r")
    assert "3 a \r\nb; given" in chat.shows("you> "), "what was said before goes along"
    chat.types("/new\r")
    chat.shows("you> ")
    chat.types("escape\r")
    assert "1 \\x1b[31mred\r\n" in chat.shows("you> "), "it cannot act, and the session is new"
    chat.types("fail\r")
    assert "asked: fail" in chat.shows("you> "), "its log goes with the run, so it is told"
    chat.types("slow\r")
    chat.shows("so so so ")
    chat.types("\x03")
    assert "stopped" in chat.shows("you> ")
    chat.types("after\r")
    assert "3 after" in chat.shows("you> "), "what was stopped is no part of it"
    assert len(started_for(home)) >= 2
    chat.types("\x04")
    assert chat.ends() == 0
    assert "\x1b[1m" not in chat.seen
    assert (left(home), started_for(home)) == ({"build"}, [])
    history = home / "run" / "history"
    assert history.stat().st_mode & 0o777 == 0o600
    assert history.read_text().splitlines()[:3] == ["hello", "a \\", "b"]


def test_ctrl_c_at_the_prompt_ends_on_a_line_of_its_own(environ: dict[str, str]) -> None:
    chat = Typed.begin(environ | {"NO_COLOR": "1"}, str(TALKER))
    chat.shows("you> ")
    chat.types("\x03")
    before = chat.shows(last := "agentramp run: interrupted").removesuffix(last)
    assert before.endswith("\n"), "the last line stands alone"
    assert chat.ends() == 130


@pytest.mark.usefixtures("_no_nohup")
def test_a_killed_run_is_mended_by_the_next(
    environ: dict[str, str], home: Path, address: str, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("OF_THE_USER=a secret too\n")
    asked = (*COMMAND, address, "talker", "--folder", "agents/talker")
    done = partial(
        subprocess.run, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    with begun([*asked, "--input", "slow"], environ, home) as killed:
        killed.kill()
    assert len(started_for(home)) >= 2, "the platform and the agent live on"
    copy = {path: path.stat().st_mtime_ns for path in (home / "cache").rglob("agents/talker/**/*")}
    assert len(copy) == 4

    passing = ("--pass-env=PASSED", "--pass-env=NOT_SET", "--pass-env=GIVEN")
    again = done([*asked, "--input=-", "--output=json", *passing], input="hello\n")
    told = json.loads(again.stdout)
    assert (again.returncode, told["ok"], told["answer"]) == (
        0,
        True,
        "1 hello; given nothing, passed on",
    )
    assert (told["engine"], told["source"], len(told["sha256"])) == ("agentrun", address, 64)
    assert "is a program of others" in again.stderr
    assert (left(home), started_for(home)) == ({"build"}, [])

    assert copy == {path: path.stat().st_mtime_ns for path in copy}
    assert not [path for path in copy if "__pycache__" in str(path)]

    failed = done([*asked, "--input=fail \x1b]0;title\x07"])
    assert failed.returncode == 3
    assert "asked: fail \\x1b]0;title\\x07" in failed.stderr, "it cannot act on a terminal"

    with begun([*asked, "--input", "slow"], environ, home) as stopped:
        stopped.send_signal(signal.SIGHUP)
        assert stopped.wait(PATIENCE) == 130, "a closed terminal leaves nothing that runs on"
    assert (left(home), started_for(home)) == ({"build"}, [])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place, file in (("both", "s.yaml"), ("both", "aigne.yaml"), ("neither", "README.md")):
        (tmp_path / place).mkdir(exist_ok=True)
        (tmp_path / place / file).write_text("name: it\n")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("both",), "there is no terminal to chat on, and nothing to ask"),
        (("both", "--output=json"), "there is no terminal to chat on, and nothing to ask"),
        (("gone", "--input=x"), "gone is no folder and no URL"),
        (("--url=both", "--input=x"), "both is no URL"),
        (("both", "agent", "--url=http://127.0.0.1:9/a.tgz", "--input=x"), "both name a source"),
        (("both", "a", "--entry-agent=b", "--input=x"), "are two agents"),
        (("neither", "--input=x"), r"neither s\.yaml nor aigne\.yaml; it has: README\.md"),
        (("neither", "--input=x", "--engine=aigne"), r"neither has no aigne\.yaml"),
        (("both", "--input=x", "--folder=.."), r"--folder \.\. leads out of both"),
        (("both", "--input=x", "--folder=code"), r"no folder code; it has: aigne\.yaml, s\.yaml"),
        (("both", "--input=x", "--param=a=b"), "--param is for an AIGNE project"),
        (("both", "--input=x", "--model=a/b"), "--model is for an AIGNE project"),
        (("both", "--input= "), "the input is empty"),
        (("both", "--input=-"), "the input is empty"),
        (("both", "--input=@gone"), "--input @gone cannot be read"),
    ],
)
def test_mistakes_say_what_to_do(folder: Path, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        run.run(arguments("run", *words), context(folder))
    assert caught.value.advice

"""local image: what is asked of it, and what it says."""

from pathlib import Path

import pytest

from agentramp.errors import UsageError
from agentramp.local import daemon
from agentramp.report.result import Facts
from agentramp.verbs import local
from tests.verbs.scene import arguments, context


def run(folder: Path, *words: str) -> Facts:
    return local.run(arguments("local", *words), context(folder))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("print('serves')\n")
    return tmp_path


def test_a_folder_and_a_command_stand_for_an_image(folder: Path) -> None:
    words = ("image", "shop:1", "code", "--", "python3", "app.py", "--fast")
    told = run(folder, *words)
    said = dict(told.facts)
    assert told.changed
    assert said["image"] == f"shop@{said['digest']}"
    assert said["command"] == "python3 app.py --fast"
    again = run(folder, *words)
    assert (again.changed, again.facts) == (False, told.facts)
    found = daemon.images(folder / "home").find("shop:1")
    assert found
    assert found.command == ("python3", "app.py", "--fast")
    (folder / "code" / "app.py").write_text("print('serves too')\n")
    assert dict(run(folder, *words).facts)["digest"] != said["digest"]
    assert not (folder / "home" / "local" / "server.json").exists(), "nothing was started"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("image",), "needs the image's name and a folder"),
        (("image", "shop:1"), "needs the image's name and a folder"),
        (("image", "Shop", "code"), "'Shop' is no name of an image"),
        (("image", "shop:1", "gone"), "gone is not a folder"),
        (("stop", "shop:1"), "shop:1 makes no sense after local stop"),
        (("status", "--", "python3"), "-- makes no sense after local status"),
    ],
)
def test_mistakes_say_what_to_do(folder: Path, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        run(folder, *words)
    assert caught.value.advice

"""The system's keyring, which may wait for its owner for ever: nobody waits with it."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest
from keyring.errors import KeyringLocked

from agentramp.credentials.port import CredentialsError
from agentramp.credentials.ring import SystemRing

MUCH_LATER = 40.0
"""Seconds: without a bound of our own it does answer, and the test fails."""
REPOSITORY = Path(__file__).parents[2]


@dataclass
class Backend:
    """As much of a keyring as is asked; ``answer`` is what each question comes to."""

    answer: Callable[[], str | None]

    def get_password(self, service: str, username: str) -> str | None:
        return self.answer()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.answer()

    def delete_password(self, service: str, username: str) -> None:
        self.answer()


def ring(answer: Callable[[], str | None], seconds: float = 60.0) -> SystemRing:
    return SystemRing(cast("Any", Backend(answer)), seconds)


@pytest.mark.parametrize(
    "ask",
    [
        lambda one: one.get_password("s", "n"),
        lambda one: one.set_password("s", "n", "hush"),
        lambda one: one.delete_password("s", "n"),
    ],
)
def test_one_that_never_answers_is_left(ask: Callable[[SystemRing], object]) -> None:
    never = Event()

    def wait() -> None:
        never.wait(MUCH_LATER)

    try:
        with pytest.raises(CredentialsError, match=r"not within 0\.05 s") as caught:
            ask(ring(wait, 0.05))
    finally:
        never.set()
    assert "--file" in caught.value.advice
    assert "hush" not in str(caught.value)


def test_its_answer_and_its_trouble_are_told() -> None:
    assert ring(lambda: "hush").get_password("s", "n") == "hush"

    def locked() -> str:
        raise KeyringLocked

    with pytest.raises(CredentialsError, match="KeyringLocked"):
        ring(locked).get_password("s", "n")


SILENT = '''\
"""A keyring whose owner does not unlock it."""

import io
import sys
from pathlib import Path
from threading import Event

from keyring.backend import KeyringBackend


class Silent(KeyringBackend):
    priority = 9

    def get_password(self, service, username):
        return None

    def set_password(self, service, username, password):
        Event().wait(40)


if __name__ == "__main__":
    from agentramp.credentials.port import CredentialsError
    from agentramp.site.deadline import Deadline
    from agentramp.site.purchase import Site
    from agentramp.wiring.site.desk import Till
    from agentramp.wiring.site.tokens import Browser
    from tests.verbs.scene import arguments, context

    where = context(Path(sys.argv[1]))
    over = Deadline(lambda: 5.0, 5.0)
    till = Till(arguments("site", "create"), where, Browser(), "https://b.example", over)
    try:
        till.keep("cs_1", Site("https://s.example", token="blkt-hush"))
    except CredentialsError as error:
        print(error)
'''


def test_a_bought_token_waits_for_a_keyring_no_longer_than_its_run(tmp_path: Path) -> None:
    """The next run keeps it: what says that it is kept is not written."""
    (tmp_path / "silent.py").write_text(SILENT)
    environ = {
        **os.environ,
        "PYTHON_KEYRING_BACKEND": "silent.Silent",
        "PYTHONPATH": os.pathsep.join(
            (str(tmp_path), str(REPOSITORY), os.environ.get("PYTHONPATH", ""))
        ),
    }
    done = subprocess.run(
        [sys.executable, str(tmp_path / "silent.py"), str(tmp_path)],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert "not within 1 s" in done.stdout, done.stderr
    assert "blkt-hush" not in done.stdout + done.stderr
    assert not list((tmp_path / "home").glob("site-tokens.json"))

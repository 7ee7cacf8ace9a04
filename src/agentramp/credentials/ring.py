"""The operating system's keyring through the library `keyring`, where both are there."""

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING, Final, TypeVar

from agentramp.credentials.port import CredentialsError

if TYPE_CHECKING:  # costly to import, and seldom needed
    from keyring.backend import KeyringBackend

Got = TypeVar("Got")
SECONDS: Final = 60.0


@dataclass(frozen=True)
class SystemRing:
    """``seconds`` are for each question: a keyring may wait for its owner, or for ever."""

    backend: "KeyringBackend" = field(repr=False)
    seconds: float = SECONDS

    def get_password(self, service: str, username: str) -> str | None:
        return self._told(lambda: self.backend.get_password(service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._told(lambda: self.backend.set_password(service, username, password))

    def delete_password(self, service: str, username: str) -> None:
        """What is not there any more needs no deleting."""
        if self.get_password(service, username) is not None:
            self._told(lambda: self.backend.delete_password(service, username))

    def _told(self, act: Callable[[], Got]) -> Got:
        from keyring.errors import KeyringError  # noqa: PLC0415 - as below

        told: Future[Got] = Future()

        def ask() -> None:
            try:
                told.set_result(act())
            except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
                told.set_exception(error)

        Thread(target=ask, daemon=True).start()
        try:
            return told.result(self.seconds)
        except FutureTimeout:
            raise _refused(f"not within {self.seconds:g} s") from None
        except KeyringError as error:
            raise _refused(type(error).__name__) from None


def _refused(why: str) -> CredentialsError:
    return CredentialsError(
        f"the system's keyring does not answer ({why})",
        advice="unlock it and run this again, or keep secrets in a file: --file",
    )


def system_ring(seconds: float = SECONDS) -> SystemRing | None:
    """None where the library is not installed, or finds no keyring worth the name.

    One that its owner chose (PYTHON_KEYRING_BACKEND, keyringrc.cfg) is theirs to judge, unless it
    is the one that keeps nothing.
    """
    if find_spec("keyring") is None:
        return None
    import keyring  # noqa: PLC0415 - costly, seldom needed
    from keyring.core import load_config, load_env, recommended  # noqa: PLC0415 - as above

    backend = keyring.get_keyring()
    chosen = type(load_env() or load_config()) is type(backend) and backend.priority > 0
    return SystemRing(backend, seconds) if chosen or recommended(backend) else None

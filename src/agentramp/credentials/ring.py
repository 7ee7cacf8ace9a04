"""The operating system's keyring through the library `keyring`, where both are there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar

from agentramp.credentials.port import CredentialsError

if TYPE_CHECKING:  # costly to import, and seldom needed
    from keyring.backend import KeyringBackend

Got = TypeVar("Got")


@dataclass(frozen=True)
class SystemRing:
    backend: "KeyringBackend" = field(repr=False)

    def get_password(self, service: str, username: str) -> str | None:
        return _told(lambda: self.backend.get_password(service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        _told(lambda: self.backend.set_password(service, username, password))

    def delete_password(self, service: str, username: str) -> None:
        """What is not there any more needs no deleting."""
        if self.get_password(service, username) is not None:
            _told(lambda: self.backend.delete_password(service, username))


def system_ring() -> SystemRing | None:
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
    return SystemRing(backend) if chosen or recommended(backend) else None


def _told(act: Callable[[], Got]) -> Got:
    from keyring.errors import KeyringError  # noqa: PLC0415 - as above

    try:
        return act()
    except KeyringError as error:
        raise CredentialsError(
            f"the system's keyring does not answer ({type(error).__name__})",
            advice="unlock it and run this again, or keep the key in a file: agentramp access add"
            " NAME --file",
        ) from None

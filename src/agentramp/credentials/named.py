"""Credentials that `agentramp access add` keeps: in the system's keyring, or in a file.

The file lists every name, so that names can be told; the secrets of those in the keyring are only
there. It is written for its owner alone (mode 0600), and is not read where others could have.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_IMODE
from typing import Any, Final, Protocol

from agentramp.credentials.environment import SERVERLESS_DEVS, Held, keys
from agentramp.errors import UsageError

SERVICE: Final = "agentramp"
_OTHERS: Final = 0o077
_FIELDS: Final = (SERVERLESS_DEVS.key_id, SERVERLESS_DEVS.secret, SERVERLESS_DEVS.token)


@dataclass(frozen=True)
class Named:
    """What stands under a name: an access key, and its account where that is written down."""

    held: Held
    account: str | None = None


class Ring(Protocol):
    """The operating system's keyring; each raises CredentialsError where it is locked."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


@dataclass(frozen=True)
class Entry:
    name: str
    account: str | None
    kept: str
    """``keyring`` or ``file``."""


@dataclass(frozen=True)
class Drawer:
    """``ring`` gives None where this machine has no keyring; it is asked only when needed."""

    path: Path
    ring: Callable[[], Ring | None] = field(repr=False)

    def entries(self) -> tuple[Entry, ...]:
        """Raises UsageError for a file that cannot be used."""
        return tuple(
            Entry(name, said.get("AccountID"), "keyring" if _is_elsewhere(said) else "file")
            for name, said in sorted(self._read().items())
        )

    def get(self, name: str) -> Named | None:
        said = self._read().get(name)
        if said is None:
            return None
        where = f"the keyring, under {name}," if _is_elsewhere(said) else str(self.path)
        held = {**said, **self._from_ring(name)} if _is_elsewhere(said) else said
        key = keys(SERVERLESS_DEVS, {part: str(held.get(part) or "") for part in _FIELDS}, where)
        if key is None:
            raise UsageError(
                f"{where} holds no access key for {name}",
                advice=f"write it anew: agentramp access add {name}",
            )
        place = "keyring" if _is_elsewhere(said) else "file"
        return Named(Held(f"{name} of agentramp access ({place})", key), said.get("AccountID"))

    def put(self, name: str, named: Named, *, in_ring: bool) -> bool:
        """Whether there was one of that name before, which is gone then."""
        key = named.held.credentials
        parts = (key.access_key_id, key.access_key_secret, key.security_token or "")
        secrets = {part: value for part, value in zip(_FIELDS, parts, strict=True) if value}
        account = {"AccountID": named.account} if named.account else {}
        with self._changing() as names:
            before = names.get(name)
            if in_ring:
                self._ring().set_password(SERVICE, name, json.dumps(secrets))
            elif before and _is_elsewhere(before):
                self._forget(name)
            names[name] = {"kept": "keyring", **account} if in_ring else {**secrets, **account}
        return before is not None

    def remove(self, name: str) -> bool:
        """Whether there was one."""
        with self._changing() as names:
            said = names.pop(name, None)
            if said and _is_elsewhere(said):
                self._forget(name)
        return said is not None

    def _ring(self) -> Ring:
        ring = self.ring()
        if ring is None:
            raise UsageError(
                "this machine has no keyring that can be used",
                advice="install the extra (pip install 'agentramp[access]') and start the desktop's"
                " keyring, or keep it in a file: --file",
            )
        return ring

    def _from_ring(self, name: str) -> Mapping[str, Any]:
        try:
            said = json.loads(self._ring().get_password(SERVICE, name) or "{}")
        except (ValueError, RecursionError):
            said = {}
        return said if isinstance(said, dict) else {}

    def _forget(self, name: str) -> None:
        self._ring().delete_password(SERVICE, name)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, dict[str, Any]]]:
        """The names to change; they are written when the block ends well."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.with_suffix(".lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                names = self._read()
                yield names
                self._write(names)
        except OSError as error:
            raise self._unusable(str(error.strerror or error)) from None

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            with self.path.open("rb") as file:
                mode = S_IMODE(os.fstat(file.fileno()).st_mode)
                if mode & _OTHERS:
                    raise UsageError(
                        f"{self.path} can be read by others (mode {mode:04o}), so it is not used",
                        advice=f"replace its keys, then: chmod 600 {self.path}",
                    )
                said = json.loads(file.read())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise self._unusable(type(error).__name__) from None
        if not isinstance(said, dict) or not all(isinstance(x, dict) for x in said.values()):
            raise self._unusable("it is no list of names")
        return said

    def _write(self, names: Mapping[str, Mapping[str, Any]]) -> None:
        """All or nothing, and never for a moment open to others."""
        new = self.path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(names, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)

    def _unusable(self, why: str) -> UsageError:
        return UsageError(
            f"{self.path} cannot be used: {why}",
            advice="mend or delete that file, or set AGENTRAMP_HOME to a folder you may write",
        )


def _is_elsewhere(said: Mapping[str, Any]) -> bool:
    return said.get("kept") == "keyring"

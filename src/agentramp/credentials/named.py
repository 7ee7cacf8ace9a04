"""Credentials that `agentramp access add` keeps: in the system's keyring, or in a file.

The file lists every name, so that names can be told; the secrets of those in the keyring are only
there. It is written for its owner alone (mode 0600), and is not read where others could have.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from agentramp.credentials.environment import SERVERLESS_DEVS, Held, keys
from agentramp.credentials.secret_file import SecretFile, is_in_ring
from agentramp.errors import UsageError

SERVICE: Final = "agentramp"
_FIELDS: Final = SERVERLESS_DEVS.parts


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
            Entry(name, said.get("AccountID"), "keyring" if is_in_ring(said) else "file")
            for name, said in sorted(SecretFile(self.path).read().items())
        )

    def get(self, name: str) -> Named | None:
        said = SecretFile(self.path).read().get(name)
        if said is None:
            return None
        where = f"the keyring, under {name}," if is_in_ring(said) else str(self.path)
        held = {**said, **self._from_ring(name)} if is_in_ring(said) else said
        key = keys(SERVERLESS_DEVS, {part: str(held.get(part) or "") for part in _FIELDS}, where)
        if key is None:
            raise UsageError(
                f"{where} holds no access key for {name}",
                advice=f"write it anew: agentramp access add {name}",
            )
        place = "keyring" if is_in_ring(said) else "file"
        return Named(Held(f"{name} of agentramp access ({place})", key), said.get("AccountID"))

    def put(self, name: str, named: Named, *, in_ring: bool) -> bool:
        """Whether there was one of that name before, which is gone then."""
        key = named.held.credentials
        parts = (key.access_key_id, key.access_key_secret, key.security_token or "")
        secrets = {part: value for part, value in zip(_FIELDS, parts, strict=True) if value}
        account = {"AccountID": named.account} if named.account else {}
        with SecretFile(self.path).changing() as names:
            before = names.get(name)
            if in_ring:
                self._ring().set_password(SERVICE, name, json.dumps(secrets))
            elif before and is_in_ring(before):
                self._forget(name)
            names[name] = {"kept": "keyring", **account} if in_ring else {**secrets, **account}
        return before is not None

    def remove(self, name: str) -> bool:
        """Whether there was one."""
        with SecretFile(self.path).changing() as names:
            said = names.pop(name, None)
            if said and is_in_ring(said):
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

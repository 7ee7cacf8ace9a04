"""Access tokens of sites, each with the place it may be sent to and kept under its name.

They lie in the system's keyring, or in a file of their owner alone. What the vendor's own tool
keeps is read: service ``aigne-doc-smith-publish-api-key`` in the keyring (@aigne/secrets 0.1.6 puts
the suffix there) and ``~/.aigne/doc-smith-connected.yaml``, both by the bare name of the host.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from agentramp.credentials.named import Ring
from agentramp.credentials.secret_file import PATIENCE, SecretFile, is_in_ring
from agentramp.errors import UsageError
from agentramp.exchange import check_address, check_token

SERVICE: Final = "agentramp-site"
VENDOR_SERVICES: Final = ("aigne-doc-smith-publish-api-key", "aigne-doc-smith-publish")
VENDOR_FIELD: Final = "DOC_DISCUSS_KIT_ACCESS_TOKEN"
TOKENS: Final = ("DOC_SMITH_PUBLISH_ACCESS_TOKEN", "DOC_DISCUSS_KIT_ACCESS_TOKEN")
"""Variables that hold a token; the first that is set counts."""
URLS: Final = ("DOC_SMITH_PUBLISH_URL", "DOC_DISCUSS_KIT_URL")
"""Variables that say which site it is for."""
MOST_BYTES: Final = 1024 * 1024
_PORTS: Final = {"https": 443, "http": 80}


def place(url: str) -> str:
    """The host with its port, in lower case; raises UsageError for what a token cannot go to."""
    check_address(url, "the site")
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            f"the address of {parts.hostname} has a login in it",
            advice="leave it out; a token is kept with: agentramp site login",
        )
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError:
        raise UsageError("the address has a port that is none", advice="correct it") from None
    name = (parts.hostname or "").rstrip(".")
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


@dataclass(frozen=True)
class Token:
    """A token of one host and port. Raises UsageError for one that no header could hold."""

    place: str
    _secret: str = field(repr=False)

    def __post_init__(self) -> None:
        check_token(self._secret, self.place)

    @classmethod
    def of(cls, url: str, secret: str) -> "Token":
        return cls(place(url), secret.strip())

    def sent_to(self, url: str) -> str:
        """The secret, for an address of its own host and for no other; raises UsageError."""
        if place(url) != self.place:
            raise UsageError(
                f"a token of {self.place} is not sent to {place(url)}",
                advice=f"sign in there: agentramp site login --site https://{place(url)}",
            )
        return self._secret


def of_environment(environ: Mapping[str, str], asked: str) -> Token | None:
    """The variable's token, bound to the site that the environment names, else to ``asked``.

    ``asked`` is the address that this command was told to work on. Raises UsageError.
    """
    secret = next((environ[name] for name in TOKENS if environ.get(name)), None)
    if secret is None:
        return None
    url = next((environ[name] for name in URLS if environ.get(name)), asked)
    return Token.of(url, secret)


@dataclass(frozen=True)
class Keeper:
    """``ring`` gives None where this machine has no keyring; ``home`` is the user's folder.

    ``path`` is a file that names every place; secrets of those in the keyring are only there.
    """

    path: Path
    ring: Callable[[], Ring | None] = field(repr=False)
    home: Path | None = None
    patience: float = PATIENCE
    """Seconds for which another run is waited for that changes the file."""

    @property
    def _file(self) -> SecretFile:
        return SecretFile(self.path, self.patience)

    def find(self, url: str) -> Token | None:
        """Of this host and port: kept by us, else by the vendor's tool; raises UsageError."""
        where = place(url)
        entry = self._file.read().get(where)
        secret = self._kept(where, entry) if entry is not None else None
        secret = secret or self._vendors(url)
        return Token(where, secret) if secret else None

    def keep(self, token: Token, *, in_file: bool = False, bought: str = "") -> str:
        """Where it lies now: ``keyring`` or ``file``. Raises CredentialsError, or UsageError.

        ``bought`` names the purchase that it came of, if it came of one.
        """
        ring = None if in_file else self.ring()
        secret = token._secret  # noqa: SLF001 - whoever keeps a token needs it as it is
        entry = {"kept": "file", "token": secret} if ring is None else {"kept": "keyring"}
        if ring is not None:  # a keyring may ask its owner: nobody else waits for that
            ring.set_password(SERVICE, token.place, secret)
        with self._file.changing() as entries:
            entries[token.place] = entry | ({"bought": bought} if bought else {})
        return "file" if ring is None else "keyring"

    def keep_bought(self, token: Token, bought: str, *, in_file: bool = False) -> bool:
        """Whether it is kept: what is there for its place by another way stays as it is."""
        there = self._file.read().get(token.place)
        if there is not None and there.get("bought") != bought:
            return False
        self.keep(token, in_file=in_file, bought=bought)
        return True

    def forget(self, url: str) -> bool:
        """Whether there was one of ours. The vendor's own are left alone."""
        where = place(url)
        there = self._file.read().get(where)
        ring = self.ring() if there is not None and is_in_ring(there) else None
        if ring is not None:
            ring.delete_password(SERVICE, where)
        with self._file.changing() as entries:
            return entries.pop(where, None) is not None

    def _kept(self, where: str, entry: Mapping[str, Any]) -> str | None:
        if not is_in_ring(entry):
            return str(entry.get("token") or "") or None
        ring = self.ring()
        return ring.get_password(SERVICE, where) if ring is not None else None

    def _vendors(self, url: str) -> str | None:
        """The vendor keys by name alone, so what it keeps is for the usual port only."""
        parts = urlsplit(url)
        if parts.port not in {None, _PORTS[parts.scheme]}:
            return None
        name = parts.hostname or ""
        return self._vendors_ring(name) or self._vendors_file(name)

    def _vendors_ring(self, name: str) -> str | None:
        ring = self.ring()
        if ring is None:
            return None
        for service in VENDOR_SERVICES:
            try:
                said = json.loads(ring.get_password(service, name) or "{}")
            except (ValueError, RecursionError):
                continue
            if isinstance(said, dict) and isinstance(said.get(VENDOR_FIELD), str):
                return str(said[VENDOR_FIELD]) or None
        return None

    def _vendors_file(self, name: str) -> str | None:
        """None too for a file that is not as the vendor writes it: it is not ours to judge."""
        if self.home is None:
            return None
        import yaml  # noqa: PLC0415 - only where nothing of ours was found

        try:
            with (self.home / ".aigne" / "doc-smith-connected.yaml").open("rb") as file:
                said = yaml.safe_load(file.read(MOST_BYTES))
        except (OSError, ValueError, RecursionError, yaml.YAMLError):
            return None
        entry = said.get(name) if isinstance(said, dict) else None
        secret = entry.get(VENDOR_FIELD) if isinstance(entry, dict) else None
        return secret if isinstance(secret, str) and secret else None

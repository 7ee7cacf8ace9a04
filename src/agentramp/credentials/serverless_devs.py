"""Named credentials as Serverless Devs (`s`) keeps them.

An alias is JSON in the variable ``<alias>_serverless_devs_key``, or an entry of ~/.s/access.yaml.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agentramp.credentials.cryptojs import PREFIX, decrypted
from agentramp.credentials.environment import SERVERLESS_DEVS, Held, keys
from agentramp.credentials.named import Named
from agentramp.errors import UsageError

SUFFIX: Final = "_serverless_devs_key"
MOST_BYTES: Final = 1024 * 1024
_DEFAULT: Final = "__default"
_FIELDS: Final = (*SERVERLESS_DEVS.parts, "AccountID")


def from_variable(alias: str, environ: Mapping[str, str]) -> Named | None:
    """Raises UsageError, without a value in it, for what is no JSON of an access key."""
    variable = alias + SUFFIX
    text = environ.get(variable)
    return named_by(text, alias, f"the variable {variable}") if text else None


def named_by(text: str | bytes, alias: str, where: str) -> Named:
    """The access key in JSON as `s` writes it; raises UsageError."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise UsageError(f"{where} is no JSON object", advice=_FORM)
    return _named(alias, {str(name): value for name, value in said.items()}, where)


_FORM: Final = 'it looks like {"AccountID": "…", "AccessKeyID": "…", "AccessKeySecret": "…"}'


def variables(environ: Mapping[str, str]) -> list[str]:
    """The aliases that stand in the environment."""
    return sorted(name.removesuffix(SUFFIX) for name in environ if name.endswith(SUFFIX))


def _named(alias: str, said: Mapping[str, Any], where: str) -> Named:
    texts = {name: str(said[name]) for name in _FIELDS if said.get(name)}
    key = keys(SERVERLESS_DEVS, texts, where)
    if key is None:
        raise UsageError(
            f"{where} holds no AccessKeyID",
            advice="it may be for another cloud; name one for Alibaba Cloud",
        )
    return Named(Held(f"{alias} of {where}", key), texts.get("AccountID"))


@dataclass(frozen=True)
class AccessFile:
    """~/.s/access.yaml, which is never written here."""

    path: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "AccessFile | None":
        home = environ.get("serverless_devs_config_home") or environ.get("HOME")
        return cls(Path(home) / ".s" / "access.yaml") if home else None

    def aliases(self) -> Mapping[str, Mapping[str, Any]]:
        """Empty where there is no file; raises UsageError for one that cannot be used."""
        import yaml  # noqa: PLC0415 - only where there may be such a file

        try:
            with self.path.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
            found = yaml.safe_load(content) if len(content) <= MOST_BYTES else None
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
            raise self._unusable(type(error).__name__) from None
        if found is None and not content.strip():
            return {}
        if not isinstance(found, dict):
            raise self._unusable("it is no mapping of aliases")
        return {str(name): said for name, said in found.items() if isinstance(said, dict)}

    def get(self, alias: str) -> Named | None:
        said = self.aliases().get(alias)
        if said is None:
            return None
        plain = {name: self._plain(alias, said[name]) for name in _FIELDS if said.get(name)}
        return _named(alias, plain, str(self.path))

    def default(self) -> Named | None:
        """The alias that `s config default` chose, or the one called default."""
        found = self.aliases()
        for alias, said in found.items():
            if said.get(_DEFAULT) and self._plain(alias, said[_DEFAULT]) == "true":
                return self.get(alias)
        return self.get("default")

    def _plain(self, alias: str, value: object) -> str:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if not text.startswith(PREFIX):
            return text
        try:
            return decrypted(text)
        except ValueError:
            raise self._unusable(f"{alias} is damaged, or not as `s` writes it") from None

    def _unusable(self, why: str) -> UsageError:
        return UsageError(
            f"{self.path} cannot be used: {why}",
            advice="write the alias anew with `s config add`, or with agentramp access add",
        )

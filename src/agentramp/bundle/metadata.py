"""``blocklet.yml``: what the server reads of a component.

It is written as JSON, which is YAML too and which every reader of YAML takes for the same.
"""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import yaml

from agentramp.bundle.recipe import Engine, Recipe
from agentramp.bundle.version import parse
from agentramp.component import Identity
from agentramp.errors import UsageError
from agentramp.package.errors import BuildError

FILE: Final = "blocklet.yml"
ENTRY: Final = "blocklet.js"
"""The file that a server starts with Node.js."""
LOGO: Final = "logo.png"
LONGEST_TITLE: Final = 40
SHORTEST_DESCRIPTION, LONGEST_DESCRIPTION = 3, 160
OF_IDENTITY: Final = ("name", "did", "version")
_LONGEST_DID: Final = 64
_AGENT_RUNTIME: Final = "z2qa6yt75HHQL3cS4ao7j2aqVodExoBAN7xeS"
"""The name that stores know the runtime for agents by."""
_WEB: Final = {
    "type": "web",
    "name": "publicUrl",
    "path": "/",
    "prefix": "*",
    "port": "BLOCKLET_PORT",
    "protocol": "tcp",
}


class MetadataError(UsageError):
    """A ``blocklet.yml`` that is none."""


@dataclass(frozen=True)
class Metadata:
    """``rest`` is what it says beside identity and version, always written the same way."""

    identity: Identity
    version: str
    rest: bytes


def written(recipe: Recipe, identity: Identity, version: str, own: bytes | None) -> bytes:
    """The file's content; ``own`` is the one that lies in the folder, which is built upon."""
    document = {
        "name": identity.name,
        "did": identity.did,
        "version": version,
        "title": _clipped(title(recipe), LONGEST_TITLE),
        "description": _description(recipe),
        **_started_by(recipe),
    }
    return _json(_defaults(recipe.engine) | _own(own, recipe) | document, indent=2) + b"\n"


def title(recipe: Recipe) -> str:
    """It says nothing of the identity: a canary shows what the component itself shows."""
    return _plain(recipe.title) or "Agent"


def read(content: bytes) -> Metadata:
    """Raises MetadataError where it is none, or says nothing of identity or version."""
    document = _mapping(content)
    texts = {key: document.get(key) for key in OF_IDENTITY}
    for key, value in texts.items():
        if not isinstance(value, str) or not value:
            raise MetadataError(f"{FILE} has no {key}", advice=_ANEW)
    identity = Identity(str(texts["name"]), str(texts["did"]))
    check_did(identity.did)
    version = str(parse(str(texts["version"])))
    rest = {key: value for key, value in document.items() if key not in OF_IDENTITY}
    return Metadata(identity, version, _json(rest, sort_keys=True))


def renamed(content: bytes, identity: Identity, version: str) -> bytes:
    """The same file of another identity or version."""
    said = {"name": identity.name, "did": identity.did, "version": version}
    return _json(_mapping(content) | said, indent=2) + b"\n"


def check_did(did: str) -> None:
    """Raises UsageError where it cannot be one at all: it is to be the name of a file."""
    if not (did.isascii() and did.isalnum() and len(did) <= _LONGEST_DID):
        raise UsageError(
            f"{did!r} is no decentralized identifier",
            advice="write it as it was made: letters and digits, beginning with z2qa",
        )


def _started_by(recipe: Recipe) -> dict[str, object]:
    if recipe.engine is Engine.NODE:
        return {"main": ENTRY, "group": "dapp", "engine": {"interpreter": "node", "args": []}}
    source = {"store": recipe.store, "name": _AGENT_RUNTIME, "version": "latest"}
    return {"main": "agent", "engine": {"interpreter": "blocklet", "source": source, "args": []}}


def _defaults(engine: Engine) -> dict[str, object]:
    files = ["agent/", LOGO, FILE, "blocklet.md"] if engine is Engine.AIGNE else []
    return {
        "files": files,
        "logo": LOGO,
        "specVersion": "1.2.8",
        "interfaces": [_WEB],
        "environments": [],
        "timeout": {"start": 60},
        "requirements": {"server": ">=1.7.0", "os": "*", "cpu": "*", "nodejs": "*"},
        "capabilities": {"clusterMode": False, "component": True, "navigation": True},
        "components": [],
    }


def _own(content: bytes | None, recipe: Recipe) -> dict[str, object]:
    if content is None:
        return {}
    try:
        document = _mapping(content)
    except MetadataError as error:
        raise BuildError(f"{recipe.root / FILE}: {error.message}", advice=error.advice) from error
    group = document.get("group", "dapp")
    if group != "dapp":
        raise BuildError(
            f"{recipe.root / FILE} says group: {group}, which Node.js does not start",
            advice="say group: dapp, or leave the line out",
        )
    return document


def _mapping(content: bytes) -> dict[str, object]:
    try:
        document = yaml.safe_load(content.decode("utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        why = " ".join(str(error).split())
        raise MetadataError(f"{FILE} is not YAML: {why}", advice="mend the file") from error
    if not isinstance(document, dict):
        raise MetadataError(f"{FILE} holds no mapping", advice="write keys and values, as name: x")
    return {str(key): value for key, value in document.items()}


def _description(recipe: Recipe) -> str:
    text = _plain(recipe.description)
    if len(text) < SHORTEST_DESCRIPTION:
        text = f"{title(recipe)}, installed by agentramp"
    return text if len(text) <= LONGEST_DESCRIPTION else f"{text[: LONGEST_DESCRIPTION - 1]}…"


def _clipped(text: str, width: int) -> str:
    """As much of it as the server lets stand: a wide sign takes two places."""
    kept, taken = "", 0
    for sign in _plain(text):
        taken += 2 if unicodedata.east_asian_width(sign) in "WFA" else 1
        if taken > width:
            break
        kept += sign
    return kept.rstrip()


def _plain(text: str) -> str:
    """One line, without signs that YAML does not know."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def _json(document: Mapping[str, object], *, indent: int | None = None, **how: bool) -> bytes:
    text = json.dumps(document, ensure_ascii=False, default=str, indent=indent, **how)  # type: ignore[arg-type]
    return text.encode()


_ANEW: Final = "usual cause: another tool made it; build the bundle again"

"""What a Blocklet Server is asked in GraphQL, and its answers as nouns.

A running component is replaced beside itself: ``status`` and ``greenStatus`` are the two places it
may run in, and each upgrade changes which of them does.
"""

from collections.abc import Mapping
from typing import Any, Final

from agentramp.component import Application, Component, Health
from agentramp.platform.blocklet.refusals import shown
from agentramp.platform.port import PlatformError

OBSERVE: Final = "getBlocklet"
OBSERVE_QUERY: Final = """query($did: String) {
  getBlocklet(input: {did: $did, attachRuntimeInfo: false}) { blocklet {
    meta { did title version } site { domainAliases }
    children { mountPoint status greenStatus meta { did name title version dist { integrity } } }
  } }
}"""

INSTALL: Final = "installComponent"
INSTALL_QUERY: Final = """mutation($file: Upload!, $rootDid: String, $mountPoint: String,
    $dist: BlockletDistInput) {
  installComponent(input: {file: $file, rootDid: $rootDid, mountPoint: $mountPoint, dist: $dist}) {
    code
  }
}"""

START: Final = "startBlocklet"
START_QUERY: Final = """mutation($did: String, $components: [String!]) {
  startBlocklet(input: {did: $did, componentDids: $components}) { code }
}"""

MOVE: Final = "updateComponentMountPoint"
MOVE_QUERY: Final = """mutation($did: String, $rootDid: String, $mountPoint: String) {
  updateComponentMountPoint(input: {did: $did, rootDid: $rootDid, mountPoint: $mountPoint}) { code }
}"""

REMOVE: Final = "deleteComponent"
REMOVE_QUERY: Final = """mutation($did: String, $rootDid: String) {
  deleteComponent(input: {did: $did, rootDid: $rootDid, keepData: true}) { code }
}"""

_CHANGING: Final = frozenset(
    {"added", "downloading", "downloaded", "installing", "installed", "starting", "stopping"}
    | {"upgrading", "restarting", "waiting"}
)
_WORDS: Final = (
    (Health.CHANGING, _CHANGING),
    (Health.RUNNING, frozenset({"running"})),
    # A place that was never used is stopped: what broke in the other one tells more.
    (Health.BROKEN, frozenset({"error", "corrupted", "unknown", "deleted"})),
    (Health.STOPPED, frozenset({"stopped"})),
)
_TWICE: Final = "running twice"
_VENDOR_DOMAIN: Final = ".did.abtnet.io"
_BY_ADDRESS: Final = ".ip.abtnet.io"


def application(did: str, answer: Mapping[str, Any], page: str) -> Application:
    """``page`` is where its users reach it, if that is none of the addresses the server knows."""
    found = _mapping(answer, "blocklet")
    meta = _mapping(found, "meta")
    children = found.get("children") or []
    if not isinstance(children, list):
        raise _unread("children")
    return Application(
        did=did,
        name=_text(meta, "title"),
        url=page or _url(found),
        version=_text(meta, "version"),
        components=tuple(_component(child) for child in children if isinstance(child, dict)),
    )


def _component(child: Mapping[str, Any]) -> Component:
    meta = _mapping(child, "meta")
    dist = meta.get("dist")
    did, name = _text(meta, "did"), _text(meta, "name")
    places = {key: shown(str(child.get(key) or "")) for key in ("status", "greenStatus")}
    running = [key for key, word in places.items() if word == "running"]
    doubled = len(running) == len(places)
    health, status = (Health.BROKEN, _TWICE) if doubled else _stands(list(places.values()))
    return Component(
        did=did,
        # The vendor's own bundler writes the DID for the name, and keeps the name as the title.
        name=_text(meta, "title") or name if name == did else name,
        version=_text(meta, "version"),
        mount_point=_text(child, "mountPoint"),
        health=health,
        status=status,
        integrity=_text(dist, "integrity") if isinstance(dist, dict) else "",
        side="" if doubled else next(iter(running), ""),
        doubled=doubled,
    )


def _stands(places: list[str]) -> tuple[Health, str]:
    """How it stands by the words of its places, and the word that tells so."""
    for health, words in _WORDS:
        for place in places:
            if place in words:
                return health, place
    return Health.BROKEN, places[0]


def _url(found: Mapping[str, Any]) -> str:
    """By its own domain where it has one, else by the vendor's; '' where the server names none."""
    site = found.get("site")
    aliases = site.get("domainAliases") if isinstance(site, dict) else None
    entries = [one for one in aliases or [] if isinstance(one, dict)]
    own = [one for one in entries if not one.get("isProtected")]
    named = [str(one.get("value") or "") for one in own + entries]
    useful = [name for name in named if name and "*" not in name and not name.endswith(_BY_ADDRESS)]
    useful.sort(key=lambda name: name.endswith(_VENDOR_DOMAIN))
    return f"https://{useful[0]}" if useful else ""


def _mapping(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = holder.get(key)
    if not isinstance(value, dict):
        raise _unread(key)
    return value


def _text(holder: Mapping[str, Any], key: str) -> str:
    value = holder.get(key)
    return shown(value) if isinstance(value, str) else ""


def _unread(key: str) -> PlatformError:
    return PlatformError(
        f"the server's answer about the application has no {key}",
        advice="usual cause: another version of Blocklet Server; 1.17 is known to work",
    )

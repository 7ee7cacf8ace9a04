"""What goes together in ``workspace`` and ``customDomain``."""

from collections.abc import Iterator
from typing import Final

from agentramp.config.paths import fault
from agentramp.config.tree import Mapping, Step
from agentramp.diagnostics import Diagnostic

AUTO: Final = "auto"
_ENCRYPTED: Final = ("HTTPS", "HTTP,HTTPS")
_NEW: Final = ("description", "resourceGroupId")


def workspace_faults(tree: Mapping, agent: Mapping, path: tuple[Step, ...]) -> Iterator[Diagnostic]:
    workspace = agent.mapping("workspace")
    if workspace is None or not list(workspace.present()):
        return
    path = (*path, "workspace")
    has_id, has_name = (workspace.get(key) is not None for key in ("id", "name"))
    if has_id and has_name:
        message = "stands beside name; a workspace is named by one of them: remove the other"
        yield fault(tree, (*path, "id"), message, "exclusive")
    if not has_id and not has_name:
        yield fault(tree, path, "id or name is required: nothing says which workspace", "required")
    for key in _NEW:
        if has_id and not has_name and workspace.get(key) is not None:
            message = "goes with name: it is for a workspace that is made where the name is missing"
            yield fault(tree, (*path, key), message, "exclusive")


def domain_faults(tree: Mapping, agent: Mapping, path: tuple[Step, ...]) -> Iterator[Diagnostic]:
    domain = agent.mapping("customDomain")
    if domain is None:
        return
    path = (*path, "customDomain")
    protocol = domain.text("protocol") or ""
    is_auto = domain.text("domainName") == AUTO
    if protocol in _ENCRYPTED and domain.get("certConfig") is None and not is_auto:
        message = f"{protocol} needs certConfig beside it: the certificate of the domain"
        yield fault(tree, (*path, "protocol"), message, "requires")
    if domain.get("certConfig") is not None and protocol == "HTTP":
        message = "is of no use with protocol: HTTP; write HTTPS or HTTP,HTTPS, or remove it"
        yield fault(tree, (*path, "certConfig"), message, "exclusive")
    yield from _tls(tree, domain, (*path, "tlsConfig"))
    yield from _login(tree, domain, (*path, "authConfig"))


def _tls(tree: Mapping, domain: Mapping, path: tuple[Step, ...]) -> Iterator[Diagnostic]:
    tls = domain.mapping("tlsConfig")
    low, high = (tls.text("minVersion"), tls.text("maxVersion")) if tls else (None, None)
    if low and high and low > high:
        yield fault(tree, (*path, "minVersion"), "is above maxVersion; swap the two", "range")


def _login(tree: Mapping, domain: Mapping, path: tuple[Step, ...]) -> Iterator[Diagnostic]:
    auth = domain.mapping("authConfig")
    if auth and auth.text("authType") == "jwt" and auth.get("authInfo") is None:
        message = "jwt needs authInfo beside it: the keys that tokens are checked with"
        yield fault(tree, (*path, "authType"), message, "requires")

"""Checked tree → workspace and custom domain, typed."""

from collections.abc import Iterator

from agentramp.config.tree import Mapping, Node, Sequence, scalar
from agentramp.model import Certificate, CustomDomain, DomainRoute, Workspace


def workspace_of(agent: Mapping) -> Workspace | None:
    found = agent.mapping("workspace")
    if found is None:
        return None
    return Workspace(
        name=found.text("name") or "",
        id=found.text("id") or "",
        description=found.text("description"),
        resource_group=found.text("resourceGroupId"),
    )


def domain_of(agent: Mapping) -> CustomDomain | None:
    found = agent.mapping("customDomain")
    if found is None:
        return None
    nothing = Mapping(found.position)
    tls = found.mapping("tlsConfig") or nothing
    auth = found.mapping("authConfig") or nothing
    firewall = found.mapping("wafConfig") or nothing
    return CustomDomain(
        name=found.text("domainName") or "",
        protocol=found.text("protocol") or CustomDomain.protocol,
        routes=tuple(_routes(found.get("route"))),
        certificate=_certificate(found.mapping("certConfig")),
        tls_min_version=tls.text("minVersion"),
        tls_max_version=tls.text("maxVersion"),
        tls_ciphers=tls.texts("cipherSuites"),
        auth_type=auth.text("authType"),
        auth_info=auth.text("authInfo"),
        firewall=firewall.flag("enableWAF"),
    )


def _routes(node: Node | None) -> Iterator[DomainRoute]:
    items = node.items if isinstance(node, Sequence) else (node,)
    for item in items:
        if isinstance(item, Mapping):
            qualifier = scalar(item.get("qualifier"))
            yield DomainRoute(
                path=item.text("path") or "/*",
                qualifier=None if qualifier is None else str(qualifier),
                methods=item.texts("methods"),
            )


def _certificate(found: Mapping | None) -> Certificate | None:
    if found is None:
        return None
    return Certificate(
        name=found.text("certName") or "",
        chain=found.text("certificate") or "",
        private_key=found.text("privateKey") or "",
    )

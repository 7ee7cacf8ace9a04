"""Between our nouns and Function Compute's JSON, API version 2023-03-30.

Source of the fields: the vendor's official client for that version. What our nouns do not say is
kept from what was read: no source tells whether a PUT keeps what it does not name.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeAlias

from agentramp.masks import is_hidden
from agentramp.model import (
    LATEST,
    Certificate,
    CustomDomain,
    DomainRoute,
    LogStore,
)
from agentramp.platform.functions import Instance
from agentramp.platform.port import PlatformError

Json: TypeAlias = Mapping[str, Any]

PREFIX = "agentrun-"
"""A runtime is the function with this and the runtime's id as its name."""

_HEAD = "0"
"""The version of an instance of the head, as the platform writes it."""
_WITHOUT_INFO = frozenset({"anonymous", "function"})
"""Ways to let callers in that have no words of their own."""
_CHANGEABLE = (
    "authConfig",
    "certConfig",
    "corsConfig",
    "protocol",
    "routeConfig",
    "tlsConfig",
    "wafConfig",
)


def function_name(runtime_id: str) -> str:
    return f"{PREFIX}{runtime_id}"


def decode_instance(data: Json) -> Instance:
    version = str(data.get("versionId") or data.get("qualifier") or LATEST)
    try:
        return Instance(
            id=data["instanceId"],
            version=LATEST if version == _HEAD else version,
            status=str(data.get("status") or ""),
            created_at=float(data.get("createdTimeMs") or 0) / 1000,
            qualifier=str(data.get("qualifier") or ""),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PlatformError(
            "an instance is listed without its id or its time",
            advice="the API may have changed: look for a newer agentramp",
        ) from error


def decode_log_store(data: Json) -> LogStore | None:
    told = data.get("logConfig") or {}
    project, store = told.get("project"), told.get("logstore")
    return LogStore(project, store) if project and store else None


def decode_domain(data: Json) -> tuple[CustomDomain, tuple[str, ...]]:
    """The domain, and the runtimes its routes lead to; another function goes by its own name."""
    routes = (data.get("routeConfig") or {}).get("routes") or []
    leads_to = (str(route.get("functionName") or "").removeprefix(PREFIX) for route in routes)
    tls, auth = data.get("tlsConfig") or {}, data.get("authConfig") or {}
    domain = CustomDomain(
        name=data["domainName"],
        protocol=data.get("protocol") or "HTTP",
        routes=tuple(_route(route) for route in routes),
        certificate=_certificate(data.get("certConfig") or {}),
        tls_min_version=tls.get("minVersion") or None,
        tls_max_version=tls.get("maxVersion") or None,
        tls_ciphers=tuple(tls.get("cipherSuites") or ()),
        auth_type=auth.get("authType") or None,
        auth_info=auth.get("authInfo") or None,
        firewall=(data.get("wafConfig") or {}).get("enableWAF"),
    )
    return domain, tuple(dict.fromkeys(leads_to))


def _route(data: Json) -> DomainRoute:
    return DomainRoute(
        path=data["path"],
        qualifier=data.get("qualifier") or None,
        methods=tuple(data.get("methods") or ()),
    )


def _certificate(data: Json) -> Certificate | None:
    if not data.get("certName"):
        return None
    return Certificate(
        data["certName"], data.get("certificate") or "", data.get("privateKey") or ""
    )


def encode_domain(domain: CustomDomain, function: str, read: Json | None = None) -> dict[str, Any]:
    """What to send; ``read`` is what the platform has."""
    kept = _kept(read or {})
    body = kept | {"protocol": domain.protocol}
    if domain.routes or read is None:
        body["routeConfig"] = {"routes": [_encode_route(one, function) for one in _all(domain)]}
    if domain.certificate:
        body["certConfig"] = {
            "certName": domain.certificate.name,
            "certificate": domain.certificate.chain,
            "privateKey": domain.certificate.private_key,
        }
    tls = _said(
        cipherSuites=list(domain.tls_ciphers) or None,
        maxVersion=domain.tls_max_version,
        minVersion=domain.tls_min_version,
    )
    auth = _said(authInfo=domain.auth_info, authType=domain.auth_type)
    if auth == {"authType": ((read or {}).get("authConfig") or {}).get("authType")}:
        auth = {}  # it is so already; alone it could take the place of its words
    for name, said in (
        ("tlsConfig", tls),
        ("authConfig", auth),
        ("wafConfig", _said(enableWAF=domain.firewall)),
    ):
        if said:
            body[name] = {**kept.get(name, {}), **said}
    return body


def _kept(read: Json) -> dict[str, Any]:
    """What is sent back as it was read.

    A platform may keep secrets to itself: without them, or with a mask for them, half of a
    certificate or of what lets callers in would take the place of the whole.
    """
    kept = {name: value for name, value in read.items() if name in _CHANGEABLE and value}
    certificate, auth = kept.get("certConfig") or {}, kept.get("authConfig") or {}
    if is_hidden(certificate.get("privateKey")):
        kept.pop("certConfig", None)
    if is_hidden(auth.get("authInfo")) and auth.get("authType") not in _WITHOUT_INFO:
        kept.pop("authConfig", None)
    return kept


def lost(wanted: CustomDomain, before: CustomDomain, after: CustomDomain) -> list[str]:
    """The fields that ``before`` had and ``after`` has not, though ``wanted`` leaves them be."""
    certificates = [one.certificate and one.certificate.name for one in (wanted, before, after)]
    kinds = [one.auth_type for one in (wanted, before, after)]
    return [
        name
        for name, (asked, had, has) in (("certificate", certificates), ("auth_type", kinds))
        if had and not asked and has != had
    ]


def _all(domain: CustomDomain) -> tuple[DomainRoute, ...]:
    return domain.routes or (DomainRoute("/*"),)


def _encode_route(route: DomainRoute, function: str) -> dict[str, Any]:
    methods = list(route.methods) or None
    said = _said(path=route.path, qualifier=route.qualifier, methods=methods)
    return {**said, "functionName": function}


def _said(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def unsaid(wanted: CustomDomain, found: CustomDomain) -> list[str]:
    """The fields of ``wanted`` that ``found`` does not have; None and nothing ask for nothing."""
    told = (one.name for one in fields(wanted))
    return [
        name
        for name in told
        if (value := getattr(wanted, name)) not in {None, ()}
        and value != getattr(_comparable(found, wanted), name)
    ]


def _comparable(found: CustomDomain, wanted: CustomDomain) -> CustomDomain:
    """A private key, and what lets callers in, may never be shown again: then they are believed."""
    kept, asked = found.certificate, wanted.certificate
    if kept and asked and kept.name == asked.name and is_hidden(kept.private_key):
        chain = asked.chain if is_hidden(kept.chain) else kept.chain
        kept = replace(kept, chain=chain, private_key=asked.private_key)
    info = wanted.auth_info if is_hidden(found.auth_info) else found.auth_info
    return replace(found, certificate=kept, auth_info=info)

"""Checked tree → typed Config. Every field was checked before; here each finds its place."""

from dataclasses import replace
from pathlib import Path

from agentramp.config.domain import domain_of, workspace_of
from agentramp.config.domain_rules import AUTO
from agentramp.config.endpoint_rules import PERCENT
from agentramp.config.open_values import open_values
from agentramp.config.order import Order
from agentramp.config.resources import agentrun_resources
from agentramp.config.settings import Config, EndpointConfig, RuntimeConfig
from agentramp.config.tree import Entry, Mapping, Node, scalar
from agentramp.model import (
    LATEST,
    Code,
    Container,
    HealthCheck,
    LogStore,
    Nas,
    NasMount,
    Network,
    NetworkMode,
    OssMount,
    OssObject,
    RegistryAccess,
    RuntimeSpec,
    Tracing,
    Variables,
    VersionRef,
)


def build(tree: Mapping, file: str, root: Path, order: Order) -> Config:
    unmanaged = tuple(key for key in ("actions", "flow") if tree.get(key) is not None)
    runtimes = {
        entry.key: _runtime(entry, root, unmanaged, order.needs[entry.key])
        for entry in agentrun_resources(tree)
    }
    return Config(file, root, tuple(runtimes[key] for key in order.ids), tree.text("access"))


def _runtime(
    entry: Entry, root: Path, unmanaged: tuple[str, ...], needs: tuple[str, ...]
) -> RuntimeConfig:
    resource = _narrowed(entry.value)
    props = _narrowed(resource.get("props"))
    agent = _narrowed(props.get("agent"))
    code = agent.mapping("code")
    src = code.text("src") if code else None
    waiting = open_values(entry)
    return RuntimeConfig(
        resource=entry.key,
        region=props.text("region") or "",
        source=None if src is None else root / src,
        spec=_spec(agent),
        endpoints=tuple(_endpoint(_narrowed(item)) for item in agent.items("endpoints")),
        unmanaged=tuple(dict.fromkeys((*unmanaged, *_unmanaged(resource, agent)))),
        position=entry.position,
        workspace=workspace_of(agent),
        domain=domain_of(agent),
        automatic_logs=agent.text("logConfig") is not None,
        needs=needs,
        pending=bool(waiting),
        open_values=waiting,
    )


def _narrowed(node: Node | None) -> Mapping:
    """Hold what the schema has found to be a mapping."""
    if not isinstance(node, Mapping):
        raise TypeError(f"the schema let {type(node).__name__} pass for a mapping")
    return node


def _unmanaged(resource: Mapping, agent: Mapping) -> tuple[str, ...]:
    found = ["actions"] if resource.get("actions") is not None else []
    domain = agent.mapping("customDomain")
    if domain and domain.text("domainName") == AUTO:
        found.append("customDomain.domainName: auto")
    return tuple(found)


def _endpoint(item: Mapping) -> EndpointConfig:
    share = item.number("weight")
    return EndpointConfig(
        name=item.text("name") or "",
        version=_version(item),
        weight=None if share is None else round(share * PERCENT),
        description=item.text("description"),
    )


def _version(item: Mapping) -> VersionRef | None:
    text = item.text("version")
    if text is not None:
        return LATEST if text == LATEST else int(text)
    return item.whole("version")


def _spec(agent: Mapping) -> RuntimeSpec:
    given = RuntimeSpec(name=agent.text("name") or "")
    isolation, no_affinity = (
        agent.flag("enableSessionIsolation"),
        agent.flag("disableSessionAffinity"),
    )
    protocol, workspace = agent.mapping("protocolConfiguration"), agent.mapping("workspace")
    cpu, memory, port = agent.number("cpu"), agent.whole("memory"), agent.whole("port")
    return replace(
        given,
        code=_code(agent.mapping("code")),
        container=_container(agent.mapping("customContainerConfig")),
        description=agent.text("description"),
        cpu=given.cpu if cpu is None else cpu,
        memory=given.memory if memory is None else memory,
        disk_size=agent.whole("diskSize"),
        port=given.port if port is None else port,
        instance_concurrency=agent.whole("instanceConcurrency"),
        session_idle_timeout=agent.whole("sessionIdleTimeoutSeconds"),
        session_isolation=isolation,
        session_affinity=None if no_affinity is None else not no_affinity,
        network=_network(agent),
        environment=_environment(agent.mapping("environmentVariables")),
        role=agent.text("role"),
        credential_name=agent.text("credentialName"),
        log_store=_log_store(agent.mapping("logConfig")),
        workspace_id=workspace.text("id") if workspace else None,
        protocol=protocol.text("type") if protocol else None,
        health_check=_health(agent.mapping("healthCheckConfiguration")),
        nas=_nas(agent.mapping("nasConfig")),
        oss_mounts=_oss(agent.mapping("ossMountConfig")),
        tracing=_tracing(agent.mapping("armsConfiguration")),
    )


def _code(code: Mapping | None) -> Code | None:
    if code is None:
        return None
    bucket, key = code.text("ossBucketName"), code.text("ossObjectName")
    return Code(
        language=code.text("language") or "",
        command=code.texts("command"),
        checksum=code.text("checksum"),
        oss=OssObject(bucket, key) if bucket and key else None,
    )


def _container(container: Mapping | None) -> Container | None:
    if container is None:
        return None
    return Container(
        image=container.text("image") or "",
        command=container.texts("command"),
        port=container.whole("port"),
        registry_type=container.text("imageRegistryType"),
        acr_instance_id=container.text("acrInstanceId"),
        registry=_registry(container.mapping("registryConfig")),
    )


def _registry(registry: Mapping | None) -> RegistryAccess | None:
    if registry is None:
        return None
    login = registry.mapping("authConfig") or _empty(registry)
    certificate = registry.mapping("certConfig") or _empty(registry)
    network = registry.mapping("networkConfig") or _empty(registry)
    return RegistryAccess(
        user_name=login.text("userName"),
        password=login.text("password"),
        insecure=certificate.flag("insecure"),
        root_ca_base64=certificate.text("rootCaCertBase64"),
        vpc_id=network.text("vpcId"),
        vswitch_id=network.text("vSwitchId"),
        security_group_id=network.text("securityGroupId"),
    )


def _empty(beside: Mapping) -> Mapping:
    return Mapping(beside.position)


def _network(agent: Mapping) -> Network:
    is_public = agent.flag("internetAccess") is not False
    vpc = agent.mapping("vpcConfig")
    if vpc is None:
        return Network(NetworkMode.PUBLIC if is_public else NetworkMode.PRIVATE)
    one_switch = vpc.text("vSwitchIds")
    return Network(
        mode=NetworkMode.PUBLIC_AND_PRIVATE if is_public else NetworkMode.PRIVATE,
        vpc_id=vpc.text("vpcId"),
        vswitch_ids=(one_switch,) if one_switch else vpc.texts("vSwitchIds"),
        security_group_id=vpc.text("securityGroupId"),
    )


def _environment(variables: Mapping | None) -> Variables:
    if variables is None:
        return ()
    return tuple(sorted((entry.key, str(scalar(entry.value))) for entry in variables.present()))


def _log_store(log: Mapping | None) -> LogStore | None:
    if log is None:
        return None
    return LogStore(log.text("project") or "", log.text("logstore") or "")


def _health(health: Mapping | None) -> HealthCheck | None:
    if health is None:
        return None
    return HealthCheck(
        path=health.text("httpGetUrl"),
        initial_delay=health.whole("initialDelaySeconds"),
        period=health.whole("periodSeconds"),
        timeout=health.whole("timeoutSeconds"),
        failure_threshold=health.whole("failureThreshold"),
        success_threshold=health.whole("successThreshold"),
    )


def _nas(nas: Mapping | None) -> Nas | None:
    if nas is None:
        return None
    points = (_narrowed(item) for item in nas.items("mountPoints"))
    mounts = tuple(
        NasMount(
            point.text("serverAddr") or "", point.text("mountDir") or "", point.flag("enableTLS")
        )
        for point in points
    )
    return Nas(mounts, nas.whole("userId"), nas.whole("groupId"))


def _oss(oss: Mapping | None) -> tuple[OssMount, ...]:
    points = (_narrowed(item) for item in (oss.items("mountPoints") if oss else ()))
    return tuple(
        OssMount(
            bucket=point.text("bucketName") or "",
            directory=point.text("mountDir") or "",
            path=point.text("bucketPath"),
            endpoint=point.text("endpoint"),
            read_only=point.flag("readOnly"),
        )
        for point in points
    )


def _tracing(arms: Mapping | None) -> Tracing | None:
    if arms is None:
        return None
    return Tracing(arms.flag("enableArms"), arms.text("armsLicenseKey"), arms.text("cmsWorkspace"))

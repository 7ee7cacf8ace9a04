"""A runtime that is there already → the s.yaml that asks for it. The way back of ``spec``.

No secret is written: what looks like one, or could be taken for an expression, stands as
``${env('NAME')}``, and its name is told.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from agentramp.config.cleartext import is_secret_name, looks_like_secret, name_words
from agentramp.model import (
    Code,
    Container,
    Endpoint,
    HealthCheck,
    LogStore,
    Nas,
    Network,
    NetworkMode,
    OssMount,
    RegistryAccess,
    RuntimeSpec,
    Tracing,
)

Value: TypeAlias = "str | float | bool | Sequence[Value] | Mapping[str, Value] | None"

FOLDER: Final = "./code"
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_WORDS_OF_YAML: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_NOT_PRINTED: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_COMMENT: Final = "#"


@dataclass(frozen=True)
class Written:
    """``variables`` are the names of the environment that the text refers to, in its order."""

    text: str
    variables: tuple[str, ...]


def s_yaml(spec: RuntimeSpec, region: str, endpoints: Sequence[Endpoint] = ()) -> Written:
    """What is not said of a runtime is left out; an endpoint amid a trial too, and that is told."""
    kept = _Kept()
    agent = {
        key: kept.out_of(key, value, exact=key == "environmentVariables")
        for key, value in _agent(spec, endpoints).items()
    }
    props: Value = {"region": region, "agent": agent}
    tree: Value = {
        "edition": "3.0.0",
        "name": spec.name,
        "access": "default",
        "resources": {spec.name: {"component": "agentrun", "props": props}},
    }
    text = "\n".join(_block(tree, 0)) + "\n"
    return Written(text.replace("resources:\n", "\nresources:\n", 1), tuple(kept.names))


@dataclass
class _Kept:
    """What must not stand in the file, by the name of its variable."""

    names: list[str] = field(default_factory=list)

    def out_of(self, name: str, value: Value, *, exact: bool) -> Value:
        """``value`` with expressions for what has to be kept out of it.

        The names of an agent's variables are kept ``exact``; a field's is written as one.
        """
        if name.startswith(_COMMENT):
            return value
        if isinstance(value, Mapping):
            return {key: self.out_of(key, one, exact=exact) for key, one in value.items()}
        if isinstance(value, str):
            return self._text(name, value, exact=exact)
        if isinstance(value, Sequence):
            return [self.out_of(name, one, exact=exact) for one in value]
        return value

    def _text(self, name: str, value: str, *, exact: bool) -> str:
        secret = is_secret_name(name) or looks_like_secret(value)
        if not value or not (secret or "${" in value):
            return value
        given = name if exact else "_".join(name_words(name)).upper()
        variable = self._unused(re.sub(r"\W", "_", given, flags=re.ASCII))
        return f"${{env('{variable}')}}"

    def _unused(self, name: str) -> str:
        name = name if re.match(r"[A-Za-z_]", name) else f"_{name}"
        while name in self.names:
            name += "_2"
        self.names.append(name)
        return name


def _agent(spec: RuntimeSpec, endpoints: Sequence[Endpoint]) -> Mapping[str, Value]:
    affinity = spec.session_affinity
    return {
        "name": spec.name,
        "description": spec.description,
        **_artifact(spec),
        "cpu": spec.cpu,
        "memory": spec.memory,
        "diskSize": spec.disk_size,
        "port": spec.port,
        "instanceConcurrency": spec.instance_concurrency,
        "sessionIdleTimeoutSeconds": spec.session_idle_timeout,
        "enableSessionIsolation": spec.session_isolation,
        "disableSessionAffinity": None if affinity is None else not affinity,
        **_network(spec.network),
        "nasConfig": _nas(spec.nas),
        "ossMountConfig": {"mountPoints": [_oss(one) for one in spec.oss_mounts]},
        "environmentVariables": dict(spec.environment),
        "role": spec.role,
        "credentialName": spec.credential_name,
        "logConfig": _log_store(spec.log_store),
        "protocolConfiguration": {"type": spec.protocol},
        "healthCheckConfiguration": _health(spec.health_check),
        "armsConfiguration": _tracing(spec.tracing),
        "workspace": {"id": spec.workspace_id},
        **_endpoints(endpoints),
    }


def _artifact(spec: RuntimeSpec) -> Mapping[str, Value]:
    if spec.container:
        return {"customContainerConfig": _container(spec.container)}
    return {"code": _code(spec.code) if spec.code else None}


def _code(code: Code) -> Mapping[str, Value]:
    said = {"language": code.language, "command": list(code.command)}
    if code.oss:
        return {"ossBucketName": code.oss.bucket, "ossObjectName": code.oss.key, **said}
    return {
        "#": f"The platform gives no code back: put what runs here into {FOLDER}.",
        "src": FOLDER,
        **said,
    }


def _container(container: Container) -> Mapping[str, Value]:
    return {
        "image": container.image,
        "command": list(container.command),
        "port": container.port,
        "imageRegistryType": container.registry_type,
        "acrInstanceId": container.acr_instance_id,
        "registryConfig": _registry(container.registry),
    }


def _registry(registry: RegistryAccess | None) -> Value:
    if registry is None:
        return None
    return {
        "authConfig": {
            "userName": registry.user_name,
            "password": registry.password,
        },
        "certConfig": {
            "insecure": registry.insecure,
            "rootCaCertBase64": registry.root_ca_base64,
        },
        "networkConfig": {
            "vpcId": registry.vpc_id,
            "vSwitchId": registry.vswitch_id,
            "securityGroupId": registry.security_group_id,
        },
    }


def _network(network: Network) -> Mapping[str, Value]:
    vpc = {
        "vpcId": network.vpc_id,
        "vSwitchIds": list(network.vswitch_ids),
        "securityGroupId": network.security_group_id,
    }
    return {
        "vpcConfig": vpc if network.vpc_id else None,
        "internetAccess": network.mode is not NetworkMode.PRIVATE,
    }


def _nas(nas: Nas | None) -> Value:
    if nas is None:
        return None
    points = [
        {"serverAddr": one.server, "mountDir": one.directory, "enableTLS": one.tls}
        for one in nas.mounts
    ]
    return {"userId": nas.user_id, "groupId": nas.group_id, "mountPoints": points}


def _oss(mount: OssMount) -> Mapping[str, Value]:
    return {
        "bucketName": mount.bucket,
        "mountDir": mount.directory,
        "bucketPath": mount.path,
        "endpoint": mount.endpoint,
        "readOnly": mount.read_only,
    }


def _health(health: HealthCheck | None) -> Value:
    if health is None:
        return None
    return {
        "httpGetUrl": health.path,
        "initialDelaySeconds": health.initial_delay,
        "periodSeconds": health.period,
        "timeoutSeconds": health.timeout,
        "failureThreshold": health.failure_threshold,
        "successThreshold": health.success_threshold,
    }


def _log_store(store: LogStore | None) -> Value:
    return {"project": store.project, "logstore": store.logstore} if store else None


def _tracing(tracing: Tracing | None) -> Value:
    if tracing is None:
        return None
    return {
        "enableArms": tracing.enabled,
        "armsLicenseKey": tracing.license_key,
        "cmsWorkspace": tracing.workspace,
    }


def _endpoints(endpoints: Sequence[Endpoint]) -> Mapping[str, Value]:
    """A split is a trial's, and a file that fixed it would end or undo the trial."""
    plain: list[Value] = [
        {"name": one.name, "version": one.split.stable, "description": one.description or None}
        for one in endpoints
        if not one.split.canaries
    ]
    said: dict[str, Value] = {}
    for number, one in enumerate(found for found in endpoints if found.split.canaries):
        said[f"#{number}"] = f"Endpoint {one.name} is left out, as it is split: {one.split}."
    if plain:
        said["#plain"] = "Where releases move the traffic, take this out: a deploy sets it back."
        said["endpoints"] = plain
    return said


def _block(value: Value, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not _is_nothing(item):
                yield from _entry(key, item, depth)


def _entry(key: str, item: Value, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if key.startswith(_COMMENT):
        yield f"{indent}# {' '.join(str(item).split())}"
    elif isinstance(item, Mapping):
        yield f"{indent}{_text(key)}:"
        yield from _block(item, depth + 1)
    elif isinstance(item, Sequence) and not isinstance(item, str):
        yield f"{indent}{_text(key)}:"
        for one in item:
            yield from _item(one, depth + 1)
    else:
        yield f"{indent}{_text(key)}: {_scalar(item)}"


def _item(item: Value, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if not isinstance(item, Mapping):
        yield f"{indent}- {_scalar(item)}"
        return
    for number, line in enumerate(_block(item, depth + 1)):
        yield f"{indent}- {line.lstrip()}" if number == 0 else line


def _is_nothing(item: Value) -> bool:
    """A mapping of nothing is left out as what is not said; an empty text is said."""
    if isinstance(item, Mapping):
        return all(_is_nothing(one) for one in item.values())
    return item is None or (isinstance(item, Sequence) and not isinstance(item, str) and not item)


def _scalar(item: Value) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, int | float):
        return str(item).removesuffix(".0")
    return str(item) if str(item).startswith("${env('") else _text(str(item))


def _text(text: str) -> str:
    """Without quotes only what no reader takes for something else than a text."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _NOT_PRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)

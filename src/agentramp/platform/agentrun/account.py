"""What a runtime stands on in the account: roles (RAM), vSwitches (VPC), security groups (ECS).

Source: the vendor's own clients alibabacloud-ram20150501, -vpc20160428 and -ecs20140526.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from agentramp.platform.agentrun.rpc import RpcError, RpcService
from agentramp.platform.agentrun.services import Services
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.calls import Tell, untold

RAM, VPC, ECS = "2015-05-01", "2016-04-28", "2014-05-26"
_NO_ROLE: Final = "EntityNotExist.Role"
_ASSUME: Final = frozenset({"sts:AssumeRole", "sts:*", "*"})


@dataclass(frozen=True)
class Account:
    """``now`` is seconds since 1970-01-01 UTC. What is asked raises RpcError."""

    services: Services
    credentials: Callable[[], Credentials] = field(repr=False)
    now: Callable[[], float]
    sleep: Callable[[float], None] = field(repr=False)
    nonce: Callable[[], str] = field(repr=False)
    tell: Tell = field(default=untold, repr=False)

    def role_trusts(self, name: str) -> Sequence[str] | None:
        service = self._service(self.services.roles, RAM, "access management")
        try:
            answer = service.ask("GetRole", {"RoleName": name}, self.credentials())
        except RpcError as error:
            if error.code == _NO_ROLE:
                return None
            raise
        match answer:
            case {"Role": {"AssumeRolePolicyDocument": str(policy)}}:
                return tuple(dict.fromkeys(_trusted(_policy(policy, service))))
            case _:
                raise service.senseless("holds no role")

    def switches(self, ids: Sequence[str]) -> Mapping[str, str]:
        service = self._service(self.services.networks, VPC, "network service")
        found: dict[str, str] = {}
        for name in dict.fromkeys(ids):
            query = {"RegionId": self.services.region, "VSwitchId": name}
            answer = service.ask("DescribeVSwitches", query, self.credentials())
            found |= _owners(answer, "VSwitch", service)
        return found

    def security_group(self, group_id: str) -> str | None:
        service = self._service(self.services.security_groups, ECS, "compute service")
        query = {"RegionId": self.services.region, "SecurityGroupId": group_id}
        answer = service.ask("DescribeSecurityGroups", query, self.credentials())
        return _owners(answer, "SecurityGroup", service).get(group_id)

    def _service(self, url: str, version: str, what: str) -> RpcService:
        return RpcService(url, version, what, self.now, self.sleep, self.nonce, self.tell)


def _owners(answer: Mapping[str, Any], what: str, service: RpcService) -> dict[str, str]:
    """The VPC of each; the list has the name of its things, inside the same in the plural."""
    plural = f"{what}es" if what.endswith("ch") else f"{what}s"
    try:
        return {str(one[f"{what}Id"]): str(one["VpcId"]) for one in answer[plural][what]}
    except (KeyError, TypeError) as error:
        raise service.senseless(f"lists no {what}Id with its VpcId") from error


def _policy(text: str, service: RpcService) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise service.senseless("holds a trust policy that is no JSON") from None


def _trusted(policy: object) -> Iterator[str]:
    """Services that a statement lets take on the role; one that denies ends it."""
    match policy:
        case {"Statement": list(statements)}:
            pass
        case _:
            statements = []
    denied = {name for one in statements for name in _services(one, "Deny")}
    for one in statements:
        yield from (name for name in _services(one, "Allow") if name not in denied)


def _services(statement: object, effect: str) -> Sequence[str]:
    match statement:
        case {"Effect": said, "Action": action, "Principal": {"Service": named}} if said == effect:
            return _texts(named) if _ASSUME & set(_texts(action)) else ()
        case _:
            return ()


def _texts(value: object) -> Sequence[str]:
    """One text, or a list of them."""
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, str)]

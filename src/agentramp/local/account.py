"""What a runtime stands on: roles (RAM), vSwitches (VPC) and security groups (ECS), to be read.

All of it is what the operator described; see ``grants``.
"""

from collections.abc import Mapping

from agentramp.local.auth import Received
from agentramp.local.control import Plane
from agentramp.local.networks import GROUP, SWITCH
from agentramp.local.refusal import RefusalError
from agentramp.local.rpc import Data, Operation, Parameters
from agentramp.local.rpc_auth import caller

RAM, VPC, ECS = "2015-05-01", "2016-04-28", "2014-05-26"


def _get_role(plane: Plane, request: Received, given: Parameters) -> Data:
    caller(plane, request, given)
    name = _required(given, "RoleName")
    arn = f"acs:ram::{plane.identity.account_id}:role/{name}"
    policy = plane.trust.policy(arn)
    if policy is None:
        raise RefusalError(404, "EntityNotExist.Role", f"The role not exists: {name}")
    return {"Role": {"RoleName": name, "Arn": arn, "AssumeRolePolicyDocument": policy}}


def _describing(kind: str, plural: str) -> Operation:
    """A list of what has this id: one, or none."""

    def describe(plane: Plane, request: Received, given: Parameters) -> Data:
        caller(plane, request, given)
        _required(given, "RegionId")
        name = _required(given, f"{kind}Id")
        owner = plane.networks.owner(kind, name)
        found = [] if owner is None else [{f"{kind}Id": name, "VpcId": owner}]
        page = {"TotalCount": len(found), "PageNumber": 1, "PageSize": 10}
        return {**page, plural: {kind: found}}

    return describe


def _required(given: Parameters, name: str) -> str:
    value = given.get(name)
    if not value:
        raise RefusalError(400, f"Missing{name}", f"{name} is mandatory for this action.")
    return value


OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    RAM: {"GetRole": _get_role},
    VPC: {"DescribeVSwitches": _describing(SWITCH, "VSwitches")},
    ECS: {"DescribeSecurityGroups": _describing(GROUP, "SecurityGroups")},
}

"""What an update of a runtime sends back though nobody asked for it."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]

_UNSAID = (
    *("description", "diskSize", "sessionConcurrencyLimitPerInstance"),
    *("sessionIdleTimeoutSeconds", "enableSessionIsolation", "executionRoleArn", "credentialName"),
    *("logConfiguration", "healthCheckConfiguration", "protocolConfiguration"),
    *("nasConfig", "ossMountConfig", "disableOndemand"),
)
"""What an update may leave unsaid. Keys that come back with a secret masked are not among them."""
_AFFINITY = ("disableSessionAffinity", "sessionAffinityType", "headerFieldName")


def unsaid(was: Json, said: Json) -> Json:
    """What ``was`` read of a runtime and ``said`` does not name: it is sent back as it is.

    No source says whether a field that is left out of a PUT is kept or cleared.
    """
    kept = {*_UNSAID} if _AFFINITY[0] in said else {*_UNSAID, *_AFFINITY}
    if not (said.get("networkConfiguration") or {}).get("vpcId"):
        kept.discard("nasConfig")  # it is reached from a VPC alone, and refused without one
    return {key: was[key] for key in kept if key not in said and was.get(key) is not None}

"""Which vSwitches and security groups there are: what the operator of this platform has told it."""

import json
import sqlite3
from dataclasses import dataclass

from agentramp.local.fields import Fields, is_object
from agentramp.local.refusal import invalid
from agentramp.local.schema import transaction

_ID = r"[a-z]{1,8}-[A-Za-z0-9-]{1,60}"
SWITCH, GROUP = "VSwitch", "SecurityGroup"


@dataclass(frozen=True)
class Network:
    vpc_id: str
    vswitch_ids: tuple[str, ...]
    group_ids: tuple[str, ...]


class Networks:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, body: bytes) -> Network:
        """What is in it belongs to its VPC from now on. Raises RefusalError."""
        found = read_network(body)
        members = [(name, SWITCH, found.vpc_id) for name in found.vswitch_ids]
        members += [(name, GROUP, found.vpc_id) for name in found.group_ids]
        with transaction(self._db):
            self._db.executemany("INSERT OR REPLACE INTO networks VALUES(?,?,?)", members)
        return found

    def owner(self, kind: str, name: str) -> str | None:
        row = self._db.execute(
            "SELECT vpc_id FROM networks WHERE kind=? AND id=?", (kind, name)
        ).fetchone()
        return None if row is None else str(row[0])


def read_network(body: bytes) -> Network:
    """Raises RefusalError."""
    try:
        value = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise invalid(f"the body is not JSON: {error}") from error
    if not is_object(value):
        raise invalid("the body must be a JSON object")
    fields = Fields(value)
    fields.require("vpcId")
    vpc = fields.text("vpcId", pattern=_ID)
    found = Network(vpc or "", fields.texts("vSwitchIds"), fields.texts("securityGroupIds"))
    if fields.faults:
        raise invalid("; ".join(dict.fromkeys(fields.faults)))
    return found

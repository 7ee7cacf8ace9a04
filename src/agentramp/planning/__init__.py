"""Pure functions from what is wanted, observed and known to a plan."""

from agentramp.planning.begin import (
    begins,
    from_queue,
    plan_begin,
    plan_refused,
    refuse_beginning,
)
from agentramp.planning.deploy import plan_deploy
from agentramp.planning.drift import plan_adopt, plan_restore, reconcile
from agentramp.planning.freeze import frozen
from agentramp.planning.pin import pinned_names, plan_pin
from agentramp.planning.publish import plan_publish
from agentramp.planning.ramp import Evidence, plan_say, rule
from agentramp.planning.rollback import plan_abort, plan_rollback, version_before
from agentramp.planning.ruling import Ruled, Ruling
from agentramp.planning.traffic import Seen, plan_shift

__all__ = [
    "Evidence",
    "Ruled",
    "Ruling",
    "Seen",
    "begins",
    "from_queue",
    "frozen",
    "pinned_names",
    "plan_abort",
    "plan_adopt",
    "plan_begin",
    "plan_deploy",
    "plan_pin",
    "plan_publish",
    "plan_refused",
    "plan_restore",
    "plan_rollback",
    "plan_say",
    "plan_shift",
    "reconcile",
    "refuse_beginning",
    "rule",
    "version_before",
]

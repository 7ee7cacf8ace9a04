"""Pure functions from what is wanted and what was observed to a plan."""

from agentramp.planning.deploy import plan_deploy
from agentramp.planning.publish import plan_publish
from agentramp.planning.rollback import plan_rollback, version_before
from agentramp.planning.traffic import Seen, plan_shift

__all__ = [
    "Seen",
    "plan_deploy",
    "plan_publish",
    "plan_rollback",
    "plan_shift",
    "version_before",
]

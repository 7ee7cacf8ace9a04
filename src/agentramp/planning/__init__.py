"""Pure functions from what is wanted, observed and known to a plan."""

from agentramp.planning.begin import (
    begins,
    from_queue,
    plan_begin,
    plan_refused,
    refuse_beginning,
)
from agentramp.planning.components import (
    SeenApplication,
    Wanted,
    installed,
    is_unchanged,
    plan_install,
    plan_promotion,
    plan_reinstall,
    plan_removal,
    plan_withdrawal,
    previous,
    refuse_occupied,
    way_back_to,
)
from agentramp.planning.deploy import Beside, on_head, plan_deploy
from agentramp.planning.domain import plan_domain, plan_leading, refuse_automatic
from agentramp.planning.drift import plan_adopt, plan_restore, reconcile
from agentramp.planning.endpoints import plan_endpoints, put_back, removes
from agentramp.planning.freeze import frozen
from agentramp.planning.held import Young, held_by
from agentramp.planning.pin import pinned_names, plan_pin
from agentramp.planning.publish import plan_publish
from agentramp.planning.ramp import Evidence, plan_say, rule
from agentramp.planning.remove import plan_remove
from agentramp.planning.rollback import plan_abort, plan_rollback, version_before
from agentramp.planning.ruling import Ruled, Ruling, at_rest
from agentramp.planning.traffic import Seen, plan_shift
from agentramp.planning.workspace import file_in

__all__ = [
    "Beside",
    "Evidence",
    "Ruled",
    "Ruling",
    "Seen",
    "SeenApplication",
    "Wanted",
    "Young",
    "at_rest",
    "begins",
    "file_in",
    "from_queue",
    "frozen",
    "held_by",
    "installed",
    "is_unchanged",
    "on_head",
    "pinned_names",
    "plan_abort",
    "plan_adopt",
    "plan_begin",
    "plan_deploy",
    "plan_domain",
    "plan_endpoints",
    "plan_install",
    "plan_leading",
    "plan_pin",
    "plan_promotion",
    "plan_publish",
    "plan_refused",
    "plan_reinstall",
    "plan_removal",
    "plan_remove",
    "plan_restore",
    "plan_rollback",
    "plan_say",
    "plan_shift",
    "plan_withdrawal",
    "previous",
    "put_back",
    "reconcile",
    "refuse_automatic",
    "refuse_beginning",
    "refuse_occupied",
    "removes",
    "rule",
    "version_before",
    "way_back_to",
]

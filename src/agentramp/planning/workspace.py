"""Which workspace a runtime is filed in."""

from collections.abc import Sequence
from dataclasses import replace

from agentramp.errors import UsageError
from agentramp.model import Observed, RuntimeSpec, Workspace


def file_in(
    spec: RuntimeSpec, wanted: Workspace | None, there: Sequence[Workspace], observed: Observed
) -> tuple[RuntimeSpec, Workspace | None]:
    """``spec`` with its workspace's id, and the workspace that has to be made first, if any.

    ``there`` are the account's workspaces; they need not be known where the file gives an id.
    Raises UsageError where the runtime stands in another one: it cannot be moved.
    """
    if wanted is None:
        return spec, None
    found = wanted if wanted.id else next((one for one in there if one.name == wanted.name), None)
    _refuse_another(wanted, found, there, observed)
    if found is None:
        return spec, wanted
    return replace(spec, workspace_id=found.id), None


def _refuse_another(
    wanted: Workspace, found: Workspace | None, there: Sequence[Workspace], observed: Observed
) -> None:
    runtime = observed.runtime
    home = runtime.spec.workspace_id if runtime else None
    if runtime is None or home is None or (found and found.id == home):
        return
    names = {one.id: one.name for one in there}
    raise UsageError(
        f"runtime {runtime.spec.name} is in workspace {names.get(home, home)}, and s.yaml says"
        f" {wanted.name or wanted.id}: a runtime stays where it was made",
        advice="name the workspace it is in, or give the runtime another name",
    )

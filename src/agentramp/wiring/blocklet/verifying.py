"""verify: the component runs, and answers as its users ask it."""

import argparse
import json

from agentramp.component import Component, Health
from agentramp.errors import UsageError
from agentramp.plan import AskComponent
from agentramp.platform.port import NotReadyError, UnreachableError
from agentramp.report.result import Answer
from agentramp.wiring.blocklet import place
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.identity import needed
from agentramp.wiring.blocklet.place import Place
from agentramp.wiring.blocklet.project import project
from agentramp.wiring.context import Context

PAUSE = 2.0
_NOT_FOUND, _BROKEN = 404, 500


def run(args: argparse.Namespace, context: Context) -> Answer:
    made_for = project(args, context)
    where = place.placed(args, context, made_for, needed(context, made_for))
    found = where.found
    if found is None:
        raise UsageError(
            f"{where.identity.name} is not in {where.application.name}",
            advice=f"deploy it first: {again(args, 'deploy')}",
        )
    _check_runs(where, found)
    page = AskComponent(found.mount_point, where.health_path).page
    status = asked(context, where, page, args.timeout)
    fields = {
        "runtime": where.identity.name,
        "runtime_id": found.did,
        "endpoint": found.mount_point,
        "url": where.url(found.mount_point),
        "version": found.version,
        "status": status,
    }
    return Answer(
        verb="verify",
        message=f"{where.identity.name} {found.version} runs, and {page} answers: {status}",
        lines=(f"  url     {where.url(found.mount_point)}",),
        fields=tuple((name, json.dumps(value)) for name, value in fields.items()),
    )


def _check_runs(where: Place, found: Component) -> None:
    if found.health is not Health.RUNNING:
        state = found.status or found.health.value
        raise NotReadyError(
            f"{where.identity.name} {found.version} at {found.mount_point} does not run: it is"
            f" {state}",
            advice="look at its log in the server's dashboard; then deploy it again",
        )


def asked(context: Context, where: Place, page: str, timeout: float) -> int:
    """The status of an answer; NotReadyError where none is good in ``timeout`` seconds."""
    began = context.timer()
    while True:
        try:
            status = where.components.answers(page)
            said = f"it answers {status}"
        except UnreachableError as error:
            status, said = 0, error.message
        if status and status != _NOT_FOUND and status < _BROKEN:
            return status
        if context.timer() - began + PAUSE > timeout:
            raise NotReadyError(
                f"{where.url(page)} does not work: {said}",
                advice="usual cause: the agent dies at its start, or listens at another port than"
                " $BLOCKLET_PORT; look at its log in the server's dashboard",
            )
        context.sleep(PAUSE)

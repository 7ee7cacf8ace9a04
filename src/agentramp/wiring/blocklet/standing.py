"""status: the application, the component and its canary, as the server shows them."""

import argparse
import json

from agentramp.component import Component, Health
from agentramp.mounts import Mounts
from agentramp.planning import SeenApplication, installed
from agentramp.report.plain import harmless
from agentramp.report.result import Answer
from agentramp.wiring.blocklet import place
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.identity import needed
from agentramp.wiring.blocklet.place import Place
from agentramp.wiring.blocklet.project import project
from agentramp.wiring.context import Context


def run(args: argparse.Namespace, context: Context) -> Answer:
    made_for = project(args, context)
    where = place.placed(args, context, made_for, needed(context, made_for))
    seen = where.seen()
    found, trial = where.found, where.application.component(where.canary.did)
    return Answer(
        verb="status",
        message=_message(where, found, trial),
        lines=tuple(map(harmless, _lines(where, seen, found, trial))),
        fields=tuple((name, json.dumps(value)) for name, value in _fields(where, seen).items()),
        next=_next(args, seen, found, trial, where),
    )


def _message(where: Place, found: Component | None, trial: Component | None) -> str:
    name = where.identity.name
    if found is None:
        return f"{name} is not in {where.application.name}"
    beside = f"; canary {trial.version} is {_state(trial)}" if trial else ""
    return f"{name} {found.version} is {_state(found)} at {found.mount_point}{beside}"


def _lines(
    where: Place, seen: SeenApplication, found: Component | None, trial: Component | None
) -> list[str]:
    application = where.application
    version = f" {application.version}" if application.version else ""
    lines = [f"application {application.name}{version} ({application.did})", application.url]
    for one in application.components:
        mark = " (canary)" if trial and one.did == trial.did else ""
        mark = " (this one)" if found and one.did == found.did else mark
        lines.append(f"{one.mount_point}  {one.name} {one.version}  {_state(one)}{mark}")
    opened = [seen.known(one.did).open for one in (where.identity, where.canary)]
    return lines + [
        f"a run began to install {begun.after.version} at {begun.after.mount_point}, and no end of"
        " it is known"
        for begun in opened
        if begun
    ]


def _fields(where: Place, seen: SeenApplication) -> dict[str, object]:
    application = where.application
    found = where.found
    now = installed(seen, where.identity.did)
    return {
        "runtime": where.identity.name,
        "runtime_id": where.identity.did,
        "endpoint": found.mount_point if found else where.mount_point,
        "url": where.url(found.mount_point) if found else None,
        "version": found.version if found else None,
        "artifact_digest": f"sha256:{now.sha256}" if now and now.sha256 else None,
        "application": {
            "did": application.did,
            "name": application.name,
            "url": application.url,
            "version": application.version,
        },
        "component": _told(found, seen.known(where.identity.did)),
        "canary": _told(application.component(where.canary.did), seen.known(where.canary.did)),
        "components": [_told(one) for one in application.components],
    }


def _told(found: Component | None, known: Mounts | None = None) -> dict[str, object] | None:
    if found is None:
        return None
    told: dict[str, object] = {
        "did": found.did,
        "name": found.name,
        "version": found.version,
        "mount_point": found.mount_point,
        "health": found.health.value,
        "status": found.status,
        "integrity": found.integrity,
    }
    return told | ({"unfinished": known.open is not None} if known else {})


def _state(found: Component) -> str:
    word = found.health.value
    return word if found.status in {"", word} else f"{word} ({found.status})"


def _next(
    args: argparse.Namespace,
    seen: SeenApplication,
    found: Component | None,
    trial: Component | None,
    where: Place,
) -> str | None:
    if found is None or seen.known(where.identity.did).open:
        return again(args, "deploy")
    if trial:
        return again(args, "promote")
    return again(args, "verify") if found.health is Health.RUNNING else again(args, "deploy")

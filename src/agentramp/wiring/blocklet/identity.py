"""By what a component is known: asked once, and remembered in the project."""

import argparse
import os

from agentramp.component import Identity
from agentramp.config.deployed import read_deployed
from agentramp.config.identity import by_hand, remember
from agentramp.config.ramp_settings import BlockletConfig
from agentramp.errors import UsageError
from agentramp.platform.blocklet.did import canary_did, is_component, new_did
from agentramp.wiring.blocklet import arguments
from agentramp.wiring.blocklet.keys import home
from agentramp.wiring.blocklet.project import Project
from agentramp.wiring.context import Context

_CANARY = "canary"


def known(project: Project, context: Context) -> Identity | None:
    """What was said or is remembered, here or by the vendor's tool; None where it is not whole."""
    name, did = project.name, project.did.removeprefix("did:abt:")
    if not (name and did):
        former = read_deployed(home(context), project.root, ci=_is_ci(context))
        if former:
            name, did = name or former.name, did or former.did
    if not (name and did):
        return None
    _check(name, did)
    return Identity(name, did)


def identified(args: argparse.Namespace, context: Context, project: Project) -> Identity:
    """As ``known``; where it is not, a person is asked, and what was said is written down.

    Raises UsageError with the lines to add where there is nobody to ask.
    """
    found = known(project, context)
    if found is None and not context.terminal:
        raise _missing(project)
    if found is None:
        found = _asked(context, project)
    if not (project.name and project.did):
        _remember(args, context, project, found)
    return found


def needed(context: Context, project: Project) -> Identity:
    """As ``known``, for a verb about a component that is there: raises UsageError if it is not."""
    found = known(project, context)
    if found is None:
        lacks = "no name" if project.did else "no DID" if project.name else "neither name nor DID"
        raise UsageError(
            f"which component is meant is not known: agentramp.yaml has {lacks}",
            advice="add --name and --did, or set BLOCKLET_NAME and BLOCKLET_DID; a first deploy"
            " makes a component",
        )
    return found


def keep_said(
    args: argparse.Namespace, context: Context, project: Project, identity: Identity
) -> None:
    """On a terminal what was said the first time is written down, and never said again."""
    kept = project.blocklet
    is_new = not (kept.name or kept.did)
    if is_new and project.name and project.did and context.terminal:
        _remember(args, context, project, identity)


def canary_of(identity: Identity) -> Identity:
    """Always the same one for a component, so that any run finds it again."""
    return Identity(f"{identity.name}-{_CANARY}", canary_did(identity.did))


def fresh() -> str:
    return new_did(os.urandom)


def lines(name: str, did: str) -> tuple[str, ...]:
    """What agentramp.yaml is to have."""
    return "blocklet:", f"  name: {name}", f"  did: {did}"


def _asked(context: Context, project: Project) -> Identity:
    name, did = project.name, project.did
    while not name:
        context.console.say(f"Name of the component (empty: {project.suggested}):")
        name = _line(context) or project.suggested
        if not arguments.is_name(name):
            context.console.say("a letter first, then letters, digits, - and _")
            name = ""
    while not did:
        context.console.say("Its identifier, a DID (empty: make a new one):")
        did = _line(context).removeprefix("did:abt:") or fresh()
        if not is_component(did):
            context.console.say(f"{did} is no DID; one looks like z2qa...")
            did = ""
    return Identity(name, did)


def _line(context: Context) -> str:
    read = context.stdin().readline()
    if not read:
        raise UsageError("nothing was typed", advice="run it again, or give --name and --did")
    return read.decode(errors="replace").strip()


def _remember(
    args: argparse.Namespace, context: Context, project: Project, identity: Identity
) -> None:
    if getattr(args, "dry_run", False) or not context.terminal:
        context.console.say(f"to have it remembered, {by_hand(identity)}")
        return
    file = remember(project.root, identity)
    context.console.say(f"{file.name} remembers it: {identity.name}, {identity.did}; commit it")


def _missing(project: Project) -> UsageError:
    lacks = [what for what, has in (("name", project.name), ("DID", project.did)) if not has]
    name = project.name or project.suggested
    did = project.did or fresh()
    quoted = "\n".join(lines(name, did))
    file = project.ramp.file.name if project.ramp.file else "agentramp.yaml"
    has_some = project.blocklet != BlockletConfig()
    where = f"the blocklet: that {file} has, each once," if has_some else file
    whose = "" if project.did else " (the DID is new, and yours)"
    return UsageError(
        f"the component has no {' and no '.join(lacks)} yet, and there is no terminal to ask"
        f" on:\n{quoted}",
        advice=f"add the lines above to {where} and commit it{whose}; or set BLOCKLET_NAME and"
        " BLOCKLET_DID",
    )


def _check(name: str, did: str) -> None:
    if not arguments.is_name(name):
        raise UsageError(
            f"{name!r} is no name of a component",
            advice="a letter first, then letters, digits, - and _, up to 63",
        )
    if not is_component(did):
        raise UsageError(
            f"{did!r} is no DID: its letters or its sum are wrong",
            advice="usual cause: one that was typed; copy it again",
        )


def _is_ci(context: Context) -> bool:
    return bool(context.environ.get("CI"))

"""validate: the faults of aigne.yaml and agentramp.yaml, all at once."""

import argparse

from agentramp.errors import UsageError
from agentramp.report.result import Result
from agentramp.wiring.blocklet.arguments import again
from agentramp.wiring.blocklet.identity import known
from agentramp.wiring.blocklet.project import project
from agentramp.wiring.context import Context


def run(args: argparse.Namespace, context: Context) -> Result:
    made_for = project(args, context)
    recipe = made_for.recipe
    main = made_for.root / recipe.main
    is_within = main.resolve().is_relative_to(made_for.root.resolve())
    if recipe.main and not (is_within and main.is_file()):
        where = "there" if is_within else "in the folder"
        raise UsageError(
            f"{main}, which Node.js is to start, is not {where}",
            advice="set main: under blocklet: in agentramp.yaml to a file in the folder",
        )
    identity = known(made_for, context)
    if identity is None:
        context.console.say("it has no name or no DID yet: the first deploy asks for them")
    if not made_for.server:
        context.console.say("it names no server: deploy takes --server or BLOCKLET_SERVER")
    file = made_for.ramp.file
    names = [str(made_for.aigne.file)] if made_for.aigne else []
    names += [str(file)] if file else []
    what = " and ".join(names) or str(made_for.root)
    be = "are" if len(names) > 1 else "is"
    name = identity.name if identity else made_for.suggested
    return Result(
        verb="validate",
        message=f"{what} {be} valid: component {name}, for {recipe.engine.value}",
        runtime=name,
        runtime_id=identity.did if identity else None,
        next=again(args, "build"),
    )
